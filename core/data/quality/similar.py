"""Texts that are nearly the same: MinHash signatures, bands of them as buckets, then the true similarity.

Broder, "On the resemblance and containment of documents" (1997); banding after Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", chapter 3. The signatures are datasketch's. Its LSH tables are not used:
they hold a Python object for every row and band; sorted columns of numbers need 13 MB for 100,000 rows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.data.fingerprints import normalised
from core.data.quality.rows import Part, Rows

#: With 16 bands of 5, two texts of similarity 0.8 meet with a chance of 99.8 %, of 0.5 with 40 %.
BANDS, ROWS_A_BAND = 16, 5
_SIGNATURE = BANDS * ROWS_A_BAND
_SHINGLE = 5
_LONGEST = 20_000
#: A text is compared with at most so many others; without a limit a file of one template takes days.
_MOST = 64
_PUNCTUATION = re.compile(r"[.,!?;:'\"“”‘’…¿¡()]+")
_SEED = 1
_ROWS_A_TICK = 256

Shingles = NDArray[np.uint32]


def plain(text: str) -> str:
    """The text as far as it counts here: without case, spacing, and a sentence's punctuation."""
    return normalised(_PUNCTUATION.sub(" ", text[:_LONGEST]))


def shingles(text: str) -> Shingles:
    """Hashes of all sequences of five characters of a `plain` text, sorted, each once."""
    codes = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), np.uint32)
    if len(codes) < _SHINGLE:
        codes = np.pad(codes, (0, _SHINGLE - len(codes)))
    hashes = np.zeros(len(codes) - _SHINGLE + 1, np.uint32)
    for place in range(_SHINGLE):
        hashes = (hashes ^ codes[place : place + len(hashes)]) * np.uint32(0x01000193)
        hashes ^= hashes >> np.uint32(15)
    return np.unique(hashes)


def similarity(one: Shingles, other: Shingles) -> float:
    """Jaccard's index of two sets: what they share, as a part of all they have."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)


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

    Args:
        rows: The data set.
        tick: Told how many rows are done.
    """

    def __init__(self, rows: Rows, tick: Callable[[int], None] | None = None) -> None:
        self._starts: list[tuple[int, Part]] = []
        self._start_of: dict[str, int] = {}
        count = 0
        for split, part in rows.parts.items():
            self._starts.append((count, part))
            self._start_of[split] = count
            count += len(part)
        self._count = count
        self._frame = common_frame(self._plain(place) for place in range(count))
        self._keys = self._signatures(tick)
        self._crowded = _crowded(self._keys)
        self._shingles = lru_cache(maxsize=512)(self._shingles_of)

    def start(self, split: str) -> int:
        """Place of a split's first row."""
        return self._start_of[split]

    def buckets(self) -> Buckets:
        """An empty set of rows to compare with."""
        return Buckets(self)

    def is_alone(self, place: int) -> bool:
        """Whether certainly no other question is like it."""
        return not self._crowded[place]

    def keys(self, place: int) -> NDArray[np.uint64]:
        """The row's bucket in each band."""
        row: NDArray[np.uint64] = self._keys[place]
        return row

    def similarity(self, one: int, other: int) -> float:
        """How alike two questions are, from 0 to 1."""
        return similarity(self._shingles(one), self._shingles(other))

    def _plain(self, place: int) -> str:
        start, part = next(pair for pair in reversed(self._starts) if pair[0] <= place)
        return plain(part.questions[place - start])

    def _shingles_of(self, place: int) -> Shingles:
        text = self._plain(place)
        return shingles(text[self._frame[0] : len(text) - self._frame[1]])

    def _signatures(self, tick: Callable[[int], None] | None) -> NDArray[np.uint64]:
        from datasketch import MinHash  # takes a second: it brings SciPy along

        empty = MinHash(_SIGNATURE, seed=_SEED, hashfunc=int, scheme="affine32")
        keys = np.empty((self._count, BANDS), np.uint64)
        for place in range(self._count):
            signature = empty.copy()
            signature.update_batch(self._shingles_of(place).tolist())
            bands = signature.hashvalues.astype(np.uint64).reshape(BANDS, ROWS_A_BAND)
            key = np.arange(BANDS, dtype=np.uint64)
            for column in range(ROWS_A_BAND):
                key = (key ^ bands[:, column]) * np.uint64(0x9E3779B97F4A7C15)
                key ^= key >> np.uint64(29)
            keys[place] = key
            if tick is not None and not place % _ROWS_A_TICK:
                tick(place)
        return keys


class Buckets:
    """Rows to compare others with."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self._bands: list[defaultdict[int, list[int]]] = [defaultdict(list) for _ in range(BANDS)]

    def add(self, place: int) -> None:
        """Takes a row."""
        if self._questions.is_alone(place):
            return
        for band, key in zip(self._bands, self._questions.keys(place).tolist(), strict=True):
            band[key].append(place)

    def near(self, place: int, least: float) -> Iterator[tuple[int, float]]:
        """Rows taken before whose question is like this one's, the first ones first, with how alike."""
        if self._questions.is_alone(place):
            return
        found: set[int] = set()
        for band, key in zip(self._bands, self._questions.keys(place).tolist(), strict=True):
            if key in band:
                found.update(band[key][:_MOST])
        for other in sorted(found)[:_MOST]:
            alike = self._questions.similarity(place, other)
            if alike >= least:
                yield other, alike


def _crowded(keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """For each row, whether it shares a bucket with another."""
    crowded = np.zeros(len(keys), np.bool_)
    for band in range(keys.shape[1]):
        order = np.argsort(keys[:, band], kind="stable")
        equal = keys[order[1:], band] == keys[order[:-1], band]
        crowded[order[1:][equal]] = True
        crowded[order[:-1][equal]] = True
    return crowded
