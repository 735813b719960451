"""Cuts a smaller student out of a model: fewer layers, fewer feed-forward neurons, fewer tokens.

What is kept is decided by measuring on training rows: layers by block influence (ShortGPT, Men et al. 2024),
neurons by their activity (Minitron, Muralidharan et al. 2024), tokens by use.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data.dataset import Dataset
from core.engines import keeping, merging, receipt, tokenizing
from core.engines.seal import seal
from core.models import records
from core.models.pruning import budget, pace, refusal
from core.models.pruning.vocabulary import Trimmed, document_of, trim
from core.specs import PruneSpec
from core.workspace import durable

if TYPE_CHECKING:
    from core.engines.checking.forgetting import Forgotten
    from core.jobs.context import JobContext

REPORT = "pruning.json"


def load_ahead() -> None:
    """Loads what it cuts with, before there is a job."""
    seal()
    import torch  # noqa: F401
    import transformers  # noqa: F401


def run(spec: PruneSpec, job: JobContext) -> None:
    """Loads, plans, measures, cuts, tries, keeps."""
    seal()
    job.phase("loading")
    source = job.input(spec.model)
    record = records.inspect(source)
    bases = merging.bases(job, spec.model)
    folders = (source, *bases)
    sizes = refusal.check(spec, folders, record.name)
    import torch

    from core.engines.checking import forgetting, reloading
    from core.engines.pruning import (
        calibration,
        influence,
        measured,
        renumbering,
        structure,
        timing,
        trial,
        vocabulary,
        width,
    )
    from core.engines.training import weights

    numbers = {"bf16": torch.bfloat16, "bfloat16": torch.bfloat16, "f16": torch.float16}
    reloading.warm_up()
    threads = int(job.resources["threads"])
    torch.set_num_threads(threads)
    data, tokenizer = Dataset(job.input(spec.data)), tokenizing.load(source)
    model = merging.load(source, bases).eval()
    layers = structure.layers_of(model, record.name)
    whole, parameters = sizes.whole, weights.count(model)
    job.check_cancelled()
    trimmed = _trim(job, model, tokenizer, folders, data) if spec.vocabulary == "data" else None
    tokens = len(trimmed.kept) if trimmed else whole.tokens
    cut = budget.plan(spec, sizes, tokens, record.name)
    answer_ms: float | None = None
    kept = keeping.of_run(job, spec)
    if spec.target_ms is not None:
        lengths = calibration.lengths(data, tokenizer, spec.calibration_rows, spec.seed)
        cut, answer_ms = timing.choose(job, folders, sizes, tokens, spec.target_ms, lengths, kept)
        if cut == whole:
            raise pace.in_time(record.name, answer_ms, spec.target_ms)

    rows = calibration.rows(data, tokenizer, spec.calibration_rows, spec.seed)
    forgets = (cut.layers, cut.neurons) != (whole.layers, whole.neurons)
    before = forgetting.listen(model, rows, trimmed.kept if trimmed else None) if forgets else []
    seen = measured.measure(model, layers, rows, job, kept)
    job.emit("influence", layers=seen.influence)

    job.phase("cutting")
    staying = influence.choose(seen.influence, cut.layers)
    neurons = width.choose([seen.activity[at] for at in staying], cut.neurons)
    if cut.layers < whole.layers:
        influence.cut(model, staying)
    if cut.neurons < whole.neurons:
        width.cut(model, neurons)
    if trimmed is not None:
        vocabulary.cut(model, trimmed.kept)
        renumbering.renumber_settings(model, trimmed.new)
    forgotten: Forgotten | None = None
    if forgets:
        read = [[trimmed.new[id] for id in ids] for ids in rows] if trimmed else rows
        forgotten = forgetting.compare(forgetting.listen(model, read), before)
    left = weights.count(model)
    folder = job.stage("model")
    dtype = records.inspect(folders[-1]).dtype
    weights.save_full(model, folder, numbers.get(dtype, torch.float32))
    merging.copy_tokenizer(folders, folder)
    if trimmed is not None:
        renumbering.write_tokenizer(folder, trimmed)
    # Saving rounded its weights; the files are read back in fp32, and products in bf16 are 0.14 nats away.
    weights.cast(model, torch.float32)
    said = reloading.listen(model, tokenizing.load(folder if trimmed else source), folders)
    del model
    job.check_cancelled()

    job.phase("trying")
    trial.check(folder, tokenizer, rows)
    more = [forgotten.check] if forgotten else []
    made = reloading.make(folder, (), "prune", said, threads, more)
    receipt.write(folder, made)
    if made.status == "red":
        job.warn("The receipt is red, so this model cannot be deployed: " + "; ".join(made.reasons))
    job.check_cancelled()

    job.phase("saving")
    durable.write_json(
        folder / REPORT,
        {
            "source": record.name,
            "layers": {"before": whole.layers, "kept": staying, "influence": seen.influence},
            "ffn": {"before": whole.neurons, "after": cut.neurons, "kept": neurons},
            "vocabulary": {"before": whole.tokens, "after": cut.tokens},
            "parameters": {"before": parameters, "after": left},
            "calibration_rows": len(rows),
        },
    )
    description = records.Description(
        format="hf",
        name=job.name or f"{record.name}-pruned",
        architecture=record.architecture,
        parameters=left,
        context=record.context,
        licence=record.licence,
        dtype=dtype,
        source=f"pruned from {record.name}",
        note=record.note,
    )
    records.write(folder, description)
    listed = {"format", "architecture", "parameters", "context", "dtype", "licence", "note"}
    untaught = {"untaught": True} if forgotten is not None and forgotten.is_amber else {}
    meta = {**description.model_dump(include=listed), "receipt": made.status, **untaught}
    job.artifact("model", folder, meta=meta)
    job.result(
        layers=len(staying),
        ffn=cut.neurons,
        vocabulary=cut.tokens,
        parameters=left,
        parameters_before=parameters,
        influence=seen.influence,
        receipt=made.status,
        reasons=list(made.reasons),
        bytes=records.bytes_on_disk(folder),
        **({} if answer_ms is None else {"answer_ms": round(answer_ms, 2)}),
        **({} if forgotten is None else forgotten.figures),
    )
    kept.clear()


def _trim(job: JobContext, model: Any, tokenizer: Any, folders: tuple[Path, ...], data: Dataset) -> Trimmed:
    """The smaller vocabulary, found before anything is measured."""
    from core.engines.pruning import renumbering, vocabulary

    used = vocabulary.used_by(data, tokenizer, job)
    return trim(document_of(folders), used, renumbering.always_kept(model, tokenizer))
