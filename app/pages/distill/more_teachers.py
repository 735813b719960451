"""Further teachers beside the first, each with how much it counts."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from app.formats import breakable, number_text, short_name
from app.models.library import ModelItem
from app.pages.distill.view_model import DistillViewModel
from app.tokens import CONTROL_HEIGHT, SPACE_M, SPACE_S
from app.widgets.buttons import IconButton, LinkButton
from app.widgets.card import Card
from app.widgets.labels import Label

_STEPS_OF_ONE = 10  # a slider goes from a tenth to twice of what a teacher counts by itself
_LONGEST_NAME = 38


class MoreTeachers(QWidget):
    """A link that adds a teacher, and once there are several a row for each."""

    def __init__(self, view_model: DistillViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = view_model
        self.rows: list[TeacherRow] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_S)
        self.card = Card("", parent=self)
        self.card.set_title(self.tr("Several teachers"))
        self.card.set_note(self.tr("The student learns from all of them; say how much each counts."))
        self._lines = QVBoxLayout()
        self._lines.setSpacing(SPACE_S)
        self.card.add(self._lines)
        column.addWidget(self.card)
        self.add_button = LinkButton(self.tr("Add another teacher"), "plus", self)
        self.add_button.clicked.connect(view_model.add_teacher)
        column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)

    def show_teachers(self, *, is_open: bool) -> None:
        """Shows who teaches, in the step in which that is chosen."""
        model = self._model
        free = model.free_teachers if model.teacher is not None else []
        self.setVisible(is_open and (model.has_several or bool(free)))
        self.card.setVisible(model.has_several)
        self.add_button.setVisible(bool(free))
        teachers = model.all_teachers if model.has_several else []
        while len(self.rows) < len(teachers):
            self._add_row()
        while len(self.rows) > len(teachers):
            row = self.rows.pop()
            row.hide()
            row.deleteLater()
        for row, item in zip(self.rows, teachers, strict=True):
            row.show_teacher(item, free, model.weight(item), model.share(item))

    def _add_row(self) -> None:
        row = TeacherRow(len(self.rows), self.card)
        row.replaced.connect(self._model.replace_teacher)
        row.removed.connect(self._model.remove_teacher)
        row.weighed.connect(self._model.set_weight)
        self.rows.append(row)
        self._lines.addWidget(row)


class TeacherRow(QWidget):
    """A teacher with its weight; the first one is chosen in its own card, the others here.

    Args:
        at: Its place among all teachers.
        parent: Owner.

    Signals:
        replaced: Place among the further teachers, and the id of another model.
        removed: Place among the further teachers.
        weighed: The model's id, and how much it counts.
    """

    replaced = Signal(int, str)
    removed = Signal(int)
    weighed = Signal(str, float)

    def __init__(self, at: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._at = at - 1
        self._id = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_M)
        self.name = Label("", wrap=True)
        self.picker = QComboBox(self)
        self.picker.setMinimumHeight(CONTROL_HEIGHT)
        self.picker.setMinimumContentsLength(8)
        self.picker.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.picker.setAccessibleName(self.tr("Teacher {number}").format(number=at + 1))
        self.picker.activated.connect(self._on_picked)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(1, 2 * _STEPS_OF_ONE)
        self.slider.setFixedWidth(140)
        self.slider.valueChanged.connect(self._on_moved)
        self.share = Label("", "strong")
        self.share.setMinimumWidth(48)
        self.remove_button = IconButton(self.tr("Remove this teacher"), "x", self)
        self.remove_button.clicked.connect(self._on_remove)
        first = at == 0
        self.name.setVisible(first)
        self.picker.setVisible(not first)
        keeps_its_place = self.remove_button.sizePolicy()
        keeps_its_place.setRetainSizeWhenHidden(True)
        self.remove_button.setSizePolicy(keeps_its_place)
        self.remove_button.setVisible(not first)
        row.addWidget(self.name if first else self.picker, 1)
        for widget in (self.slider, self.share, self.remove_button):
            row.addWidget(widget)

    def show_teacher(self, item: ModelItem, free: list[ModelItem], weight: float, share: float) -> None:
        """Shows who it is, who could be in its place, and how much it counts."""
        self._id = item.id
        name = short_name(item.name, _LONGEST_NAME)
        self.name.setText(breakable(name))
        with QSignalBlocker(self.picker), QSignalBlocker(self.slider):
            self.picker.clear()
            for other in (item, *free):
                self.picker.addItem(short_name(other.name, _LONGEST_NAME), other.id)
            self.slider.setValue(round(weight * _STEPS_OF_ONE))
        self.slider.setAccessibleName(self.tr("How much {name} counts").format(name=name))
        self.share.setText(self.tr("{share} %").format(share=number_text(round(100 * share))))

    @Slot(int)
    def _on_picked(self, index: int) -> None:
        artifact_id = str(self.picker.itemData(index))
        if artifact_id != self._id:
            self.replaced.emit(self._at, artifact_id)

    @Slot(int)
    def _on_moved(self, value: int) -> None:
        self.weighed.emit(self._id, value / _STEPS_OF_ONE)

    @Slot()
    def _on_remove(self) -> None:
        self.removed.emit(self._at)
