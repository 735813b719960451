"""How long answers take at other sizes: models of chance numbers, in int8, timed in turn on this computer.

Time does not depend on what the numbers are, so nothing has to be cut or to learn before it is known.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.engines import merging
from core.engines.measuring.turns import in_turn
from core.engines.pruning import influence
from core.engines.quantization import building, rounding
from core.engines.runtimes.runtime import Source, open_runtime
from core.models.pruning import pace
from core.models.pruning.pace import Pace
from core.models.pruning.sizes import Cut, Sizes
from core.models.quantizing import sizes as quantized_sizes
from core.models.quantizing.recipes import RECIPES

if TYPE_CHECKING:
    from core.engines.keeping import Kept
    from core.jobs.context import JobContext

_RECIPE, _NAME, _WORK = "int8", "timed", "timing-"
#: The cut that was chosen is timed too; where it takes longer than so many times the target, less stays.
_SLACK, _TRIES = 1.05, 3


def choose(
    job: JobContext,
    folders: Sequence[Path],
    sizes: Sizes,
    tokens: int,
    target_ms: float,
    lengths: tuple[int, int],
    kept: Kept,
) -> tuple[Cut, float]:
    """The largest cut that answers in time, and the measured milliseconds of an answer.

    Args:
        job: Whose run it is.
        folders: The model's own, and of an adapter what it stands on, the nearest first.
        sizes: Of the model.
        tokens: How many tokens stay.
        target_ms: How long an answer may take.
        lengths: Tokens of a prompt and of an answer.
        kept: What an earlier try of this run has found; what it chose is chosen again, without timing anew.

    Raises:
        InputError: Even the smallest takes too long, or the model does not fit int8.
    """
    before = kept.value(_NAME)
    if before is not None:
        return Cut(before["layers"], before["neurons"], before["tokens"]), float(before["answer_ms"])
    for leftover in job.folder.glob(f"{_WORK}*"):  # of a try that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    threads = int(job.resources["threads"])
    job.phase("timing", total=len(pace.probes(sizes, tokens)) + 1, unit="sizes")
    with tempfile.TemporaryDirectory(dir=job.folder, prefix=_WORK) as work:
        runtimes: dict[Cut, Any] = {}
        for cut in pace.probes(sizes, tokens):
            if cut not in runtimes:
                runtimes[cut] = _open(folders, cut, Path(work), threads)
            job.progress(len(runtimes))
            job.check_cancelled()
        times = in_turn(runtimes, tokens, lengths)
        found = Pace.through([(cut, times[cut]) for cut in pace.probes(sizes, tokens)])
        aim = target_ms
        for _ in range(_TRIES):  # what was assumed linear is not quite
            chosen = pace.fit(found, sizes, aim, tokens)
            if chosen not in runtimes:
                runtimes[chosen] = _open(folders, chosen, Path(work), threads)
            job.progress(len(runtimes))
            job.check_cancelled()
            measured = in_turn(runtimes, tokens, lengths)[chosen]
            if measured <= _SLACK * target_ms:
                break
            aim *= target_ms / measured
        kept.put(_NAME, {**asdict(chosen), "answer_ms": measured})
        job.goes_on_after("sizes", len(runtimes), len(runtimes))
        return chosen, measured


def _open(folders: Sequence[Path], cut: Cut, work: Path, threads: int) -> Any:
    """A model of chance numbers of that size, as it would run."""
    from transformers import AutoConfig, AutoModelForCausalLM

    name = f"{cut.layers}-{cut.neurons}"
    plain, rounded, built, cache = (
        work / f"{name}-{part}" for part in ("plain", "rounded", "built", "cache")
    )
    for folder in (plain, rounded, built, cache):
        folder.mkdir()
    config = copy.deepcopy(AutoConfig.from_pretrained(folders[-1]))
    config.num_hidden_layers, config.intermediate_size, config.vocab_size = (
        cut.layers, cut.neurons, cut.tokens,
    )  # fmt: skip
    influence.cut_settings(config, range(cut.layers))
    for part in ("bos_token_id", "eos_token_id", "pad_token_id"):
        setattr(config, part, 0)  # the own ones may lie beyond fewer tokens
    AutoModelForCausalLM.from_config(config).save_pretrained(plain)
    merging.copy_tokenizer(folders, plain)
    recipe = RECIPES[_RECIPE]
    found = quantized_sizes.read(plain)
    plan = recipe.planned(found, "rtn")
    rounding.require_blocks(plain, found, plan)
    rounding.round_weights(plain, rounded, plan, ())
    building.build(rounded, built, recipe.of(plan), cache)
    return open_runtime(Source("onnx", built, (), (), threads))
