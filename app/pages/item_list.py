"""The table of a library page: sorted by a click on a heading, one row chosen, opened by Enter or a click."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.models.item_table import ID_ROLE, SORT_ROLE, Index, ItemTableModel
from app.models.sorted_items import SortedItems

_ROW_HEIGHT = 40
_ROWS_SHOWN = 10
_FIRST_COLUMN_WIDTH, _WIDEST_FIRST_COLUMN = 160, 280
_LEAST_FIRST_COLUMN_WIDTH = 110


class _RowDelegate(QStyledItemDelegate):
    """Marks the row, not the single cell."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_HasFocus


class ItemList(QTableView):
    """Shows an `ItemTableModel`; the first column takes the room that is left.

    Args:
        name: What is listed, read aloud.
        model: The items.
        parent: Owner.
        kept: So many of the first columns are never left out; without room for them it scrolls sideways.
    """

    chosen = Signal(str)

    def __init__(
        self, name: str, model: ItemTableModel[Any], parent: QWidget | None = None, *, kept: int = 1
    ) -> None:
        super().__init__(parent)
        self._kept = kept
        self.setAccessibleName(name)
        self.setProperty("frameless", True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._proxy = SortedItems(self)
        self._proxy.setSourceModel(model)
        self._proxy.setSortRole(SORT_ROLE)
        self.setModel(self._proxy)
        self.setSortingEnabled(True)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.setItemDelegate(_RowDelegate(self))
        self.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self._proxy.modelReset.connect(self._fit)
        self._fit_height()

    def choose(self, item_id: str) -> None:
        """Chooses the row of an item; an unknown id leaves the choice as it is."""
        for row in range(self._proxy.rowCount()):
            index = self._proxy.index(row, 0)
            if index.data(ID_ROLE) == item_id:
                if index.row() != self.currentIndex().row() or not self.selectionModel().hasSelection():
                    flags = QItemSelectionModel.SelectionFlag
                    self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
                return

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves out the last columns when there is no room for them."""
        super().resizeEvent(event)
        self._fit_columns()

    def _fit(self) -> None:
        self._fit_height()
        self._fit_columns()

    def _fit_columns(self) -> None:
        first = self._first_column_width()
        room = self.viewport().width() - first
        header = self.horizontalHeader()
        for column in range(1, self._proxy.columnCount()):
            self.setColumnHidden(column, False)  # a hidden one has no width to ask for
            room -= max(self.sizeHintForColumn(column), header.sectionSizeHint(column))
            self.setColumnHidden(column, room < 0 and column >= self._kept)
            if column == self._kept - 1:
                self._scroll_sideways(first if room < 0 else 0)

    def _first_column_width(self) -> int:
        """What the first column has at least; less for short names where other columns are to stay."""
        if self._kept == 1:  # a name tells more than the last columns do
            return max(_FIRST_COLUMN_WIDTH, min(self.sizeHintForColumn(0), _WIDEST_FIRST_COLUMN))
        return min(_FIRST_COLUMN_WIDTH, max(self.sizeHintForColumn(0), _LEAST_FIRST_COLUMN_WIDTH))

    def _scroll_sideways(self, first_width: int) -> None:
        """Gives the first column a width of its own and a bar below; of 0 it takes the room that is left."""
        header, modes, policy = self.horizontalHeader(), QHeaderView.ResizeMode, Qt.ScrollBarPolicy
        header.setSectionResizeMode(0, modes.Fixed if first_width else modes.Stretch)
        if first_width:
            header.resizeSection(0, first_width)
        bar = policy.ScrollBarAlwaysOn if first_width else policy.ScrollBarAlwaysOff
        if bar != self.horizontalScrollBarPolicy():
            self.setHorizontalScrollBarPolicy(bar)
            self._fit_height()

    def _on_selection_changed(self, selected: QItemSelection, _before: QItemSelection) -> None:
        indexes = selected.indexes()
        if indexes:
            self.chosen.emit(str(indexes[0].data(ID_ROLE)))

    def _fit_height(self) -> None:
        rows = min(max(self._proxy.rowCount(), 1), _ROWS_SHOWN)
        is_scrolled = self.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        bar = self.horizontalScrollBar().sizeHint().height() if is_scrolled else 0
        self.setFixedHeight(_ROW_HEIGHT * rows + 38 + bar)
