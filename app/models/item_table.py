"""A table of frozen items whose columns are functions of an item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.safety import safe_override

T = TypeVar("T")
SORT_ROLE = Qt.ItemDataRole.UserRole
ID_ROLE = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column(Generic[T]):
    """One column.

    Attributes:
        title: Its heading.
        text: What a cell says.
        sort: What it is sorted by; the text when left out.
        is_figure: Whether it stands at the end side.
        spoken: What a tooltip and a reader of the screen say of a cell; the text when left out.
    """

    title: str
    text: Callable[[T], str]
    sort: Callable[[T], Any] | None = None
    is_figure: bool = False
    spoken: Callable[[T], str] | None = None


class ItemTableModel(QAbstractTableModel, Generic[T]):
    """Items in rows; each has an `id`.

    Args:
        columns: The columns in order.
        parent: Owner.
    """

    def __init__(self, columns: list[Column[T]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = columns
        self._items: list[T] = []

    def set_columns(self, columns: list[Column[T]]) -> None:
        """Shows the same items in other columns."""
        self.beginResetModel()
        self._columns = columns
        self.endResetModel()

    def set_items(self, items: list[T]) -> None:
        """Shows other items; the same ones change nothing, so that a selection stays."""
        if items == self._items:
            return
        self.beginResetModel()
        self._items = items
        self.endResetModel()

    @safe_override(int)
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Number of items."""
        return 0 if parent.isValid() else len(self._items)

    @safe_override(int)
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Number of columns."""
        return 0 if parent.isValid() else len(self._columns)

    @safe_override(type(None))
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, alignment, and what sorts and identifies."""
        if not index.isValid() or index.row() >= len(self._items):
            return None
        item, column = self._items[index.row()], self._columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(item)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return (column.spoken or column.text)(item)
        if role == SORT_ROLE:
            return column.sort(item) if column.sort else column.text(item).casefold()
        if role == ID_ROLE:
            return getattr(item, "id", "")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column.is_figure)
        return None

    @safe_override(type(None))
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Headings, aligned as their columns."""
        if orientation != Qt.Orientation.Horizontal or section >= len(self._columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(self._columns[section].is_figure)
        return None


def _alignment(is_figure: bool) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if is_figure else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
