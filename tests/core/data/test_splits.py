"""Splits share no text, lose no row, and are the same every time."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import splits
from core.data.fingerprints import Fingerprints, normalised


def _prints(rows: list[tuple[str, int]]) -> Fingerprints:
    prints = Fingerprints()
    for text, label in rows:
        prints.add(text, (text, label), label, True)
    return prints


def _assign(
    rows: list[tuple[str, int]], seed: int = 17, test: float = 0.1, validation: float = 0.1
) -> list[int]:
    usable = np.ones(len(rows), np.bool_)
    prints = _prints(rows)
    codes = splits.assign(prints, usable, test_fraction=test, validation_fraction=validation, seed=seed)
    return [int(code) for code in codes]


_ROWS = st.lists(
    st.tuples(st.text("abc A", min_size=1, max_size=4), st.integers(0, 5)), min_size=1, max_size=120
)


@settings(deadline=None, max_examples=150)
@given(rows=_ROWS, seed=st.integers(0, 2**40), test=st.floats(0, 0.5), validation=st.floats(0, 0.5))
def test_splits_partition_the_rows_by_text_and_keep_something_to_learn(
    rows: list[tuple[str, int]], seed: int, test: float, validation: float
) -> None:
    codes = _assign(rows, seed, test, validation)

    assert set(codes) <= {splits.TRAIN, splits.VALIDATION, splits.TEST}
    assert splits.TRAIN in codes
    sides = defaultdict(set)
    for (text, _label), code in zip(rows, codes, strict=True):
        sides[normalised(text)].add(code)
    assert all(len(codes) == 1 for codes in sides.values())
    assert codes == _assign(rows, seed, test, validation)


@settings(deadline=None, max_examples=50)
@given(rows=_ROWS, data=st.data())
def test_the_order_of_the_rows_does_not_matter(rows: list[tuple[str, int]], data: st.DataObject) -> None:
    rows = [(f"{text}{label}", label) for text, label in rows]  # a text with two labels takes its first row's
    mixed = data.draw(st.permutations(rows))
    assert dict(zip(rows, _assign(rows), strict=True)) == dict(zip(mixed, _assign(mixed), strict=True))


def test_labels_are_spread_evenly() -> None:
    rows = [(f"text {label} {place}", label) for label in range(77) for place in range(20)]
    found: dict[int, Counter[int]] = defaultdict(Counter)
    for (_text, label), code in zip(rows, _assign(rows), strict=True):
        found[code][label] += 1
    assert sum(found[splits.TEST].values()) == 154
    assert sum(found[splits.VALIDATION].values()) == 139
    assert set(found[splits.TEST].values()) <= {1, 2, 3}
    assert len(found[splits.TEST]) == len(found[splits.VALIDATION]) == 77


def test_another_seed_draws_other_rows() -> None:
    rows = [(f"text {place}", 0) for place in range(200)]
    assert _assign(rows, 1) != _assign(rows, 2)


def test_tiny_data_sets_keep_something_to_learn_first() -> None:
    counts = {}
    for size in (1, 2, 3, 4, 10):
        codes = Counter(_assign([(f"text {place}", 0) for place in range(size)]))
        counts[size] = (codes[splits.TRAIN], codes[splits.VALIDATION], codes[splits.TEST])
    assert counts == {1: (1, 0, 0), 2: (1, 1, 0), 3: (1, 1, 1), 4: (2, 1, 1), 10: (8, 1, 1)}


def test_a_label_with_one_text_is_learnt() -> None:
    rows = [(f"text {place}", place % 3) for place in range(60)] + [("the only one", 9)]
    for seed in range(30):
        assert _assign(rows, seed)[-1] == splits.TRAIN


def test_the_draw_is_the_same_on_every_machine() -> None:
    codes = _assign([(f"text {place}", place % 4) for place in range(40)])
    assert [place for place, code in enumerate(codes) if code == splits.TEST] == [9, 10, 32, 39]


def test_a_split_without_rows_is_refused_with_the_option_that_helps() -> None:
    assert "`slm-workbench data add FILE --test TESTFILE`" in splits.no_rows("test", "mails").fix
    assert "--test" not in splits.no_rows("validation", "mails").fix
