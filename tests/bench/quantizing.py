"""What the benches of quantizing share: the fully tuned starter, its exports, and how far each is from it."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.workspace.workspace import Workspace
from tests.bench import headline

TUNED, DATA = headline.TEACHER, headline.STARTER
LIMIT_MB = 115
SEARCHED = "search"
_ROWS_GIVEN = ("--data", DATA)
#: What is told of an export beside its recipe, which its name begins with.
_OPTIONS: dict[str, tuple[str, ...]] = {
    SEARCHED: (*_ROWS_GIVEN, "--set", f"max_mb={LIMIT_MB}"),
    f"{SEARCHED}-106": (*_ROWS_GIVEN, "--set", "max_mb=106"),
    "int4-gptq": _ROWS_GIVEN,
    "int4-mixed-rows": _ROWS_GIVEN,
    "int4-edges-rows": _ROWS_GIVEN,
}
FIXED = (
    "fp32", "int8", "int4-mixed-rows", "int4-mixed", "int4-edges-rows", "int4-edges", "int4-gptq",
    "int4-kquant", "int4",
)  # fmt: skip
_ROWS, _TOKENS = 100, 512


@dataclass(frozen=True)
class Distance:
    """How far an export speaks from its source.

    Attributes:
        perplexity: Of the rows' own tokens.
        kl: Mean KL divergence from the source, nats a token.
        agreement: Share of tokens whose likeliest follower is the source's.
        nll: Of each row, summed.
        tokens: Of each row.
    """

    perplexity: float
    kl: float
    agreement: float
    nll: NDArray[np.float64]
    tokens: NDArray[np.int64]


def export(name: str) -> Path:
    """The tuned model by a recipe; `-rows` rounds it on the data's validation rows."""
    headline.require_teacher()
    recipe = name.removesuffix("-rows").removesuffix("-106")
    full = f"{TUNED}-{name}"
    more = _OPTIONS.get(name, ())
    headline.require(full, "model", "quantize", TUNED, "--recipe", recipe, *more, timeout=3600.0)
    return folder(full, "model")


def folder(name: str, type: str) -> Path:
    """Where an artifact lies."""
    workspace = Workspace(headline.FOLDER)
    try:
        return workspace.artifact_folder(workspace.artifact(name, type).id)
    finally:
        workspace.close()


def megabytes(path: Path) -> float:
    """Everything in a folder."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6


@dataclass(frozen=True)
class Text:
    """Tokens, and the first of them that counts."""

    ids: tuple[int, ...]
    first: int


def test_rows(source: Path) -> list[Text]:
    """Rows that nothing was learnt from or chosen by, without the opening that all share."""
    from transformers import AutoTokenizer

    from core.data.dataset import Dataset
    from core.engines.pruning.calibration import ids_of

    tokenizer = AutoTokenizer.from_pretrained(source)
    data = Dataset(folder(DATA, "dataset"))
    rows = [tuple(ids_of(tokenizer, data.messages(row), _TOKENS)) for row in data.rows("test")][:_ROWS]
    shared = next(at for at, column in enumerate(zip(*rows, strict=False)) if len(set(column)) > 1)
    return [Text(ids, shared) for ids in rows]


def plain_texts(source: Path) -> list[Text]:
    """The text that an evaluation reads to see what is forgotten; no search looks at it."""
    from transformers import AutoTokenizer

    from core.engines.measuring import forgetting

    tokenizer = AutoTokenizer.from_pretrained(source)
    return [Text(tuple(tokenizer.encode(text)), 1) for text in forgetting.texts()]


def source_says(source: Path, texts: list[Text]) -> list[NDArray[np.float32]]:
    """Log-probabilities at every place that counts, by transformers in fp32."""
    from core.engines.runtimes.runtime import Source
    from core.engines.runtimes.torch_runtime import TorchRuntime

    runtime = TorchRuntime(Source("hf", source, (), (), 2))
    return [runtime.log_probabilities(text.ids)[text.first - 1 : -1].astype(np.float32) for text in texts]


def numbers_say(
    source: Path, texts: list[Text], numbers: Mapping[str, NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """The same with other numbers in the model's weights, by transformers' names."""
    import torch

    from core.engines.runtimes.runtime import Source
    from core.engines.runtimes.torch_runtime import TorchRuntime

    runtime = TorchRuntime(Source("hf", source, (), (), 2))
    with torch.no_grad():
        for name, parameter in runtime._model.named_parameters():
            if name in numbers:
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(numbers[name])))
    return [runtime.log_probabilities(text.ids)[text.first - 1 : -1].astype(np.float32) for text in texts]


def stored_numbers(exported: Path, source: Path) -> dict[str, NDArray[np.float32]]:
    """What an export's matrices stand for, by transformers' names; the norms are the source's."""
    from core.engines.quantization import graph, parting, stored
    from core.models import records

    config = records.read_json(source / "config.json")
    places = {"attn": "self_attn", "mlp": "mlp"}
    found: dict[str, NDArray[np.float32]] = {}
    for weight in stored.weights(exported, graph.load(exported / "model.onnx")):
        layer, name = graph.place(weight.name)
        if weight.values.ndim == 1:
            continue
        if not layer:
            found["model.embed_tokens.weight"] = weight.values  # which the output layer shares
            continue
        path = f"model.layers.{layer}.{places[weight.name.split('/')[3]]}"
        names = parting.JOINED.get(name, (name,))
        ends = np.cumsum(parting.rows(config, name, len(weight.values)))[:-1] if len(names) > 1 else []
        for part, values in zip(names, np.split(weight.values, ends), strict=True):
            found[f"{path}.{part}.weight"] = values
    return found


