"""The rows that are answered, from a data set's folder."""

from __future__ import annotations

from dataclasses import dataclass

from core.data.dataset import Dataset, Split
from core.errors import InputError


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


def read(data: Dataset, split: Split, limit: int | None) -> list[Question]:
    """The rows of a split; with a limit, rows spread evenly over it, since many files are sorted by label.

    Raises:
        InputError: The split is empty.
    """
    rows = list(data.rows(split))
    if not rows:
        raise InputError(
            f"There are no {split} rows in {data.info.name}.",
            why="The data was split without them.",
            fix="Add the data again with a test file or a test share.",
        )
    if limit is not None and limit < len(rows):
        rows = [rows[place * len(rows) // limit] for place in range(limit)]
    return [Question(row=row.row, messages=tuple(data.messages(row))) for row in rows]
