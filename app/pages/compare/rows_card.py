"""The rows on which the variants disagree, and what each of them answered to one of these."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app import receipt_text
from app.formats import breakable, count_text, short_name
from app.models.item_table import Column, ItemTableModel
from app.pages.compare.board_reading import DisagreeingRow
from app.pages.item_list import ItemList
from app.pages.runs.samples_card import short
from app.tokens import SPACE_L, SPACE_S
from app.widgets.card import Card
from app.widgets.labels import Label, Line
from core.models.board.board import Board, Variant

_MOST_SHOWN = 200
_LONGEST = 400
_CELL = 110


class RowsCard(Card):
    """A list of rows, worst first; the answers to the chosen one stand below it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._board: Board | None = None
        self._model: ItemTableModel[DisagreeingRow] | None = None
        self._rows: dict[str, DisagreeingRow] = {}
        self.set_title(self.tr("Where they disagree"))
        self._place = QVBoxLayout()
        self.add(self._place)
        self.list: ItemList | None = None
        self.answers = QWidget(self)
        self._grid = QGridLayout(self.answers)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACE_L)
        self._grid.setVerticalSpacing(SPACE_S)
        self._grid.setColumnStretch(1, 1)
        self.add(self.answers)

    def show_rows(self, board: Board | None, focus: Variant | None, rows: list[DisagreeingRow]) -> None:
        """Shows the rows of a board."""
        is_same, self._board = board is self._board, board
        shown = rows[:_MOST_SHOWN]
        self._rows = {row.id: row for row in shown}
        self.setVisible(board is not None and len(board.variants) > 1)
        if board is None:
            return
        if not rows:
            self.set_note(self.tr("On no row: each was answered equally well by all of them."))
        else:
            note = self.tr("On {count} of {rows} rows. First come those that “{name}” got wrong.")
            if board.answers_by:
                note = self.tr(
                    "On {count} of {rows} rows. First those where “{name}” differs from the teacher."
                )
            if focus is None:
                note = self.tr("On {count} of {rows} rows, the worst first.")
            name = short_name(focus.name) if focus is not None else ""
            self.set_note(
                note.format(count=count_text(len(rows)), rows=count_text(len(board.rows)), name=name)
            )
        if is_same and self._model is not None and rows:
            self._show_answers("")
            self._model.set_items(shown)
        else:
            self._rebuild(board, shown)

    def _rebuild(self, board: Board, rows: list[DisagreeingRow]) -> None:
        self._model = None
        if self.list is not None:
            self._place.removeWidget(self.list)
            self.list.hide()
            self.list.deleteLater()
            self.list = None
        self._show_answers("")
        if not rows:
            return
        model = self._model = ItemTableModel(self._columns(board))
        model.set_items(rows)
        self.list = ItemList(self.tr("Rows where they disagree"), model, self)
        model.setParent(self.list)
        # Widths by the rows in view: asking all 200 for theirs would hold the window for a fifth of a second.
        self.list.horizontalHeader().setResizeContentsPrecision(0)
        self.list.chosen.connect(self._show_answers)
        self._place.addWidget(self.list)
        self.list.show()

    def _columns(self, board: Board) -> list[Column[DisagreeingRow]]:
        taught = bool(board.answers_by)
        columns: list[Column[DisagreeingRow]] = [
            Column(self.tr("Question"), _prompt),
            Column(self.tr("Teacher's answer") if taught else self.tr("Expected answer"), _expected),
        ]
        if board.measure in ("accuracy", "exact_match", "numeric_match"):
            title = self.tr("Agree") if taught else self.tr("Right")
            columns.append(Column(title, self._right, _mean, is_figure=True))
        return columns

    def _right(self, row: DisagreeingRow) -> str:
        return self.tr("{right} of {all}").format(right=row.right, all=row.answered)

    def _show_answers(self, row_id: str) -> None:
        while self._grid.count():
            old = self._grid.takeAt(0).widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        row, board = self._rows.get(row_id), self._board
        self.answers.setVisible(row is not None)
        if row is None or board is None:
            return
        self._grid.addWidget(Line(self.answers), 0, 0, 1, 2)
        asked = Label(breakable(short(row.prompt, _LONGEST), 60), "strong", wrap=True, selectable=True)
        self._grid.addWidget(asked, 1, 0, 1, 2)
        self._put(2, self.tr("Teacher") if board.answers_by else self.tr("Expected"), row.expected, "")
        place = 3
        for variant in board.variants:
            if row.key not in variant.said:
                continue
            said = variant.said[row.key]
            role = ""
            if row.key in variant.scores and len(variant.scores[row.key]) == 1:
                role = "right" if variant.scores[row.key][0] >= 1 else "wrong"
            self._put(place, variant.name, said or self.tr("(no answer)"), role, variant.member.receipt)
            place += 1

    def _put(self, place: int, who: str, text: str, role: str, receipt: str | None = None) -> None:
        sign = {"right": " ✓", "wrong": " ✗"}.get(role, "")
        name = Label(f"{receipt_text.sign(receipt)}{short_name(who)}", "muted")
        name.setAccessibleName(receipt_text.spoken_name(who, receipt))
        said = Label(f"{breakable(short(text, _LONGEST), 60)}{sign}", role, wrap=True, selectable=True)
        said.setAccessibleName(f"{who}: {text}")
        self._grid.addWidget(name, place, 0)
        self._grid.addWidget(said, place, 1)


def _prompt(row: DisagreeingRow) -> str:
    return short(row.prompt, _CELL)


def _expected(row: DisagreeingRow) -> str:
    return short(row.expected, 40)


def _mean(row: DisagreeingRow) -> Any:
    return row.mean
