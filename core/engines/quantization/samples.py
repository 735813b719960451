"""The rows on which rounding is measured, and those by which GPTQ makes up for what it loses.

Validation rows of the user's own data, half for each; test rows cannot be named here. Shipped text joins
them, so that what the model knows apart from its task counts as well; without data it stands alone.
It is not the text that an evaluation reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from core.data.dataset import Dataset
from core.engines.measuring import forgetting
from core.engines.training import documents, examples
from core.errors import InputError

#: Rows and stretches of text that judge: a plan is measured on them some dozen times.
JUDGING_ROWS, JUDGING_TEXTS = 24, 6
#: Rows on which the damage of the parts is estimated, once; those that judge are among them.
MEASURING_ROWS = 64
CALIBRATION_ROWS, CALIBRATION_TEXTS = 96, 24
TEACHING_ROWS = 2_000
_TEXT_CHARACTERS, _TEXT_TOKENS, _ROW_TOKENS = 600, 96, 384


@dataclass(frozen=True)
class Sample:
    """A row or a stretch of text.

    Attributes:
        ids: Its tokens.
        first: The first token that is not the same in every row: a template's opening says nothing.
    """

    ids: tuple[int, ...]
    first: int


@dataclass(frozen=True)
class Samples:
    """What is measured and calibrated on.

    Attributes:
        judging: On these a plan is judged.
        measuring: On these the damage of the parts is estimated.
        calibrating: Token ids for GPTQ and AWQ; none of them judges.
        rows: How many of those that judge are the user's.
    """

    judging: tuple[Sample, ...]
    measuring: tuple[Sample, ...]
    calibrating: tuple[tuple[int, ...], ...]
    rows: int

    @property
    def calibration_tokens(self) -> int:
        """How many tokens GPTQ and AWQ read."""
        return sum(map(len, self.calibrating))


def draw(tokenizer: PreTrainedTokenizerBase, data: Path | None) -> Samples:
    """The same rows in every run.

    Args:
        tokenizer: The model's own.
        data: A data set's folder; None takes shipped text alone.

    Raises:
        InputError: The data set has no validation rows to judge by.
    """
    texts = [tuple(documents.document_ids(tokenizer, text)[:_TEXT_TOKENS]) for text in _texts()]
    rows = _rows(tokenizer, data) if data is not None else []
    learnt = rows[1::2][:CALIBRATION_ROWS]
    shared = _shared(rows) if len(rows) > 1 else 0
    judging_texts = JUDGING_TEXTS if rows else 3 * JUDGING_TEXTS
    read = [Sample(ids, 1) for ids in texts[:judging_texts]]
    measured = [Sample(ids, max(1, min(shared, len(ids) - 1))) for ids in rows[::2][:MEASURING_ROWS]]
    return Samples(
        judging=(*measured[:JUDGING_ROWS], *read),
        measuring=(*measured, *read),
        calibrating=(*learnt, *texts[judging_texts : judging_texts + CALIBRATION_TEXTS]),
        rows=len(measured[:JUDGING_ROWS]),
    )


def teaching(tokenizer: PreTrainedTokenizerBase, data: Path | None) -> list[tuple[int, ...]]:
    """Rows that a rounded model is mended on: training rows and shipped text, none of which judges."""
    calibrating = list(draw(tokenizer, data).calibrating)
    if data is None:
        return calibrating
    rows: list[tuple[int, ...]] = []
    found = examples.Examples()
    for found in examples.encode(Dataset(data), "train", tokenizer, _ROW_TOKENS):
        if len(found.usable) >= TEACHING_ROWS:
            break
    rows += [tuple(example.ids) for example in found.usable]
    return [*rows, *calibrating[-CALIBRATION_TEXTS:]]


def _shared(rows: Sequence[Sequence[int]]) -> int:
    """How many tokens all rows begin with."""
    columns = zip(*rows, strict=False)
    return next((at for at, column in enumerate(columns) if len(set(column)) > 1), min(map(len, rows)))


def _rows(tokenizer: PreTrainedTokenizerBase, data: Path) -> list[tuple[int, ...]]:
    found = examples.Examples()
    for found in examples.encode(Dataset(data), "validation", tokenizer, _ROW_TOKENS):
        if len(found.usable) >= 2 * CALIBRATION_ROWS:
            break
    if not found.usable:
        raise InputError(
            "The data set cannot show what rounding costs.",
            why="It has no validation rows, and test rows are never read for choosing.",
            fix="Add the data again and keep some rows for validation, or leave the data out.",
            code="quantize.no_validation",
        )
    return [tuple(example.ids) for example in found.usable]


def _texts() -> Sequence[str]:
    """Stretches of the shipped text that lie between those of an evaluation, the most spread ones first."""
    whole = resources.files("resources.general").joinpath("text.txt").read_text(encoding="utf-8")
    for text in forgetting.texts():
        whole = whole.replace(text, "\0")
    pieces = [
        part[start : start + _TEXT_CHARACTERS].strip()
        for part in whole.split("\0")
        for start in range(0, len(part) - _TEXT_CHARACTERS, _TEXT_CHARACTERS)
    ]
    stride = 7  # shares no factor with the usual count, so that neighbours are far apart
    return (
        [pieces[at * stride % len(pieces)] for at in range(len(pieces))] if len(pieces) % stride else pieces
    )
