"""The rows that are answered, from a data set's folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from core.data import roles
from core.errors import InputError

_DATASET = "dataset.json"


@dataclass(frozen=True)
class Question:
    """A row as a conversation: `messages` end with the expected answer."""

    row: int
    messages: tuple[dict[str, str], ...]

    @property
    def expected(self) -> str:
        """The answer that counts as right."""
        return self.messages[-1]["content"]

    @property
    def prompt(self) -> tuple[dict[str, str], ...]:
        """What the model sees."""
        return self.messages[:-1]


def task(folder: Path) -> str:
    """classification, generation or chat."""
    said = json.loads((folder / _DATASET).read_bytes())
    return str(said["task"])


def read(folder: Path, split: str, limit: int | None) -> list[Question]:
    """The rows of a split; with a limit, rows spread evenly over it, since many files are sorted by label.

    Raises:
        InputError: The split is empty.
    """
    mapping = json.loads((folder / _DATASET).read_bytes())["roles"]
    with open(folder / f"{split}.jsonl", encoding="utf-8") as lines:
        questions = [_question(json.loads(line), mapping) for line in lines]
    if not questions:
        raise InputError(
            f"There are no {split} rows in {folder.name}.", why="The data was split without them.",
            fix="Add the data again with a test file or a test share.",
        )
    if limit is None or limit >= len(questions):
        return questions
    return [questions[place * len(questions) // limit] for place in range(limit)]


def _question(line: dict[str, object], mapping: dict[str, str]) -> Question:
    values = line["values"]
    assert isinstance(values, dict)
    return Question(row=int(str(line["row"])), messages=tuple(roles.messages_of(values, mapping)))
