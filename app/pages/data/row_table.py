"""The first rows of a file as written, each column with what it is."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QFrame, QHeaderView, QTableView, QWidget

from app.pages.data.import_view_model import ROLES
from app.pages.data.reading import Preview
from app.safety import safe_override

_ROW_HEIGHT = 34
_ROLE_ROW_HEIGHT = 44
_ROWS_SHOWN = 8
_WIDEST, _NARROWEST = 420, 170
Index = QModelIndex | QPersistentModelIndex


class RowTableModel(QAbstractTableModel):
    """Rows of text; with pickers, row 0 is left free for them."""

    def __init__(self, with_pickers: bool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._head = int(with_pickers)
        self.preview: Preview | None = None

    def set_preview(self, preview: Preview | None) -> None:
        """Shows other rows."""
        self.beginResetModel()
        self.preview = preview
        self.endResetModel()

    @safe_override(int)
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Rows, and one for the pickers."""
        return 0 if parent.isValid() or self.preview is None else len(self.preview.rows) + self._head

    @safe_override(int)
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Columns of the file."""
        return 0 if parent.isValid() or self.preview is None else len(self.preview.columns)

    @safe_override(type(None))
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A value in one line; its tooltip is the value as written, as plain text."""
        row = index.row() - self._head
        if self.preview is None or row < 0:
            return None
        text = self.preview.rows[row][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return " ↵ ".join(text.splitlines())
        return text if role == Qt.ItemDataRole.AccessibleTextRole else None

    @safe_override(type(None))
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' names."""
        if self.preview is None or orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.preview.columns[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None


class RowTable(QTableView):
    """Shows a `Preview`, with or without role pickers below the headings."""

    role_chosen = Signal(str, str)

    def __init__(self, name: str, *, with_pickers: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setProperty("frameless", True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._with_pickers = with_pickers
        self._model = RowTableModel(with_pickers, self)
        self.setModel(self._model)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionsClickable(False)
        self.horizontalHeader().setStretchLastSection(True)
        self.pickers: list[QComboBox] = []
        self._wanted: list[int] = []

    def show_preview(self, preview: Preview | None) -> None:
        """Shows other rows; the same ones change nothing."""
        if preview is self._model.preview:
            return
        self.pickers = []
        self._model.set_preview(preview)
        if preview is None:
            return
        self._wanted = [
            min(max(self.sizeHintForColumn(column) + 24, _NARROWEST), _WIDEST)
            for column in range(len(preview.columns))
        ]
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self._fit_columns()
        if self._with_pickers:
            self.setRowHeight(0, _ROLE_ROW_HEIGHT)
            for column, name in enumerate(preview.columns):
                self._add_picker(column, name)
        rows = min(len(preview.rows), _ROWS_SHOWN)
        head = self.horizontalHeader().sizeHint().height() + self._with_pickers * _ROLE_ROW_HEIGHT
        self.setFixedHeight(head + rows * _ROW_HEIGHT + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrows the columns before it scrolls sideways."""
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        total, room = sum(self._wanted), self.viewport().width()
        share = min(1.0, room / total) if total else 1.0
        for column, width in enumerate(self._wanted[:-1]):
            self.setColumnWidth(column, max(int(width * share), _NARROWEST))
        if self._wanted and total * share > room:
            self.setColumnWidth(len(self._wanted) - 1, _NARROWEST)

    def show_roles(self, roles: dict[str, str]) -> None:
        """Shows what each column is.

        Args:
            roles: Role to column.
        """
        by_column = {name: role for role, name in roles.items()}
        for picker in self.pickers:
            blocked = picker.blockSignals(True)
            picker.setCurrentIndex(max(picker.findData(by_column.get(picker.objectName(), "")), 0))
            picker.blockSignals(blocked)

    def _add_picker(self, column: int, name: str) -> None:
        picker = QComboBox(self)
        picker.setObjectName(name)
        picker.setAccessibleName(self.tr("What the column {name} is").format(name=name))
        texts = {
            "user": self.tr("Question or text"),
            "assistant": self.tr("Answer to learn"),
            "label": self.tr("Label to learn"),
            "system": self.tr("System line"),
            "input": self.tr("More text"),
            "messages": self.tr("Whole chat"),
            "text": self.tr("Document to read on"),
        }
        picker.addItem(self.tr("Not used"), "")
        for role in ROLES:
            picker.addItem(texts[role], role)
        picker.currentIndexChanged.connect(self._on_picked)
        self.setIndexWidget(self._model.index(0, column), picker)
        self.pickers.append(picker)

    @Slot()
    def _on_picked(self) -> None:
        picker = self.sender()
        if isinstance(picker, QComboBox):
            self.role_chosen.emit(picker.objectName(), str(picker.currentData()))
