"""Reads a data set row by row: keep, correct, drop or take back; a new version takes over what was said."""

from __future__ import annotations

import functools

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.confirm import ConfirmDialog
from app.formats import count_text, short_name
from app.models.item_table import Column, ItemTableModel
from app.pages.data.edit_view_model import PAGE_ROWS, EditViewModel, RowItem
from app.pages.data.value_field import ValueField
from app.pages.item_list import ItemList
from app.pages.name_field import NameField
from app.tokens import CONTROL_HEIGHT, SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from app.widgets.buttons import PlainButton, PrimaryButton
from app.widgets.error_panel import ErrorPanel
from app.widgets.error_text import ErrorText
from app.widgets.labels import Label
from app.widgets.tabs import Tabs
from core.errors import WorkbenchError

_SIZE = (1040, 720)


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
            "This data stays as it is: what you correct, drop or rate becomes a new version. Rows that you "
            "drop stay beside it and can be taken back. Test rows are for measuring and are not shown."
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
            {
                "train": self.tr("To learn from"),
                "validation": self.tr("To watch"),
                "dropped": self.tr("Dropped"),
            },
            self,
        )
        self.splits.chosen.connect(self.view_model.choose_split)
        self.splits.button("validation").setVisible(self.view_model.item.validation > 0)
        self.table: ItemTableModel[RowItem] = ItemTableModel(
            [
                Column(self.tr("Row"), _text),
                Column(self.tr("Said"), self._verdict),
                Column(self.tr("Rated"), _stars),
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
        self.why = Label("", "muted", wrap=True)
        column.addWidget(self.why)
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
        self.take_back_button = PlainButton(self.tr("Take back"), "rotate-ccw", self)
        self.take_back_button.clicked.connect(self.view_model.take_back)
        row.addStretch(1)
        for button in (self.take_back_button, self.drop_button, self.keep_button):
            row.addWidget(button)
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
            self.tr("What you said of its rows here is forgotten. The data stays as it is."),
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
        self.list.choose(model.current_id)
        self.list.blockSignals(False)
        self.splits.choose(model.split)
        self.splits.button("dropped").setVisible(model.has_dropped)
        self.splits.setVisible(model.has_dropped or model.item.validation > 0)
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
        self._show_verdict()
        self.least.setVisible(model.rated > 0)
        read, changed, dropped = model.counts
        said = self.tr("Read: {read} · changed: {changed} · dropped: {dropped}").format(
            read=count_text(read), changed=count_text(changed), dropped=count_text(dropped)
        )
        if model.rated:
            said += self.tr(" · rated: {rated}").format(rated=count_text(model.rated))
        if model.taken_back:
            said += self.tr(" · taken back: {count}").format(count=count_text(model.taken_back))
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

    def _show_verdict(self) -> None:
        """What can be done about the row as it was last decided on."""
        model, row = self.view_model, self.view_model.current
        is_out, is_open = row is not None and model.is_out(row), row is not None and model.is_open(row)
        self.take_back_button.setVisible(is_out)
        for button in (self.keep_button, self.drop_button):
            button.setVisible(not is_out)
            button.setEnabled(row is not None)
        given = model.stars_of(row) if row is not None else 0
        for count, button in self.stars.items():
            button.setEnabled(is_open)
            button.setChecked(count == given)
        for editor in self.fields:
            editor.setEnabled(is_open)
        why = self._why(row.why) if row is not None and row.why else ""
        self.why.setText(self.tr("Dropped before: {why}.").format(why=why) if why else "")
        self.why.setVisible(bool(why))

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
            "back": self.tr("✓ taken back"),
        }
        return f"✗ {self._why(item.why)}" if item.why else words[item.verdict]

    def _why(self, reason: str) -> str:
        words = {
            "by_hand": self.tr("by hand"),
            "low": self.tr("rated too low"),
            "empty": self.tr("no answer"),
            "cut": self.tr("cut at the longest length"),
            "refusal": self.tr("declined to answer"),
            "too_short": self.tr("too short"),
            "too_long": self.tr("too long"),
            "no_json": self.tr("no JSON object"),
            "no_label": self.tr("none of the labels"),
            "not_as_labelled": self.tr("differs from the data's own answer"),
            "disagreement": self.tr("the answers disagreed"),
            "judged_low": self.tr("judged too low"),
            "no_mark": self.tr("no mark from the judge"),
            "near_duplicate": self.tr("nearly repeats another row"),
        }
        return words.get(reason, reason.replace("_", " "))


def _stars(item: RowItem) -> str:
    return str(item.stars or "")


def _text(item: RowItem) -> str:
    return " ".join(item.text.split())[:200]
