"""What the benches of quantizing share: the fully tuned starter, its exports, and how far each is from it."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.workspace.workspace import Workspace
from tests.bench import headline

TUNED, DATA = headline.TEACHER, headline.STARTER
LIMIT_MB = 115
FIXED = ("fp32", "int8", "int4-mixed", "int4-edges", "int4-kquant", "int4-gptq", "int4")
SEARCHED = "search"
_ROWS, _TOKENS = 100, 512


@dataclass(frozen=True)
class Distance:
    """How far an export speaks from its source.

    Attributes:
        perplexity: Of the rows' own tokens.
        kl: Mean KL divergence from the source, nats a token.
        agreement: Share of tokens whose likeliest follower is the source's.
    """

    perplexity: float
    kl: float
    agreement: float


def export(recipe: str) -> Path:
    """The tuned model by a recipe."""
    headline.require_teacher()
    more = {
        SEARCHED: ("--data", DATA, "--set", f"max_mb={LIMIT_MB}"),
        "int4-gptq": ("--data", DATA),
    }.get(recipe, ())
    name = f"{TUNED}-{recipe}"
    headline.require(name, "model", "quantize", TUNED, "--recipe", recipe, *more, timeout=3600.0)
    return folder(name, "model")


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


def distance(exported: Path, texts: list[Text], truth: list[NDArray[np.float32]]) -> Distance:
    """An export in its own runtime against that."""
    from core.engines.runtimes.genai_runtime import GenaiRuntime
    from core.engines.runtimes.runtime import Source

    runtime = GenaiRuntime(Source("onnx", exported, (), (), 2))
    said = [runtime.log_probabilities(text.ids)[text.first - 1 : -1] for text in texts]
    return away(texts, truth, said)


def away(texts: list[Text], truth: list[NDArray[np.float32]], said: list[NDArray[np.float32]]) -> Distance:
    """The three figures over all tokens."""
    nll = kl = 0.0
    same = tokens = 0
    for text, theirs, ours in zip(texts, truth, said, strict=True):
        wanted = np.array(text.ids[text.first :])
        nll -= float(ours[np.arange(len(wanted)), wanted].sum(dtype=np.float64))
        kl += float((np.exp(theirs) * (theirs - ours)).sum(dtype=np.float64))
        same += int((theirs.argmax(-1) == ours.argmax(-1)).sum())
        tokens += len(wanted)
    return Distance(math.exp(nll / tokens), kl / tokens, same / tokens)


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
