"""The frontier holds exactly what nothing betters; a limit lets through exactly what keeps it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.board import axes
from core.models.board.axes import Limits
from core.workspace.workspace import Workspace
from tests.core.models import boards
from tests.core.models.board.conftest import ReadBoard

NUMBERS = st.floats(0, 10).map(lambda value: round(value, 1))
POINTS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=30)


@settings(deadline=None)
@given(POINTS, st.booleans(), st.booleans())
def test_no_member_is_dominated_and_every_other_point_is(
    points: list[tuple[float, float]], less_x: bool, less_y: bool
) -> None:
    def cost(point: tuple[float, float]) -> tuple[float, float]:
        return (point[0] if less_x else -point[0], point[1] if less_y else -point[1])

    def dominates(one: tuple[float, float], other: tuple[float, float]) -> bool:
        (x, y), (other_x, other_y) = cost(one), cost(other)
        return x <= other_x and y <= other_y and (x, y) != (other_x, other_y)

    found = axes.frontier(points, less_x=less_x, less_y=less_y)
    assert len(found) == len(set(found))
    assert [points[at][0] for at in found] == sorted(points[at][0] for at in found)
    for place, point in enumerate(points):
        assert (place in found) != any(dominates(other, point) for other in points)


def test_a_limit_names_what_does_not_keep_it(workspace: Workspace, read: ReadBoard) -> None:
    boards.add_lineage(workspace)
    made = read()
    limits = Limits(time_ms=132, memory_bytes=300e6, right=0.75)
    assert {item.name: axes.broken(made, item, limits) for item in made.variants} == {
        "Teacher": ("time", "memory"),
        "Tuned": ("time", "memory"),
        "Distilled, 20 layers": ("time", "memory"),
        "Tuned, int8": ("memory",),
        "Tuned, int4-mixed": (),
        "Distilled, int4-mixed": (),
        "Tuned, int4": ("right",),
    }


@pytest.mark.parametrize(
    ("axis", "name"),
    [("right", "Teacher"), ("time", "Distilled, int4-mixed"), ("speed", "Distilled, int4-mixed")],
)
def test_the_best_of_a_column_is_known(workspace: Workspace, read: ReadBoard, axis, name) -> None:
    boards.add_lineage(workspace)
    made = read()
    (best,) = axes.best(made, axis)
    variant = made.variant(best)
    assert variant is not None
    assert variant.name == name
