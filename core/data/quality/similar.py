"""Texts that are nearly the same: MinHash signatures, bands of them as buckets, then the true similarity.

Broder, "On the resemblance and containment of documents" (1997); banding after Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", chapter 3. The signatures are datasketch's. Its LSH tables are not used:
they hold a Python object for every row and band; sorted columns of numbers need 13 MB for 100,000 rows.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.data.quality.rows import Part, Rows
from core.data.quality.shingles import Shingled, Shingles, plain, shingles

#: With 16 bands of 5, two texts of similarity 0.8 meet with a chance of 99.8 %, of 0.5 with 40 %.
BANDS, ROWS_A_BAND = 16, 5
_SIGNATURE = BANDS * ROWS_A_BAND
#: A text is compared with at most so many others; without a limit a file of one template takes days. Texts
#: with the same sequences of letters are among them in any case.
MOST = 64
_SEED = 1
_ROWS_A_TICK = 256


def common_frame(texts: Iterable[str]) -> tuple[int, int]:
    """How many characters all `plain` texts begin and end with, up to a word's border.

    A fixed instruction around short questions would make all of them nearly the same.
    """
    least = most = None
    least_end = most_end = ""
    shortest = 0
    for text in texts:
        turned = text[::-1]
        if least is None or most is None:
            least = most = text
            least_end = most_end = turned
            shortest = len(text)
            continue
        least, most = min(least, text), max(most, text)
        least_end, most_end = min(least_end, turned), max(most_end, turned)
        shortest = min(shortest, len(text))
    if least is None or most is None or least == most:
        return 0, 0
    head = _shared_start(least, most)
    start = head.rfind(" ") + 1
    tail = _shared_start(least_end, most_end)
    end = tail.rfind(" ") + 1
    return (start, end) if start + end < shortest else (start, 0)


def _shared_start(one: str, other: str) -> str:
    shared = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        shared += 1
    return one[:shared]


class Questions:
    """Finds questions of a data set that are nearly the same. A row's place counts through all splits.

    Attributes:
        shingled: The questions' sets of sequences.
        answers: The answers' sets.
        word_keys: A number for each question; equal for those that differ only in case, spacing and
            punctuation.

    Args:
        rows: The data set.
        tick: Told how many rows are done.
    """

    def __init__(self, rows: Rows, tick: Callable[[int], None] | None = None) -> None:
        self._starts: list[int] = []
        self._parts: list[Part] = []
        self._start_of: dict[str, int] = {}
        count = 0
        for split, part in rows.parts.items():
            self._starts.append(count)
            self._parts.append(part)
            self._start_of[split] = count
            count += len(part)
        self._count = count
        self.word_keys = array("q")
        self._frame = common_frame(self._plain_texts())
        self.shingled = Shingled(self._shingles_of)
        self.answers = Shingled(self._shingles_of_answer)
        self._numbers = _bucket_numbers(self._signatures(tick))
        alone: NDArray[np.bool_] = np.all(self._numbers < 0, axis=1)
        self._alone = alone.tobytes()

    def __len__(self) -> int:
        return self._count

    def start(self, split: str) -> int:
        """Place of a split's first row."""
        return self._start_of[split]

    def buckets(self) -> Buckets:
        """An empty set of rows to compare with."""
        return Buckets(self)

    def bucket_numbers(self, place: int) -> list[int]:
        """The row's buckets that others are in too; below `len` is that of texts with the same signature."""
        if self._alone[place]:
            return []
        row = self._numbers[place]
        found: list[int] = row[row >= 0].tolist()
        return found

    def at(self, place: int) -> tuple[Part, int]:
        """Split of a row, and its place there."""
        number = bisect_right(self._starts, place) - 1
        return self._parts[number], place - self._starts[number]

    def text(self, place: int) -> str:
        """The question as it is written."""
        part, row = self.at(place)
        return part.questions[row]

    def _plain(self, place: int) -> str:
        return plain(self.text(place))

    def _plain_texts(self) -> Iterator[str]:
        for place in range(self._count):
            text = self._plain(place)
            self.word_keys.append(hash(text))
            yield text

    def _shingles_of_answer(self, place: int) -> Shingles:
        part, row = self.at(place)
        return shingles(plain(part.answers[row]))

    def _shingles_of(self, place: int) -> Shingles:
        text = self._plain(place)
        return shingles(text[self._frame[0] : len(text) - self._frame[1]])

    def _signatures(self, tick: Callable[[int], None] | None) -> NDArray[np.uint64]:
        from datasketch import MinHash  # takes a second: it brings SciPy along

        empty = MinHash(_SIGNATURE, seed=_SEED, hashfunc=int, scheme="affine32")
        keys = np.empty((self._count, BANDS), np.uint64)
        for place in range(self._count):
            signature = empty.copy()
            signature.update_batch(self.shingled.of(place).tolist())
            bands = signature.hashvalues.astype(np.uint64).reshape(BANDS, ROWS_A_BAND)
            key = np.arange(BANDS, dtype=np.uint64)
            for column in range(ROWS_A_BAND):
                key = _mixed(key, bands[:, column])
            keys[place] = key
            if tick is not None and not place % _ROWS_A_TICK:
                tick(place)
        return keys


