"""What each model of an evaluation answered, row by row, and what each answer adds to its figure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import from_json

from core.errors import IntegrityError
from core.models import report

#: Number of a row in its source, and which piece of it: a long document is read in several.
RowKey = tuple[int, int]
#: Measures that an evaluation of before can be judged by anew, since its answers alone decide them.
_BY_EQUALITY = frozenset({"accuracy"})


class Row(NamedTuple):
    """What was asked and what was wanted."""

    prompt: str
    expected: str


@dataclass(frozen=True)
class Answers:
    """By model id what was said, and what each answer adds to the model's main figure."""

    said: dict[str, dict[RowKey, str]]
    scores: dict[str, dict[RowKey, tuple[float, ...]]]


def read(folder: Path, models: Collection[str], measure: str, rows: dict[RowKey, Row]) -> Answers:
    """The answers of some models of a report; its rows are added to those that are known.

    A report written before answers carried their scores is judged anew where that is letter for letter; of
    others there are no scores, and their models cannot be compared row by row.

    Raises:
        IntegrityError: The file is missing or is not what an evaluation writes.
    """
    found = Answers({model: {} for model in models}, {model: {} for model in models})
    pieces: dict[int, int] = {}
    try:
        text = (folder / report.ANSWERS).read_text(encoding="utf-8").strip("\n")
        for line in text.split("\n"):
            value = from_json(line)  # 60,000 of them in 0.2 s, for which `json` takes 0.34
            number = value["row"]
            piece = pieces[number] = pieces.get(number, -1) + 1
            key = (number, piece)
            if key not in rows:
                rows[key] = Row(value["prompt"], value["expected"])
            _take(found, key, value, measure in _BY_EQUALITY)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IntegrityError(
            f"The answers of the report {folder.name} cannot be read.",
            why=str(error),
            fix="Remove the report and measure again.",
        ) from error
    return found


def _take(found: Answers, key: RowKey, line: dict[str, Any], by_equality: bool) -> None:
    scores = line.get("scores")
    for model, text in line["answers"].items():
        if model not in found.said:
            continue
        found.said[model][key] = text
        if scores is not None:
            found.scores[model][key] = tuple(scores[model])  # a list would be watched by the collector
        elif by_equality:
            found.scores[model][key] = (float(report.right(text, line["expected"])),)
