"""Reads a data set row by row: keep, correct or drop; a new version takes over what was said."""

from __future__ import annotations

import functools

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.confirm import ConfirmDialog
from app.formats import count_text, short_name
from app.models.item_table import Column, ItemTableModel
from app.pages.data.edit_view_model import PAGE_ROWS, EditViewModel, RowItem
from app.pages.data.reading import FieldAt
from app.pages.item_list import ItemList
from app.pages.name_field import NameField
from app.tokens import CONTROL_HEIGHT, SPACE_L, SPACE_M, SPACE_S, SPACE_XL, SPACE_XS
from app.widgets.buttons import LinkButton, PlainButton, PrimaryButton
from app.widgets.error_panel import ErrorPanel
from app.widgets.error_text import ErrorText
from app.widgets.labels import Label
from app.widgets.tabs import Tabs
from core.errors import WorkbenchError

_SIZE = (1040, 720)
_LINES_HEIGHT, _LONG_HEIGHT, _LONG_TEXT = 72, 160, 160


class EditDialog(QDialog):
    """A list of rows at the start, the chosen row's values beside it, the new version below.

    Args:
        view_model: The rules; the dialog owns them.
        parent: The window.
    """

    def __init__(self, view_model: EditViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        view_model.setParent(self)
        self.view_model = view_model
        title = self.tr("Read and edit “{name}”").format(name=short_name(view_model.item.name))
        self.setWindowTitle(title)
        self.setModal(True)
        self.resize(*_SIZE)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_XL)
        column.setSpacing(SPACE_M)
        column.addWidget(Label(title, "heading", wrap=True))
        text = self.tr(
            "This data stays as it is: what you correct, drop or rate becomes a new version. Test rows are "
            "for measuring and are not shown."
        )
        column.addWidget(Label(text, "muted", wrap=True))
        self.error_panel = ErrorPanel(parent=self)
        self.error_panel.hide()
        column.addWidget(self.error_panel)
        row = QHBoxLayout()
        row.setSpacing(SPACE_XL)
        row.addLayout(self._list(), 2)
        row.addLayout(self._editor(), 3)
        column.addLayout(row, 1)
        column.addLayout(self._foot())
        view_model.changed.connect(self._show)
        view_model.row_changed.connect(self._show_row)
        view_model.failed.connect(self._on_failed)
        view_model.queued.connect(self.accept)
        self.finished.connect(self._on_finished)
        self._show()
        view_model.begin()

    def _list(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(SPACE_S)
        self.splits = Tabs(
            self.tr("Which rows"),
            {"train": self.tr("To learn from"), "validation": self.tr("To watch")},
            self,
        )
        self.splits.chosen.connect(self.view_model.choose_split)
        self.splits.setVisible(self.view_model.item.validation > 0)
        self.table: ItemTableModel[RowItem] = ItemTableModel(
            [
                Column(self.tr("Row"), _text),
                Column(self.tr("Rated"), _stars),
                Column(self.tr("Said"), self._verdict),
            ],
            self,
        )
        self.list = ItemList(self.tr("Rows"), self.table, self)
        self.list.setSortingEnabled(False)
        self.list.chosen.connect(self.view_model.choose)
        foot = QHBoxLayout()
        self.back_button = PlainButton(self.tr("Earlier rows"), "chevron-left", self)
        self.back_button.clicked.connect(self._on_back)
        self.on_button = PlainButton(self.tr("Later rows"), "chevron-right", self)
        self.on_button.clicked.connect(self._on_on)
        self.where = Label("", "note")
        for widget in (self.back_button, self.on_button, self.where):
            foot.addWidget(widget)
        foot.addStretch(1)
        for item in (self.splits, self.list):
            column.addWidget(item)
        column.addLayout(foot)
        column.addStretch(1)
        return column

    def _editor(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(SPACE_M)
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setProperty("frameless", True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.fields: list[ValueField] = []
        column.addWidget(self.area, 1)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        self.drop_button = PlainButton(self.tr("Drop this row"), "trash-2", self)
        self.drop_button.clicked.connect(self.view_model.drop)
        self.keep_button = PlainButton(self.tr("Keep and go on"), "check", self)
        self.keep_button.clicked.connect(self.view_model.keep)
        row.addStretch(1)
        row.addWidget(self.drop_button)
        row.addWidget(self.keep_button)
        column.addLayout(self._rating())
        column.addLayout(row)
        return column

    def _rating(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addWidget(Label(self.tr("How good is it?")))
        self.stars: dict[int, PlainButton] = {}
        words = {1: self.tr("useless"), 3: self.tr("usable"), 5: self.tr("as it should be")}
        for count in range(1, 6):
            button = PlainButton(str(count), parent=self)
            button.setCheckable(True)
            said = self.tr("{count} of 5").format(count=count)
            button.setAccessibleName(f"{said}: {words[count]}" if count in words else said)
            button.setToolTip(button.accessibleName())
            button.clicked.connect(functools.partial(self.view_model.rate, str(count)))
            self.stars[count] = button
            row.addWidget(button)
        row.addStretch(1)
        self.least = QComboBox(self)
        self.least.setMinimumHeight(CONTROL_HEIGHT)
        self.least.setAccessibleName(self.tr("Which rated rows stay"))
        self.least.addItem(self.tr("All rated rows stay"), 1)
        for count in range(2, 6):
            self.least.addItem(self.tr("Leave out below {count}").format(count=count), count)
        self.least.currentIndexChanged.connect(self._on_least)
        row.addWidget(self.least)
        return row

    def _foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE_L)
        self.name = NameField(self.tr("Name of the new version"), self)
        self.name.edited.connect(self.view_model.set_name)
        row.addWidget(self.name, 1)
        self.counts = Label("", "muted")
        self.close_button = PlainButton(self.tr("Close"), parent=self)
        self.close_button.clicked.connect(self.close)
        self.make_button = PrimaryButton(self.tr("Make the new version"), parent=self)
        self.make_button.clicked.connect(self.view_model.make)
        for widget in (self.counts, self.close_button, self.make_button):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignBottom)
        return row

    @Slot()
    def _on_least(self) -> None:
        self.view_model.set_least_stars(self.least.currentData())

    @Slot()
    def _on_back(self) -> None:
        self.view_model.turn(-1)

    @Slot()
    def _on_on(self) -> None:
        self.view_model.turn(1)

    @Slot(object)
    def _on_failed(self, error: WorkbenchError) -> None:
        self.error_panel.show_error(ErrorText.of(error))
        self.error_panel.show()

    def reject(self) -> None:
        """Asks once before changes are lost, also for the Escape key."""
        if not self.view_model.has_work:
            super().reject()
            return
        dialog = ConfirmDialog(
            self.tr("Close without a new version?"),
            self.tr("What you changed, dropped and rated here is forgotten. The data stays as it is."),
            self.tr("Close"),
            self.tr("Go on editing"),
            parent=self,
        )
        dialog.confirmed.connect(self._on_forget)
        dialog.open()

    def closeEvent(self, event: QCloseEvent) -> None:
        """The same question for the window's own button."""
        if self.isVisible() and self.view_model.has_work and self.result() != self.DialogCode.Accepted:
            event.ignore()
            self.reject()
            return
        super().closeEvent(event)

    @Slot()
    def _on_forget(self) -> None:
        self.done(self.DialogCode.Rejected)

    @Slot()
    def _on_finished(self) -> None:
        self.view_model.close()
        self.deleteLater()

    # --- what is shown ---

    @Slot()
    def _show(self) -> None:
        model = self.view_model
        self.list.blockSignals(True)
        self.table.set_items(model.items)
        if model.current is not None:
            self.list.choose(str(model.current.place))
        self.list.blockSignals(False)
        self.splits.choose(model.split)
        last = model.first + len(model.rows) - 1
        self.where.setText(
            self.tr("{first} to {last} of {count}").format(
                first=count_text(model.first), last=count_text(last), count=count_text(model.count)
            )
            if model.rows
            else ""
        )
        self.back_button.setEnabled(model.first > 1)
        self.on_button.setEnabled(model.first + PAGE_ROWS <= model.count)
        for button in (self.keep_button, self.drop_button):
            button.setEnabled(model.current is not None)
        given = model.stars_of(model.current) if model.current is not None else 0
        for count, button in self.stars.items():
            button.setEnabled(model.current is not None)
            button.setChecked(count == given)
        self.least.setVisible(model.rated > 0)
        read, changed, dropped = model.counts
        said = self.tr("Read: {read} · changed: {changed} · dropped: {dropped}").format(
            read=count_text(read), changed=count_text(changed), dropped=count_text(dropped)
        )
        if model.rated:
            said += self.tr(" · rated: {rated}").format(rated=count_text(model.rated))
        self.counts.setText(said)
        self.name.show_name(model.name, model.blocker)
        self.make_button.block(
            {
                "": "",
                "nothing": self.tr("Change, drop or rate a row first"),
                "blank": self.tr("Fill the empty field, or drop its row"),
                "everything": self.tr("Keep some rows to learn from"),
                "name": self.tr("Choose another name first"),
                "name_taken": self.tr("Choose a free name first"),
            }[model.blocker]
        )

    @Slot()
    def _show_row(self) -> None:
        """Builds the editors of another row."""
        row = self.view_model.current
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, SPACE_S, 0)
        column.setSpacing(SPACE_M)
        self.fields = []
        for field in row.fields if row is not None else ():
            editor = ValueField(
                field, self._role_name(field.role), self.view_model.text_of(row, field), holder
            )
            editor.edited.connect(self.view_model.set_text)
            self.fields.append(editor)
            column.addWidget(editor)
        column.addStretch(1)
        self.area.setWidget(holder)
        self._show()

    def _role_name(self, role: str) -> str:
        names = {
            "user": self.tr("Question or text"),
            "assistant": self.tr("Answer"),
            "label": self.tr("Label"),
            "system": self.tr("System line"),
            "input": self.tr("More text"),
            "text": self.tr("Document"),
        }
        return names.get(role, role)

    def _verdict(self, item: RowItem) -> str:
        words = {
            "": "",
            "kept": self.tr("✓ kept"),
            "edited": self.tr("✎ changed"),
            "dropped": self.tr("✗ dropped"),
            "low": self.tr("✗ rated too low"),
        }
        return words[item.verdict]


class ValueField(QWidget):
    """A value under its name: lines of text, or one of the data's labels."""

    edited = Signal(object, str)

    def __init__(self, field: FieldAt, name: str, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = field
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        title = Label(name)
        column.addWidget(title)
        self.box: QComboBox | None = None
        self.lines: QPlainTextEdit | None = None
        if field.choices:
            self.box = QComboBox(self)
            self.box.addItems(list(dict.fromkeys([*field.choices, field.text])))
            self.box.setCurrentText(text)
            self.box.setMinimumHeight(CONTROL_HEIGHT)
            self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            self.box.currentIndexChanged.connect(self._on_edited)
        else:
            self.lines = QPlainTextEdit(text, self)
            self.lines.setTabChangesFocus(True)
            self.lines.setFixedHeight(_LONG_HEIGHT if len(text) > _LONG_TEXT else _LINES_HEIGHT)
            self.lines.textChanged.connect(self._on_edited)
        self.control: QWidget = self.box or self.lines or self
        self.control.setAccessibleName(name)
        title.setBuddy(self.control)
        column.addWidget(self.control)
        self.back_button = LinkButton(self.tr("As it was"), "rotate-ccw", self)
        self.back_button.setAccessibleName(self.tr("{field}: as it was").format(field=name))
        self.back_button.clicked.connect(self._on_back)
        self.back_button.setVisible(text != field.text)
        column.addWidget(self.back_button, 0, Qt.AlignmentFlag.AlignLeft)

    @property
    def text(self) -> str:
        """What stands there now."""
        if self.box is not None:
            return self.box.currentText()
        return self.lines.toPlainText() if self.lines is not None else ""

    @Slot()
    def _on_edited(self) -> None:
        self.back_button.setVisible(self.text != self.field.text)
        self.edited.emit(self.field, self.text)

    @Slot()
    def _on_back(self) -> None:
        if self.box is not None:
            self.box.setCurrentText(self.field.text)
        elif self.lines is not None:
            self.lines.setPlainText(self.field.text)


def _stars(item: RowItem) -> str:
    return str(item.stars or "")


def _text(item: RowItem) -> str:
    return " ".join(item.text.split())[:200]
