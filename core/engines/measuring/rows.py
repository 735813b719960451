"""The rows that are answered, from a data set's folder."""

from __future__ import annotations

from dataclasses import dataclass

from core.data import plaintext, splits
from core.data.dataset import Dataset, Split
from core.data.spread import evenly


@dataclass(frozen=True)
class Question:
    """A row as a conversation whose `messages` end with the expected answer, or a piece of a document."""

    row: int
    messages: tuple[dict[str, str], ...]

    @property
    def expected(self) -> str:
        """The answer that counts as right."""
        return self.messages[-1]["content"]

    @property
    def prompt(self) -> tuple[dict[str, str], ...]:
        """What the model sees; a document is seen token by token, each expected after those before it."""
        return self.messages[:-1] or self.messages

    @property
    def characters(self) -> int:
        """How long the prompt is, whatever a model makes of it."""
        return sum(len(message["content"]) for message in self.prompt)


def read(data: Dataset, split: Split, limit: int | None) -> list[Question]:
    """The rows of a split; with a limit, rows spread evenly over it, since many files are sorted by label.

    Raises:
        InputError: The split is empty.
    """
    rows = list(data.rows(split))
    if not rows:
        raise splits.no_rows(split, data.info.name)
    return [question for row in evenly(rows, limit) for question in _questions(row.row, data.messages(row))]


def _questions(row: int, messages: list[dict[str, str]]) -> list[Question]:
    """One question a row; a long document in pieces that fit every model, so that all of it counts."""
    if messages and messages[0]["role"] == "document":
        return [
            Question(row, ({"role": "document", "content": part},))
            for part in plaintext.parts(messages[0]["content"])
        ]
    return [Question(row=row, messages=tuple(messages))]
