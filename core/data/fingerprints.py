"""One small number a row instead of its text: enough to find equal ones among millions."""

from __future__ import annotations

import hashlib
import unicodedata
from array import array

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

#: Sorting goes part by part (by the hashes' first four bits), so that its working memory stays small.
_PARTS = 16
_BLOCK = 1 << 20


def normalised(text: str) -> str:
    """The text as far as it decides whether two rows ask the same: case and spacing do not count."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.casefold().split())


def text_hash(text: str) -> int:
    """64 bits of BLAKE2b, the same on every machine; 10 million texts collide once in 400,000 files."""
    return int.from_bytes(hashlib.blake2b(normalised(text).encode(), digest_size=8).digest(), "little")


class Fingerprints:
    """What is remembered of every row: 21 bytes.

    Attributes:
        texts: `text_hash` of the question.
        rows: Hashes of all that is learnt from in usable rows; only good in this process, in no order.
        labels: Number of the label, or 0.
        usable: 0 where something is empty.
    """

    def __init__(self) -> None:
        self.texts = array("Q")
        self.rows = array("q")
        self.labels = array("i")
        self.usable = bytearray()

    def __len__(self) -> int:
        return len(self.usable)

    def add(self, text: str, learnt: object, label: int, usable: bool) -> None:
        """Takes the next row."""
        self.texts.append(text_hash(text))
        self.labels.append(label)
        self.usable.append(usable)
        if usable:
            self.rows.append(hash(learnt))

    def text_array(self) -> Hashes:
        """`texts` for computing; no copy."""
        return np.frombuffer(self.texts, dtype=np.uint64) if self.texts else np.empty(0, np.uint64)

    def label_array(self) -> NDArray[np.int32]:
        """`labels` for computing; no copy."""
        return np.frombuffer(self.labels, dtype=np.int32) if self.labels else np.empty(0, np.int32)

    def usable_array(self) -> NDArray[np.bool_]:
        """`usable` for computing; no copy."""
        return np.frombuffer(self.usable, dtype=np.bool_) if self.usable else np.empty(0, np.bool_)

    def duplicates(self) -> int:
        """How many usable rows repeat an earlier one exactly; asking sorts `rows`."""
        rows = np.frombuffer(self.rows, dtype=np.int64) if self.rows else np.empty(0, np.int64)
        rows.sort()
        return int(np.count_nonzero(rows[1:] == rows[:-1]))

    def conflicts(self) -> int:
        """How many texts of usable rows stand with two labels or more."""
        found = 0
        for part in range(_PARTS):
            mine = (self.text_array() >> np.uint64(60)) == part
            mine &= self.usable_array()
            texts, labels = self.text_array()[mine], self.label_array()[mine]
            if not len(texts):
                continue
            order = np.argsort(texts, kind="stable")
            texts, labels = texts[order], labels[order]
            starts = np.flatnonzero(np.concatenate(([True], texts[1:] != texts[:-1])))
            lowest, highest = np.minimum.reduceat(labels, starts), np.maximum.reduceat(labels, starts)
            found += int(np.count_nonzero(lowest != highest))
        return found

    def shared_with(self, others: Fingerprints) -> NDArray[np.bool_]:
        """For each row, whether its text is also a usable text of `others`."""
        known = np.unique(others.text_array()[others.usable_array()])
        shared = np.zeros(len(self), np.bool_)
        if not len(known):
            return shared
        for start in range(0, len(self), _BLOCK):
            texts = self.text_array()[start : start + _BLOCK]
            places = np.minimum(np.searchsorted(known, texts), len(known) - 1)
            shared[start : start + _BLOCK] = known[places] == texts
        return shared
