"""The card with the picture: two axes to choose, the variants as points on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QSize, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from app.formats import number_text
from app.pages.compare import words
from app.pages.compare.view_model import CompareViewModel
from app.tokens import CONTROL_HEIGHT, SPACE_S
from app.widgets.card import Card
from app.widgets.labels import Label
from core.models.board import axes
from core.models.board.axes import Axis
from core.models.board.board import Board, Variant

if TYPE_CHECKING:
    from app.plots.trade_plot import Axis as PlotAxis
    from app.plots.trade_plot import TradePlot

_LEAST_HEIGHT = 360
_PNG_SIZE = QSize(1600, 1000)
_LOG: frozenset[Axis] = frozenset({"time", "first"})
_SCALE: dict[Axis, float] = {"memory": 1e6, "disk": 1e6}


class PictureCard(Card):
    """Choices of the axes in the head, the picture below.

    Signals:
        chosen: Id of the variant whose point was clicked, or an empty text.
        axes_chosen: The lower axis and the other one.
    """

    chosen = Signal(str)
    axes_chosen = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._outer.setContentsMargins(14, 12, 14, 8)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        self.y_box, self.x_box = QComboBox(self), QComboBox(self)
        self.y_box.setAccessibleName(self.tr("Upright axis"))
        self.x_box.setAccessibleName(self.tr("Level axis"))
        row.addWidget(self.y_box)
        row.addWidget(Label(self.tr("against"), "muted"))
        row.addWidget(self.x_box)
        row.addStretch(1)
        for box in (self.y_box, self.x_box):
            box.setMinimumHeight(CONTROL_HEIGHT)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.activated.connect(self._on_activated)
        self.add(row)
        self.plot: TradePlot | None = None
        self.setMinimumHeight(_LEAST_HEIGHT)

    @Slot()
    def make_plot(self) -> None:
        """Loads what draws, once; a third of a second, so that the page is painted before."""
        if self.plot is None:
            from app.plots.trade_plot import TradePlot

            self.plot = TradePlot(self.tr("Picture of the variants"), self)
            self.plot.chosen.connect(self.chosen)
            self.add(self.plot, 1)

    def show_board(self, model: CompareViewModel) -> None:
        """Offers the axes on which something was measured."""
        if model.board is None:
            return
        for box, current in ((self.x_box, model.x_axis), (self.y_box, model.y_axis)):
            box.clear()
            for axis in model.axes:
                box.addItem(words.axis_choice(axis, model.board), axis)
            box.setCurrentIndex(max(box.findData(current), 0))

    def show_state(self, model: CompareViewModel) -> None:
        """Shows limits, frontier and marks as they are now."""
        from app.plots.trade_plot import Point

        self.make_plot()
        board = model.board
        if board is None:
            return
        shown = []
        for item in board.variants:
            x, y = axes.value(item, model.x_axis), axes.value(item, model.y_axis)
            if x is not None and y is not None:
                shown.append((item, x * _percent(board, model.x_axis), y * _percent(board, model.y_axis)))
        best = axes.frontier(
            [(x, y) for _item, x, y in shown],
            less_x=axes.less_is_better(board, model.x_axis),
            less_y=axes.less_is_better(board, model.y_axis),
        )
        points = []
        for place, (item, x, y) in enumerate(shown):
            said = (
                words.axis_text(axis, board.measure, axes.value(item, axis))
                for axis in (model.y_axis, model.x_axis)
            )
            text = f"{item.name}: {' · '.join(said)}"
            intervals = [_interval(board, item, axis) for axis in (model.x_axis, model.y_axis)]
            is_best = place in best
            points.append(Point(item.id, item.name, x, y, is_best, model.is_out(item), text, *intervals))
        recommended = model.recommended.id if model.recommended else ""
        chosen = model.chosen.id if model.chosen else ""
        assert self.plot is not None
        self.plot.show_points(
            points, _axis(model, board, model.x_axis), _axis(model, board, model.y_axis), recommended, chosen
        )

    def png(self, said: str) -> bytes:
        """The picture as it is shown, large enough for a page of a report, below what is said of it."""
        assert self.plot is not None
        buffer = QBuffer()
        buffer.open(QBuffer.OpenModeFlag.WriteOnly)
        self.plot.image(_PNG_SIZE, said).save(buffer, "PNG")
        return bytes(buffer.data().data())

    def _on_activated(self, _place: int) -> None:
        self.axes_chosen.emit(str(self.x_box.currentData()), str(self.y_box.currentData()))


def _percent(board: Board, axis: Axis) -> float:
    """Shares are drawn in per cent."""
    return 100.0 if axis == "right" and not board.less_is_better else 1.0


def _interval(board: Board, item: Variant, axis: Axis) -> tuple[float, ...]:
    """Only the main figure has one."""
    return tuple(end * _percent(board, axis) for end in item.ci95) if axis == "right" else ()


def _axis(model: CompareViewModel, board: Board, axis: Axis) -> PlotAxis:
    from app.plots.trade_plot import Axis as PlotAxis

    less = axes.less_is_better(board, axis)
    limit = model.limits.of(axis)
    return PlotAxis(
        label=words.axis_label(axis, board, less=less),
        is_log=axis in _LOG,
        text=number_text,
        scale=_SCALE.get(axis, 1.0),
        limit=limit * _percent(board, axis) if limit is not None else None,
        over_is_bad=less,
    )