def distance(exported: Path, texts: list[Text], truth: list[NDArray[np.float32]]) -> Distance:
    """An export in its own runtime against that."""
    from core.engines.runtimes.genai_runtime import GenaiRuntime
    from core.engines.runtimes.runtime import Source

    runtime = GenaiRuntime(Source("onnx", exported, (), (), 2))
    said = [runtime.log_probabilities(text.ids)[text.first - 1 : -1] for text in texts]
    return away(texts, truth, said)


def away(texts: list[Text], truth: list[NDArray[np.float32]], said: list[NDArray[np.float32]]) -> Distance:
    """The three figures over all tokens."""
    kl, same = 0.0, 0
    nll, counts = [], []
    for text, theirs, ours in zip(texts, truth, said, strict=True):
        wanted = np.array(text.ids[text.first :])
        nll.append(-float(ours[np.arange(len(wanted)), wanted].sum(dtype=np.float64)))
        kl += float((np.exp(theirs) * (theirs - ours)).sum(dtype=np.float64))
        same += int((theirs.argmax(-1) == ours.argmax(-1)).sum())
        counts.append(len(wanted))
    tokens = sum(counts)
    return Distance(math.exp(sum(nll) / tokens), kl / tokens, same / tokens, np.array(nll), np.array(counts))


def perplexity_ratio(ours: Distance, theirs: Distance) -> tuple[float, float, float]:
    """Our perplexity in theirs, with its 95 % interval over the rows, drawn again 2,000 times."""
    away, tokens = ours.nll - theirs.nll, ours.tokens
    drawn = np.random.default_rng(0).integers(0, len(tokens), (2000, len(tokens)))
    low, high = np.quantile(np.exp(away[drawn].sum(1) / tokens[drawn].sum(1)), (0.025, 0.975))
    return math.exp(away.sum() / tokens.sum()), float(low), float(high)


def read_bandwidth(threads: int = 2, passes: int = 5) -> float:
    """Bytes a second that this computer reads from memory with all cores, the best of some passes."""
    import torch

    torch.set_num_threads(threads)
    numbers = torch.ones(64 * 1024 * 1024)  # 256 MB: no cache holds it
    best = 0.0
    for _ in range(passes):
        began = time.perf_counter()
        numbers.sum()
        best = max(best, numbers.numel() * 4 / (time.perf_counter() - began))
    return best


def environment() -> dict[str, str]:
    """This process's, for a child."""
    return dict(os.environ)


def weight_bytes(exported: Path) -> int:
    """Bytes that one token reads: all weights, a shared embedding once."""
    return (exported / "model.onnx.data").stat().st_size
