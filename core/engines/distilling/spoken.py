"""What a teacher answers, in its own words, to the prompts whose answers a person watches.

Kept beside what it says of tokens, so that it is not loaded again for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from transformers import PreTrainedTokenizerBase

from core.engines.training import sampling
from core.engines.training.examples import Example
from core.errors import IntegrityError
from core.models import records
from core.workspace import durable

_FILE = "answers.json"


class Speaker(Protocol):
    """A loaded model that is asked for an answer."""

    def answer(self, prompt: Sequence[int], ends: set[int], longest: int) -> list[int]:
        """The likeliest answer's tokens, without the one that ends it."""
        ...


def read(folder: Path) -> dict[int, str]:
    """The answers by the data's row; nothing where none were kept, or they are not what they should be."""
    try:
        found = records.read_json(folder / _FILE)
    except (OSError, ValueError, IntegrityError):
        return {}
    return {int(row): str(text) for row, text in found.items() if row.isdecimal()}


def ask(
    speaker: Speaker, rows: Sequence[Example], tokenizer: PreTrainedTokenizerBase, folder: Path
) -> dict[int, str]:
    """Asks for an answer to each of the rows, and keeps them."""
    found = {}
    for row in rows:
        prompt, ends, longest = sampling.question(row, tokenizer)
        found[row.row] = tokenizer.decode(speaker.answer(prompt, ends, longest))
    durable.write_json(folder / _FILE, {str(row): text for row, text in found.items()})
    return found
