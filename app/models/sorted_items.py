"""Rows in the order that a click on a heading asked for."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSortFilterProxyModel, Qt

from app.safety import safe_override

_ARROWS = {Qt.SortOrder.AscendingOrder: "↑", Qt.SortOrder.DescendingOrder: "↓"}


class SortedItems(QSortFilterProxyModel):
    """Marks the heading it sorts by with an arrow in its text.

    The style's own arrow stands at the far end of the column, where it seems to belong to the next one.
    """

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sorts, and draws the headings anew."""
        super().sort(column, order)
        last = self.columnCount() - 1
        if last >= 0:
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, last)

    @safe_override(type(None))
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The heading; an arrow stands beside the one that is sorted by, towards the column's middle."""
        said = super().headerData(section, orientation, role)
        is_title = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        if not is_title or section != self.sortColumn() or not said:
            return said
        alignment = super().headerData(section, orientation, Qt.ItemDataRole.TextAlignmentRole)
        arrow = _ARROWS[self.sortOrder()]
        at_end = bool(int(alignment or 0) & int(Qt.AlignmentFlag.AlignRight.value))
        return f"{arrow} {said}" if at_end else f"{said} {arrow}"
