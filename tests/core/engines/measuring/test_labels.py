"""What was taken for what agrees with scikit-learn's own examples, whatever a model answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from core.engines.measuring import labels
from core.models import confusion
from core.models.confusion import Cell

NAMES = st.sampled_from(["cat", "ant", "bird", " cat ", "a dog", ""])


def test_the_matrix_of_scikit_learns_documentation() -> None:
    wanted, said = ["cat", "ant", "cat", "cat", "ant", "bird"], ["ant", "ant", "cat", "cat", "ant", "cat"]

    sheet = labels.read(said, wanted)

    assert confusion.order(sheet.cells) == ["ant", "bird", "cat"]
    assert confusion.matrix(sheet.cells, ["ant", "bird", "cat"]) == [[2, 0, 0], [0, 0, 1], [1, 0, 2]]
    assert [confusion.sentence(cell) for cell in confusion.mistakes(sheet.cells, 5)] == [
        "bird was taken for cat once",
        "cat was taken for ant once",
    ]
    ant, bird, cat = sheet.labels
    assert (ant.precision, ant.recall, ant.rows) == (pytest.approx(2 / 3), 1, 2)
    assert (bird.precision, bird.recall, bird.f1) == (0, 0, 0)
    assert cat.f1 == pytest.approx(2 / 3)


def test_labels_that_were_not_expected_are_labels_all_the_same() -> None:
    sheet = labels.read(["b", "nonsense"], ["a", "a"], known=("a", "b"))

    assert sheet.unknown == 1
    assert sheet.cells == (Cell(expected="a", said="b", rows=1), Cell(expected="a", said="", rows=1))
    assert [row.label for row in sheet.labels] == ["a"]
    assert confusion.mistakes(sheet.cells, 5) == [Cell(expected="a", said="b", rows=1)]


def test_only_the_most_confused_labels_are_shown() -> None:
    cells = [
        Cell(expected="a", said="a", rows=90),
        Cell(expected="b", said="c", rows=7),
        Cell(expected="d", said="a", rows=2),
        Cell(expected="e", said="", rows=1),
    ]
    assert confusion.confused_labels(cells, 2) == ["b", "c"]
    assert confusion.confused_labels(cells, 9) == ["a", "b", "c", "d", "e"]
    assert confusion.sentence(cells[1]) == "b was taken for c 7 times"


@given(st.lists(st.tuples(NAMES, st.sampled_from(["cat", "ant", "bird"])), min_size=1, max_size=30))
def test_every_row_is_in_the_matrix_once_and_the_mean_is_the_librarys(pairs: list[tuple[str, str]]) -> None:
    said, wanted = [answer for answer, _ in pairs], [label for _, label in pairs]

    sheet = labels.read(said, wanted)

    assert sum(cell.rows for cell in sheet.cells) == len(pairs)
    assert sum(row.rows for row in sheet.labels) == len(pairs)
    right = sum(cell.rows for cell in sheet.cells if cell.said == cell.expected)
    assert right == sum(a.strip() == b for a, b in zip(said, wanted, strict=True))
    plain = [answer.strip() for answer in said]
    known = sorted(set(wanted))
    expected = f1_score(wanted, plain, labels=known, average="macro", zero_division=0)
    assert sheet.macro_f1 == pytest.approx(expected)
