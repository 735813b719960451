"""Names beside points: none covers another, a point, or what lies outside."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.board.label_places import Box, along, places

AREA = Box(0, 0, 400, 300)
POINTS = st.lists(st.tuples(st.floats(5, 395), st.floats(5, 295)), max_size=25)


@settings(deadline=None)
@given(POINTS, st.floats(10, 120))
def test_no_name_covers_another_one_or_a_point(points: list[tuple[float, float]], width: float) -> None:
    found = places(points, [(width, 14.0)] * len(points), range(len(points)), AREA, 6)
    boxes = [box for box in found if box is not None]
    marks = [Box(x - 6, y - 6, 12, 12) for x, y in points]
    for place, box in enumerate(boxes):
        assert box.lies_in(AREA)
        assert not any(box.meets(other) for other in [*boxes[place + 1 :], *marks])


def test_the_most_important_chooses_first() -> None:
    points = [(200.0, 150.0), (204.0, 150.0)]
    first, second = places(points, [(390.0, 14.0)] * 2, [1, 0], Box(0, 120, 400, 50), 6)
    assert first is None
    assert second is not None


def test_a_name_keeps_away_from_lines_where_another_place_is_free() -> None:
    line = along([(100.0, 160.0), (300.0, 160.0)], 5)
    (found,) = places([(200.0, 150.0)], [(60.0, 14.0)], [0], AREA, 6, line)
    assert found is not None
    assert not any(found.meets(box) for box in line)
    everywhere = [AREA]
    assert places([(200.0, 150.0)], [(60.0, 14.0)], [0], AREA, 6, everywhere) != [None]
