from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.plots.buffer import PointBuffer
from app.plots.live_plot import Curve, LivePlot
from app.plots.scale import ceiling, ticks
from app.theme import theme
from app.tokens import DARK


def test_a_buffer_grows_and_keeps_its_points() -> None:
    buffer = PointBuffer()
    for x in range(5000):
        buffer.append(x, x * 2.0)
    assert len(buffer) == 5000
    assert np.array_equal(buffer.y, np.arange(5000) * 2.0)


def test_a_resumed_run_replaces_the_steps_it_repeats() -> None:
    buffer = PointBuffer()
    for x in (1, 2, 3, 4):
        buffer.append(x, 1.0)
    buffer.append(3, 9.0)
    assert buffer.x.tolist() == [1, 2, 3]
    assert buffer.last == 9.0


@pytest.mark.parametrize(("value", "end"), [(0.18, 0.2), (3.3, 4), (581, 600), (19.6, 20), (1, 1), (9.9, 10)])
def test_an_axis_ends_at_a_round_number(value: float, end: float) -> None:
    assert ceiling(value) == pytest.approx(end)


@pytest.mark.parametrize("end", [0.2, 1, 4, 7, 23, 281, 600, 100000])
def test_marks_are_few_begin_at_zero_and_may_name_the_end(end: float) -> None:
    marks = ticks(end, end_shown=True)
    assert marks[0] == 0
    assert marks[-1] == end
    assert 3 <= len(marks) <= 7


def _plot(qtbot: QtBot) -> LivePlot:
    plot = LivePlot("Loss", [Curve("loss", "training", 0), Curve("validation", "validation", 1, True)])
    qtbot.addWidget(plot)
    plot.resize(480, 260)
    return plot


def test_downsampling_and_clipping_reach_the_curves(qtbot: QtBot) -> None:
    plot = _plot(qtbot)
    for item in plot._items.values():
        assert item.opts["autoDownsample"]
        assert item.opts["downsampleMethod"] == "peak"
        assert item.opts["clipToView"]
        assert item.opts["pen"].widthF() == 1


def test_many_points_cost_one_redraw_a_tick(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    plot = _plot(qtbot)
    plot.show()
    calls: list[int] = []
    original = plot._items["loss"].setData
    monkeypatch.setattr(plot._items["loss"], "setData", lambda *a: (calls.append(1), original(*a)))
    for step in range(10000):
        plot.add_point("loss", step, 1.0)
    assert not calls
    qtbot.waitUntil(lambda: bool(calls), timeout=2000)
    qtbot.wait(250)
    assert len(calls) == 1


def test_nothing_is_drawn_while_hidden_and_all_when_shown(qtbot: QtBot) -> None:
    plot = _plot(qtbot)
    plot.add_point("loss", 1, 0.5)
    plot.add_point("loss", 2, 0.25)
    assert not plot._timer.isActive()
    assert plot.value.text() == ""
    plot.show()
    assert plot.value.text() == "0.250"
    plot.hide()
    assert not plot._timer.isActive()


def test_a_value_that_is_no_number_is_named(qtbot: QtBot) -> None:
    plot = _plot(qtbot)
    plot.show()
    plot.add_point("loss", 1, 0.5)
    plot.add_point("loss", 7, math.nan)
    plot.refresh()
    assert plot.broken.text() == "not a number at 7"
    assert plot.value.text() == "0.500"


def test_the_limit_is_inside_the_picture_and_named(qtbot: QtBot) -> None:
    plot = _plot(qtbot)
    plot.set_limit(19.6, "memory of this computer")
    plot.add_point("loss", 1, 3.3)
    plot.show()
    assert plot.plot.getPlotItem().viewRange()[1][1] >= 19.6
    assert plot._limit_text.toPlainText() == "memory of this computer"


def test_curves_differ_without_colour(qtbot: QtBot) -> None:
    plot = _plot(qtbot)
    styles = {item.opts["pen"].style() for item in plot._items.values()}
    assert len(styles) == 2


def test_a_new_theme_recolours_ground_and_curves(qtbot: QtBot) -> None:
    plot = _plot(qtbot)
    theme().apply("dark")
    assert plot._items["loss"].opts["pen"].color().name().upper() == DARK.series1.upper()
    assert plot.plot.backgroundBrush().color().name().upper() == DARK.surface


def test_the_y_axis_stays_left_in_right_to_left_languages(qtbot: QtBot, qapp: QApplication) -> None:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        plot = _plot(qtbot)
        plot.show()
        qtbot.wait(50)
        item = plot.plot.getPlotItem()
        assert item.getAxis("left").geometry().left() < item.getViewBox().geometry().left()
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_a_plot_of_memory_shows_its_peak(qtbot: QtBot) -> None:
    plot = LivePlot("Memory", [Curve("memory", "this job", 2)], peak=True)
    qtbot.addWidget(plot)
    plot.show()
    for x, y in enumerate((1.0, 3.5, 0.5)):
        plot.add_point("memory", x, y)
    plot.refresh()
    assert plot.value.text() == "3.5"
