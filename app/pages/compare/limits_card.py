"""The card of the four limits that a model must keep."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from app.pages.compare import limit_steps, words
from app.tokens import SPACE_L, SPACE_XXL
from app.widgets.card import Card
from app.widgets.limit_slider import LimitSlider
from core.models.board import axes
from core.models.board.axes import LIMITED, Axis, Limits
from core.models.board.board import Board


class LimitsCard(Card):
    """A slider each for time, memory, disk and quality.

    Signals:
        limit_changed: An axis, and its limit or None.
    """

    limit_changed = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName(self.tr("Limits"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(SPACE_XXL)
        self._grid.setVerticalSpacing(SPACE_L)
        self.add(self._grid)
        self._measure, self._answers_by = "accuracy", ""
        self.sliders: dict[Axis, LimitSlider] = {}
        for place, axis in enumerate(LIMITED):
            slider = LimitSlider(self._label(axis), _Text(self, axis), self)
            slider.setObjectName(axis)
            slider.changed.connect(self._on_changed)
            self._grid.addWidget(slider, 0, place)
            self._grid.setColumnStretch(place, 1)
            self.sliders[axis] = slider

    def show_board(self, board: Board, limits: Limits) -> None:
        """Takes the places of the sliders from what was measured."""
        self._measure, self._answers_by = board.measure, board.answers_by
        for axis, slider in self.sliders.items():
            known = [own for item in board.variants if (own := axes.value(item, axis)) is not None]
            is_share = axis == "right" and not board.less_is_better
            steps = limit_steps.at_least(known) if is_share else limit_steps.at_most(known)
            slider.set_label(self._label(axis))
            slider.set_steps(steps, limit_steps.place_of(steps, limits.of(axis)))

    def limit_words(self, axis: Axis, limit: float | None) -> str:
        """A limit as its slider says it."""
        return words.limit_text(axis, self._measure)(limit)

    def said(self) -> str:
        """The limits that are set, in a line."""
        found = [item.slider.accessibleName() for item in self.sliders.values() if item.limit is not None]
        return self.tr("Limits: {limits}").format(limits=" · ".join(found)) if found else ""

    def _label(self, axis: Axis) -> str:
        if axis == "right":
            if self._measure == "perplexity":
                return self.tr("Perplexity at most")
            if self._measure in ("accuracy", "exact_match", "numeric_match"):
                return self.tr("Agrees at least") if self._answers_by else self.tr("Right at least")
            return self.tr("Quality at least")
        labels = {
            "time": self.tr("Answers within"),
            "memory": self.tr("Fits in memory of"),
            "disk": self.tr("On disk at most"),
        }
        return labels[axis]

    def _on_changed(self) -> None:
        slider = self.sender()
        if isinstance(slider, LimitSlider):
            self.limit_changed.emit(slider.objectName(), slider.limit)


class _Text:
    """How one slider says its value; a callable, so that each keeps its own axis."""

    def __init__(self, card: LimitsCard, axis: Axis) -> None:
        self._card = card
        self._axis = axis

    def __call__(self, limit: float | None) -> str:
        return self._card.limit_words(self._axis, limit)
