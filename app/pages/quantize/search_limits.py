"""What a recipe that looks at rows is told: how large and slow the result may be, and whose rows."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QVBoxLayout, QWidget

from app.formats import number_text, short_name
from app.models import library
from app.pages.quantize.view_model import QuantizeViewModel
from app.pages.quantize.words import mismatch_text
from app.tokens import CONTROL_HEIGHT, SPACE_L, SPACE_XS
from app.widgets.amount import AmountField
from app.widgets.buttons import LinkButton
from app.widgets.labels import Label

_TIMES = (5.0, 2000.0)


class SearchLimits(QWidget):
    """Sliders for the size and the time, and a choice among the data sets.

    Signals:
        timed: Whether an answer's time has a limit.
        data_chosen: Id of a data set; empty for shipped text alone.
    """

    timed = Signal(bool)
    data_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: list[tuple[str, str]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_L)
        self.room = AmountField(self.tr("How large may it be?"), self.tr(" MB"), self)
        self.times = QCheckBox(self.tr("Answers must be fast enough as well"), self)
        self.times.toggled.connect(self.timed)
        self.time = AmountField(self.tr("How long may an answer take?"), self.tr(" ms"), self)
        self.time.note.setText(
            self.tr("An answer of the data's usual length, on this computer. It is measured first.")
        )
        self.data_label = Label("")
        self.data = QComboBox(self)
        self.data.setMinimumHeight(CONTROL_HEIGHT)
        self.data.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.data_label.setBuddy(self.data)
        self.data.activated.connect(self._on_chosen)
        self.data_note = Label("", "note", wrap=True)
        self.odd = Label("", "scarce", wrap=True)
        self.right_button = LinkButton("", parent=self)
        self.right_button.clicked.connect(self._on_right_asked)
        self._right = ""
        rows = QVBoxLayout()
        rows.setSpacing(SPACE_XS)
        for part in (self.data_label, self.data, self.odd, self.right_button, self.data_note):
            rows.addWidget(part)
        for limit in (self.room, self.times, self.time):
            column.addWidget(limit)
        column.addLayout(rows)

    def show_state(self, model: QuantizeViewModel) -> None:
        """Shows what can be chosen and what is."""
        self.room.setVisible(model.recipe == "search")
        least, most = model.limits
        self.room.show_amount(least, most, model.limit_mb, decimals=1)
        note = self.tr(
            "From {least} to {most} MB. Within this size, the bits go where they change the answers most."
        )
        self.room.note.setText(note.format(least=number_text(least), most=number_text(most)))
        blocked = self.times.blockSignals(True)
        self.times.setChecked(model.is_timed)
        self.times.blockSignals(blocked)
        self.times.setVisible(model.can_time)
        self.time.setVisible(model.is_timed)
        self.time.show_amount(*_TIMES, model.limit_ms)
        self._show_data(model)
        self._show_odd(model)

    def _show_odd(self, model: QuantizeViewModel) -> None:
        """That the rows are of another task, and a button that takes those that the model learnt with."""
        found = model.odd_rows
        self._right = found.learnt_id if found and library.found(model.data_sets, found.learnt_id) else ""
        self.odd.setText(mismatch_text(found) if found else "")
        self.odd.setVisible(found is not None)
        self.right_button.setText(
            self.tr("Take the rows of {name}").format(name=short_name(found.learnt, 24)) if found else ""
        )
        self.right_button.setVisible(bool(self._right))

    def _show_data(self, model: QuantizeViewModel) -> None:
        """The data sets, and what their rows are for."""
        asked, none = self.tr("Whose rows judge?"), self.tr("Shipped text alone")
        note = self.tr("Its validation rows are read, never its test rows. Shipped text is read as well.")
        if model.may_look:
            asked = self.tr("On whose rows is it rounded?")
            note = self.tr(
                "On its validation rows, GPTQ makes up for what rounding loses: nearer to the original in "
                "the same size, but it takes longer. Test rows are never read."
            )
        if not model.must_look:
            none = self.tr("On none, which is quicker")
        self.data_label.setText(asked)
        self.data.setAccessibleName(asked)
        self.data_note.setText(note)
        shown = [("", none), *((item.id, item.name) for item in model.data_sets)]
        if shown != self._shown:
            self._shown = shown
            self.data.clear()
            for artifact, name in shown:
                self.data.addItem(short_name(name, 60), artifact)
        chosen = model.data.id if model.data else ""
        self.data.setCurrentIndex(next(at for at, (item, _) in enumerate(shown) if item == chosen))

    @Slot()
    def _on_right_asked(self) -> None:
        self.data_chosen.emit(self._right)

    @Slot(int)
    def _on_chosen(self, place: int) -> None:
        self.data_chosen.emit(str(self.data.itemData(place)))
