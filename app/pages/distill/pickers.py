"""Teacher and student side by side, each in a card that closes once it is chosen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from app.models.library import ModelItem
from app.pages.distill.view_model import DistillViewModel
from app.pages.input_card import InputCard, model_choice, model_summary
from app.safety import safe_override
from app.tokens import SPACE_L

_LEAST_WIDTH, _BESIDE_WIDTH = 300, 520
_LONGEST_NAME = 28  # a card has half the width of the other pages'


class PairPickers(QWidget):
    """Both cards; below each other where there is no room beside.

    Signals:
        opened: One of them is to be chosen anew.
        taken: One of them was chosen, to go on.
    """

    opened = Signal()
    taken = Signal()

    def __init__(self, view_model: DistillViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = view_model
        self._changing: set[InputCard] = set()
        self.teacher = InputCard(
            self.tr("Teacher"),
            self.tr("The large model whose knowledge is passed on."),
            self.tr("There is no model yet."),
            self.tr("Add a model"),
            self,
        )
        self.student = InputCard(
            self.tr("Student"),
            self.tr("The small model that learns."),
            self.tr("There is no other model that can learn."),
            self.tr("Add a model"),
            self,
        )
        self.setMinimumWidth(_LEAST_WIDTH)  # else two cards would never get narrow enough for one
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(SPACE_L)
        for card in (self.teacher, self.student):
            self._row.addWidget(card, 1, Qt.AlignmentFlag.AlignTop)
            card.change_requested.connect(self._on_change)
            card.taken.connect(self._on_taken)
        self.teacher.chosen.connect(view_model.choose_teacher)
        self.student.chosen.connect(view_model.choose_student)

    def show_pair(self, *, is_open: bool) -> None:
        """Shows what is chosen; closed, in a line each."""
        if not is_open:
            self._changing.clear()
        model = self._model
        self._show_card(self.teacher, model.teachers, model.teacher, is_open)
        self._show_card(self.student, model.students, model.student, is_open)
        if model.teacher is not None and model.has_several and not is_open:
            more = self.tr("and %n more", "", len(model.more))
            self.teacher.set_note(f"{model_summary(model.teacher)} · {more}")

    def _show_card(
        self, card: InputCard, items: list[ModelItem], chosen: ModelItem | None, is_open: bool
    ) -> None:
        card.set_choices([model_choice(item, _LONGEST_NAME) for item in items], chosen.id if chosen else "")
        choosing = is_open and (chosen is None or card in self._changing)
        card.show_as("open" if choosing else "closed", model_summary(chosen) if chosen else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arranges the cards anew."""
        super().resizeEvent(event)
        self._arrange()

    @safe_override(bool)
    def event(self, event: QEvent) -> bool:
        """Looks again whether both have room when one of them was opened or closed."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return super().event(event)

    def _arrange(self) -> None:
        """Puts the cards below each other where the window is narrow, or the names are long."""
        widths = [card.minimumSizeHint().width() for card in (self.teacher, self.student)]
        beside = self.width() >= max(_BESIDE_WIDTH, sum(widths) + SPACE_L)
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._row.direction() != way:
            self._row.setDirection(way)

    @Slot()
    def _on_change(self) -> None:
        self._changing.add(self.sender())
        self.opened.emit()

    @Slot(str)
    def _on_taken(self, artifact_id: str) -> None:
        card = self.sender()
        self._changing.discard(card)
        choose = self._model.choose_teacher if card is self.teacher else self._model.choose_student
        choose(artifact_id)
        self.taken.emit()
