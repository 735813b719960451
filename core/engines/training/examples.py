"""Rows of a dataset as token ids with labels, and what was lost on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from transformers import PreTrainedTokenizerBase

from core.data.dataset import Dataset
from core.engines.training import documents, templates
from core.engines.training.templates import IGNORED, Message, encode_conversation
from core.errors import InputError

#: The splits that training may read. There is no way to name the test rows here.
Split = Literal["train", "validation"]


@dataclass(frozen=True)
class Example:
    """One conversation, or a piece of a document: ids and labels of equal length, and where it comes from."""

    ids: list[int]
    labels: list[int]
    messages: tuple[Message, ...] = ()
    row: int = 0

    @property
    def learnt(self) -> list[int]:
        """The tokens that are learnt, in order; the first token can never be one."""
        return [label for label in self.labels[1:] if label != IGNORED]

    @property
    def targets(self) -> int:
        """How many tokens are learnt."""
        return len(self.learnt)


@dataclass
class Examples:
    """The usable examples of a split, with counts of what was cut, left out or looked special."""

    usable: list[Example] = field(default_factory=list)
    cut: int = 0
    too_long: int = 0
    empty: int = 0
    special_text: int = 0
    further_pieces: int = 0

    @property
    def rows(self) -> int:
        """Rows read, usable or not; a document in several pieces is one row."""
        return len(self.usable) - self.further_pieces + self.too_long + self.empty

    def remarks(self, max_length: int) -> list[str]:
        """Sentences for the person, one for each kind of loss."""
        found = []
        if self.cut:
            found.append(
                f"{self.cut} of {self.rows} rows are longer than {max_length} tokens; "
                "their beginning was cut off."
            )
        if self.too_long:
            found.append(
                f"{self.too_long} of {self.rows} rows were left out: "
                f"the answer alone is longer than {max_length} tokens."
            )
        if self.empty:
            found.append(f"{self.empty} of {self.rows} rows were left out: they hold no answer to learn.")
        if self.special_text:
            found.append(
                f"{self.special_text} of {self.rows} rows hold text that looks like a control token of "
                "the model; it is treated as plain text."
            )
        return found


def encode(
    data: Dataset, split: Split, tokenizer: PreTrainedTokenizerBase, max_length: int
) -> Iterator[Examples]:
    """Encodes a split row by row; yields the same growing result after each, so that progress can be shown.

    Raises:
        InputError: The model's chat template refuses the conversations.
    """
    found = Examples()
    for row in data.rows(split):
        messages = data.messages(row)
        if documents.is_document(messages):
            _add_document(found, tokenizer, messages[0]["content"], row.row, max_length)
            yield found
            continue
        ids, labels, report = encode_conversation(tokenizer, messages, max_length)
        example = Example(ids, labels, tuple(messages), row.row)
        found.special_text += report.special_text
        if not messages or messages[-1]["role"] != "assistant" or not messages[-1]["content"].strip():
            found.empty += 1
        elif not report.fits or not example.targets:
            found.too_long += 1
        else:
            found.cut += report.cut
            found.usable.append(example)
        yield found


def _add_document(
    found: Examples, tokenizer: PreTrainedTokenizerBase, text: str, row: int, max_length: int
) -> None:
    """Takes a document in pieces of at most `max_length` tokens; none of it is lost."""
    if not text.strip():
        found.empty += 1
        return
    found.special_text += templates.holds_special_text(tokenizer, text)
    pieces = documents.chunks(documents.document_ids(tokenizer, text), max_length)
    message = {"role": "document", "content": text}
    found.usable += [Example(ids, labels, (message,), row) for ids, labels in pieces]
    found.further_pieces += len(pieces) - 1


def require_some(found: Examples, max_length: int) -> None:
    """Refuses data of which nothing can be learnt.

    Raises:
        InputError: No usable row is left.
    """
    if found.usable:
        return
    if not found.rows:
        raise InputError(
            "There are no training rows.",
            why="The data set's training part is empty.",
            fix="Add data with at least a few dozen rows, or keep fewer of them for validation and test.",
        )
    raise InputError(
        "No row can be learnt from.",
        why=f"Of {found.rows} rows, {found.too_long} have an answer longer than {max_length} tokens "
        f"and {found.empty} have none.",
        fix="Raise the longest row (max_length), or check which column is the answer.",
    )


def digest(folder: Path) -> str:
    """SHA-256 over the files that training reads; the test rows are not among them."""
    total = hashlib.sha256()
    for name in ("dataset.json", "train.jsonl", "validation.jsonl"):
        path = folder / name
        total.update(f"{name} {path.stat().st_size if path.exists() else -1}\n".encode())
        if path.exists():
            with open(path, "rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()
