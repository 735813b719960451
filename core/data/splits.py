"""Which rows are learnt from, which are watched while learning, and which are kept for the final figure.

Rows with the same text always go the same way, so that no split knows another's questions. Labels are spread
evenly, and the first text of every label is learnt from. The order is drawn from the texts' own hashes and
the seed: it depends neither on the machine nor on the order of the rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.data.fingerprints import Fingerprints, Hashes
from core.errors import InputError

TRAIN, VALIDATION, TEST, LEFT_OUT = 0, 1, 2, 255
NAMES = {TRAIN: "train", VALIDATION: "validation", TEST: "test"}

Codes = NDArray[np.uint8]


def no_rows(split: str, data: str) -> InputError:
    """The refusal of data of which a split is asked that holds no rows."""
    more = "with more rows, of which a tenth is kept for it"
    own = f"with a file of test rows (`slm-workbench data add FILE --test TESTFILE`), or {more}"
    return InputError(
        f"There are no {split} rows in {data}.",
        why="The data was split without them.",
        fix=f"Add the data again {own if split == 'test' else more}.",
    )


def assign(
    rows: Fingerprints,
    usable: NDArray[np.bool_],
    *,
    test_fraction: float,
    validation_fraction: float,
    seed: int,
) -> Codes:
    """A split for every row.

    Args:
        rows: What is known of the rows.
        usable: False for rows that go nowhere.
        test_fraction: Share of the texts for the test.
        validation_fraction: Share of the remaining texts for validation.
        seed: Another one draws other rows.

    Returns:
        TRAIN, VALIDATION, TEST or LEFT_OUT a row.
    """
    codes = np.full(len(rows), LEFT_OUT, np.uint8)
    places = np.flatnonzero(usable).astype(np.uint32)  # 32 bits keep 10 million rows within some hundred MB
    if not len(places):
        return codes
    texts = rows.text_array()[places]
    places = places[np.argsort(texts, kind="stable")]  # equal texts side by side, the first row first
    texts.sort()
    starts = np.concatenate(([True], texts[1:] != texts[:-1]))
    texts, labels = texts[starts], rows.label_array()[places[starts]]
    order = np.lexsort((_mixed(texts, seed), labels)).astype(np.uint32)
    label_starts = np.concatenate(([True], labels[order][1:] != labels[order][:-1]))
    free = order[~label_starts]
    groups = np.full(len(texts), TRAIN, np.uint8)
    total = len(texts)
    for code, fraction, at_least in ((TEST, test_fraction, 3), (VALIDATION, validation_fraction, 2)):
        wanted = round(total * fraction)
        if fraction > 0 and total >= at_least:
            wanted = max(1, wanted)
        chosen = _spread(len(free), min(wanted, len(free)), seed + code)
        groups[free[chosen]] = code
        free = np.delete(free, chosen)
        total -= len(chosen)
    codes[places] = groups[np.cumsum(starts, dtype=np.uint32) - 1]
    return codes


def _spread(count: int, wanted: int, seed: int) -> NDArray[np.int64]:
    """`wanted` places out of `count`, at equal distances from a start that the seed gives."""
    if not wanted:
        return np.empty(0, np.int64)
    start = float(_mixed(np.array([seed], np.uint64), 0)[0] >> np.uint64(11)) / 2**53
    return ((np.arange(wanted) + start) * (count / wanted)).astype(np.int64)


def _mixed(values: Hashes, seed: int) -> Hashes:
    """SplitMix64: another well-mixed number for each value and seed."""
    with np.errstate(over="ignore"):
        mixed = values + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & (2**64 - 1))
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed
