"""The variants as a table: best cells bold, those that miss a limit muted, a star on the recommended one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app import receipt_text
from app.models.item_table import ID_ROLE, Column, Index, ItemTableModel
from app.pages.compare import words
from app.pages.item_list import ItemList
from app.safety import safe_override
from app.theme import theme
from app.tokens import mix
from app.widgets.card import Card
from core.models.board import axes
from core.models.board.axes import Axis
from core.models.board.board import Board, Variant

#: The columns after the name.
_COLUMNS: tuple[Axis, ...] = ("right", "time", "memory", "disk")
_MUTED_BEST = 0.55


@dataclass(frozen=True)
class Marks:
    """What is marked in the table.

    Attributes:
        recommended: Id of the variant with the star.
        out: Ids of those that miss a limit, with which one in words.
    """

    recommended: str
    out: Mapping[str, str]


class VariantTableModel(ItemTableModel[Variant]):
    """The variants of a board; other marks change colours and stars, never the rows."""

    def __init__(self, board: Board, parent: QWidget | None = None) -> None:
        self._board = board
        self._marks = Marks("", {})
        self._best = {axis: axes.best(board, axis) for axis in _COLUMNS}
        super().__init__(self._make_columns(), parent)
        self.set_items(list(board.variants))

    def show_marks(self, marks: Marks) -> None:
        """Marks anew."""
        if marks != self._marks:
            self._marks = marks
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def _make_columns(self) -> list[Column[Variant]]:
        columns: list[Column[Variant]] = [Column(self.tr("Variant"), self._name, _name_key)]
        for axis in _COLUMNS:
            cell = _Cell(self._board, axis)
            columns.append(Column(words.axis_title(axis, self._board), cell, cell.key, is_figure=True))
        return [*columns, Column(self.tr("What it is"), _role)]

    def _name(self, variant: Variant) -> str:
        star = "★ " if variant.id == self._marks.recommended else ""
        return f"{star}{receipt_text.sign(variant.member.receipt)}{variant.name}"

    @safe_override(type(None))
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, alignment, and the marks as colour, weight and words."""
        if not index.isValid() or role not in (
            Qt.ItemDataRole.ForegroundRole,
            Qt.ItemDataRole.FontRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return super().data(index, role)
        key = str(super().data(index, ID_ROLE))
        column = index.column()
        is_best = 1 <= column <= len(_COLUMNS) and key in self._best[_COLUMNS[column - 1]]
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(key in self._marks.out, is_best)
        if role == Qt.ItemDataRole.FontRole:
            return _bold() if is_best or (column == 0 and key == self._marks.recommended) else None
        return self._spoken(index, key, is_best)

    def _colour(self, is_out: bool, is_best: bool) -> QColor:
        colours = theme().tokens
        if is_best:
            return QColor(mix(colours.good, colours.surface, _MUTED_BEST) if is_out else colours.good)
        return QColor(colours.faint if is_out else colours.text)

    def _spoken(self, index: Index, key: str, is_best: bool) -> str:
        """A cell for a tooltip and for reading aloud: what its colour says stands there in words."""
        text = str(super().data(index, Qt.ItemDataRole.DisplayRole))
        parts = [text]
        if is_best:
            parts.append(self.tr("the best"))
        variant = self._board.variant(key)
        if index.column() == 1 and variant is not None and variant.is_stopped:
            parts.append(self.tr("the evaluation was stopped"))
        if index.column() == 0:
            parts = [variant.name] if variant is not None else parts
            if key == self._marks.recommended:
                parts.append(self.tr("recommended"))
            if variant is not None and (receipt := receipt_text.colour_phrase(variant.member.receipt)):
                parts.append(receipt)
            if key in self._marks.out:
                parts.append(self.tr("misses your limit: {what}").format(what=self._marks.out[key]))
        return ", ".join(parts)


class _Cell:
    """Text and sort key of one axis."""

    def __init__(self, board: Board, axis: Axis) -> None:
        self._board = board
        self._axis = axis

    def __call__(self, variant: Variant) -> str:
        return words.cell_text(self._board, variant, self._axis)

    def key(self, variant: Variant) -> float:
        figure = axes.value(variant, self._axis)
        return float("inf") if figure is None else figure


def _name_key(variant: Variant) -> str:
    return variant.name.casefold()


def _role(variant: Variant) -> str:
    return words.role_text(variant.member)


def _bold() -> QFont:
    font = QFont()
    font.setWeight(QFont.Weight.DemiBold)
    return font


class VariantsCard(Card):
    """The table of a board; another board brings a new one.

    Signals:
        chosen: Id of the variant whose row was chosen.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._outer.setContentsMargins(10, 8, 10, 12)
        self.setAccessibleName(self.tr("Variants"))
        self._place = QVBoxLayout()
        self.add(self._place)
        self.body.addStretch(1)
        self.table: ItemList | None = None
        self._model: VariantTableModel | None = None

    def show_board(self, board: Board) -> None:
        """Shows the variants of a board."""
        if self.table is not None:
            self._place.removeWidget(self.table)
            self.table.hide()
            self.table.deleteLater()
        self._model = VariantTableModel(board)
        self.table = ItemList(self.tr("Variants"), self._model, self, kept=1 + len(_COLUMNS))
        self._model.setParent(self.table)
        self.table.chosen.connect(self.chosen)
        self._place.addWidget(self.table)
        self.table.show()

    def show_marks(self, marks: Marks, focus_id: str) -> None:
        """Marks anew, and chooses a row without a signal."""
        if self.table is None or self._model is None:
            return
        self._model.show_marks(marks)
        self.table.blockSignals(True)
        if focus_id:
            self.table.choose(focus_id)
        else:
            self.table.clearSelection()
        self.table.blockSignals(False)
