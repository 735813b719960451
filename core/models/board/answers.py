"""What each model of an evaluation answered, row by row, and what each answer adds to its figure."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import IntegrityError
from core.models import report

#: Number of a row in its source, and which piece of it: a long document is read in several.
RowKey = tuple[int, int]
#: Measures that an evaluation of before can be judged by anew, since its answers alone decide them.
_BY_EQUALITY = frozenset({"accuracy"})


@dataclass(frozen=True)
class Row:
    """What was asked and what was wanted."""

    prompt: str
    expected: str


@dataclass
class Answers:
    """An evaluation's rows, and by model id what was said and what it adds to the model's main figure."""

    rows: dict[RowKey, Row] = field(default_factory=dict)
    said: dict[str, dict[RowKey, str]] = field(default_factory=dict)
    scores: dict[str, dict[RowKey, list[float]]] = field(default_factory=dict)


def read(folder: Path, models: Collection[str], measure: str) -> Answers:
    """The answers of some models of a report.

    A report written before answers carried their scores is judged anew where that is letter for letter; of
    others there are no scores, and their models cannot be compared row by row.

    Raises:
        IntegrityError: The file is missing or is not what an evaluation writes.
    """
    found = Answers(said={key: {} for key in models}, scores={key: {} for key in models})
    pieces: dict[int, int] = {}
    try:
        with open(folder / report.ANSWERS, "rb") as lines:
            for line in lines:
                value = json.loads(line)
                number = int(value["row"])
                piece = pieces[number] = pieces.get(number, -1) + 1
                _take(found, (number, piece), value, models, measure)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IntegrityError(
            f"The answers of the report {folder.name} cannot be read.",
            why=str(error),
            fix="Remove the report and measure again.",
        ) from error
    return found


def _take(found: Answers, key: RowKey, line: dict[str, Any], models: Collection[str], measure: str) -> None:
    expected = str(line["expected"])
    found.rows[key] = Row(str(line["prompt"]), expected)
    said, scores = line["answers"], line.get("scores")
    for model in models:
        if model not in said:
            continue
        text = found.said[model][key] = str(said[model])
        if scores is not None:
            found.scores[model][key] = scores[model]
        elif measure in _BY_EQUALITY:
            found.scores[model][key] = [float(report.right(text, expected))]