class Near(NamedTuple):
    """What is near a question.

    Attributes:
        rows: Places, the first ones first, each with how alike the two are.
        complete: Whether every row of its buckets was compared.
    """

    rows: list[tuple[int, float]]
    complete: bool


class Buckets:
    """Rows to compare others with, taken in the order of their places."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self._rows: defaultdict[int, list[int]] = defaultdict(list)

    def add(self, place: int) -> None:
        """Takes a row."""
        for number in self._questions.bucket_numbers(place):
            self._rows[number].append(place)

    def near(self, place: int, least: float) -> Near:
        """Rows taken before whose question is like this one's."""
        numbers = self._questions.bucket_numbers(place)
        buckets = [(number, bucket) for number in numbers if (bucket := self._rows.get(number))]
        if not buckets:
            return Near([], complete=True)
        same: set[int] = set()
        found: set[int] = set()
        complete = True
        # the first of all are not beyond the first of one bucket; to sort the rest costs more than to compare
        last = min(
            (bucket[MOST - 1] for _, bucket in buckets if len(bucket) >= MOST), default=len(self._questions)
        )
        for number, bucket in buckets:
            if number < len(self._questions):
                end = min(MOST, len(bucket))
                same.update(bucket[:end])
            else:
                end = bisect_right(bucket, last, hi=min(MOST, len(bucket)))
                found.update(bucket[:end])
            complete = complete and end == len(bucket)
        others = sorted(same | found)
        if len(others) > MOST:
            complete = False
            others = sorted([*sorted(same), *sorted(found - same)][:MOST])
        alike = self._questions.shingled.similarities(place, others)
        rows = [(other, much) for other, much in zip(others, alike, strict=True) if much >= least]
        return Near(rows, complete)


def not_compared(count: int) -> str:
    """A sentence about rows of which not all like ones were looked at; empty without any."""
    if not count:
        return ""
    whom = "row is" if count == 1 else "rows are"
    return (
        f" {count:,} {whom} like more than {MOST} others, as in texts from a template: each was compared "
        f"with {MOST} of them, so there may be more."
    )


def _mixed(key: NDArray[np.uint64], value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    key = (key ^ value) * np.uint64(0x9E3779B97F4A7C15)
    key ^= key >> np.uint64(29)
    return key


def _bucket_numbers(keys: NDArray[np.uint64]) -> NDArray[np.int32]:
    """For each row and band the bucket's number, or -1 where no other row is in it.

    A first column, whose numbers are below the number of rows, has those with the same signature together.
    """
    count, bands = keys.shape
    whole = np.zeros(count, np.uint64)
    for band in range(bands):
        whole = _mixed(whole, keys[:, band])
    numbers = np.full((count, 1 + bands), -1, np.int32)
    for column in range(1 + bands):
        mine = keys[:, column - 1] if column else whole
        _, number, size = np.unique(mine, return_inverse=True, return_counts=True)
        numbers[:, column] = np.where(size[number] > 1, number + column * count, -1)
    return numbers
