"""How long the examples are, in tokens of the starter model."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from core.data import starter

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

#: Up to this many rows all are counted; of larger files so many are drawn.
SAMPLE = 20_000
_PENDING_CHARACTERS = 4_000_000
_LONGEST_CHARACTERS = 200_000
_BINS = 20


class Lengths(BaseModel):
    """Tokens of whole rows: question, answer, and the chat template's marks.

    Attributes:
        sampled: Whether the figures are of rows drawn by chance.
        rows: How many rows were counted.
        edges: Borders of the bins; bin i holds rows from edges[i] up to, not including, edges[i + 1], and the
            last bin also everything longer.
        counts: Rows in each bin.
    """

    model_config = ConfigDict(frozen=True)

    sampled: bool
    rows: int
    minimum: int
    median: int
    mean: float
    p95: int
    maximum: int
    edges: list[int]
    counts: list[int]


@cache
def _tokenizer() -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(starter.tokenizer()))
    tokenizer.encode_special_tokens = True  # text that looks like a control token is text
    return tokenizer


def encode(texts: Sequence[str]) -> list[Encoding]:
    """The texts as the starter model's tokens, with their offsets; nothing of a chat template is added."""
    return list(_tokenizer().encode_batch(list(texts), add_special_tokens=False))


#: Tokens that the starter model's template puts around a message, `<|im_start|>user\n` … `<|im_end|>\n`, of
#: which one is its neighbour's; one more for the whole.
_MARKS = {"system": 4, "user": 4, "assistant": 5}


def starter_marks(roles: Sequence[str]) -> int:
    """Tokens that the starter model's template puts around messages of these roles."""
    return 1 + sum(_MARKS.get(role, 0) for role in roles)


@dataclass(frozen=True)
class Tokens:
    """How a model counts.

    Attributes:
        whose: The model, in words.
        encode: Texts as its tokens, without anything of its template.
        marks: Tokens that its template puts around messages of these roles.
    """

    whose: str
    encode: Callable[[Sequence[str]], list[Encoding]]
    marks: Callable[[Sequence[str]], int]


STARTER = Tokens("the starter model", encode, starter_marks)


class LengthCounter:
    """Counts every row up to `SAMPLE`, then draws a fair sample of that size (reservoir, algorithm L).

    Counting waits until some megabytes are together, because the tokenizer is faster on many texts at once.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._counts: list[int] = []
        self._pending: list[tuple[int, str, int]] = []
        self._pending_characters = 0
        self._seen = 0
        self._weight = 1.0
        self._next = SAMPLE

    def add(self, text: str, marks: int) -> None:
        """Takes a row's text.

        Args:
            text: All of its messages.
            marks: Tokens that the chat template puts around them.
        """
        place = self._seen
        self._seen += 1
        if place < SAMPLE:
            self._counts.append(0)
            slot = place
            if place == SAMPLE - 1:
                self._skip(place)
        elif place == self._next:
            slot = self._random.randrange(SAMPLE)
            self._skip(place)
        else:
            return
        self._pending.append((slot, text, marks))
        self._pending_characters += len(text)
        if self._pending_characters > _PENDING_CHARACTERS:
            self._flush()

    def _skip(self, place: int) -> None:
        self._weight *= math.exp(math.log(1.0 - self._random.random()) / SAMPLE)
        gap = math.log(1.0 - self._random.random()) / math.log1p(-self._weight)
        self._next = place + 1 + int(gap)

    def _flush(self) -> None:
        # A later row may have taken the place of an earlier one that still waits: the last one counts.
        waiting = {slot: (text, marks) for slot, text, marks in self._pending}
        texts = [text[:_LONGEST_CHARACTERS] for text, _marks in waiting.values()]
        for (slot, (text, marks)), found in zip(
            waiting.items(), _tokenizer().encode_batch_fast(texts, add_special_tokens=False), strict=True
        ):
            # Beyond some 100 pages the rest is taken to be as dense as the beginning.
            scale = max(1.0, len(text) / _LONGEST_CHARACTERS)
            self._counts[slot] = round(len(found) * scale) + marks
        self._pending.clear()
        self._pending_characters = 0

    def result(self) -> Lengths | None:
        """The figures, or None without rows."""
        self._flush()
        if not self._counts:
            return None
        counts = sorted(self._counts)
        rows = len(counts)
        edges = _edges(counts[min(rows - 1, int(rows * 0.99))])
        bins = [0] * (len(edges) - 1)
        width = edges[1]
        for count in counts:
            bins[min(count // width, len(bins) - 1)] += 1
        return Lengths(
            sampled=self._seen > rows,
            rows=rows,
            minimum=counts[0],
            median=counts[rows // 2],
            mean=round(sum(counts) / rows, 1),
            p95=counts[min(rows - 1, int(rows * 0.95))],
            maximum=counts[-1],
            edges=edges,
            counts=bins,
        )


def _edges(longest: int) -> list[int]:
    """Borders of at most 20 equal bins of a round width that reach `longest`."""
    width, step = 1, 0
    while width * _BINS <= longest:
        step += 1
        width = (1, 2, 5)[step % 3] * 10 ** (step // 3)
    return [width * place for place in range(longest // width + 2)]
