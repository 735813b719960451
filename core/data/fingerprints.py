"""One small number a row instead of its text: enough to find equal ones among millions."""

from __future__ import annotations

import hashlib
import unicodedata
from array import array

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]


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
        rows: Hash of all that is learnt from; only good within this process.
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
        self.rows.append(hash(learnt))
        self.labels.append(label)
        self.usable.append(usable)

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
        """How many usable rows repeat an earlier one exactly."""
        if not self.rows:
            return 0
        rows = np.frombuffer(self.rows, dtype=np.int64)[self.usable_array()]
        rows.sort()
        return int(np.count_nonzero(rows[1:] == rows[:-1]))

    def conflicts(self) -> int:
        """How many texts of usable rows stand with two labels or more."""
        usable = self.usable_array()
        texts, labels = self.text_array()[usable], self.label_array()[usable]
        if len(texts) < 2:
            return 0
        order = np.argsort(texts, kind="stable")
        texts, labels = texts[order], labels[order]
        starts = np.flatnonzero(np.concatenate(([True], texts[1:] != texts[:-1])))
        lowest, highest = np.minimum.reduceat(labels, starts), np.maximum.reduceat(labels, starts)
        return int(np.count_nonzero(lowest != highest))

    def shared_with(self, others: Fingerprints) -> NDArray[np.bool_]:
        """For each row, whether its text is also a usable text of `others`."""
        return np.isin(self.text_array(), others.text_array()[others.usable_array()])
