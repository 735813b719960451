"""The trials of a search as a Qt table; a running trial changes its row, the others stay."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.formats import duration_text, number_text
from app.models.search_words import field_word, state_text, value_text
from app.safety import safe_override
from core.models.trials import Trial

Index = QModelIndex | QPersistentModelIndex
SORT_ROLE = Qt.ItemDataRole.UserRole + 1
NUMBER_ROLE = Qt.ItemDataRole.UserRole + 2
NUMBER, LOSS = 0, 1
_ROOT = QModelIndex()


class TrialTableModel(QAbstractTableModel):
    """Number, loss, the tried settings, time, what became of it; the best is marked by a star."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fields: list[str] = []
        self._trials: list[Trial] = []
        self._best = 0
        self._has_answers = False

    def begin(self, fields: list[str]) -> None:
        """Empties the table for a search over these settings."""
        self.beginResetModel()
        self._fields, self._trials, self._best, self._has_answers = fields, [], 0, False
        self.endResetModel()

    def set_trials(self, trials: list[Trial], best: int) -> None:
        """Shows the trials as they are now, in order of their numbers."""
        answers = any(trial.accuracy is not None for trial in trials)
        if answers != self._has_answers or len(trials) < len(self._trials):
            self.beginResetModel()
            self._trials, self._best, self._has_answers = trials, best, answers
            self.endResetModel()
            return
        old_best, self._best = self._best, best
        for row, (old, new) in enumerate(zip(self._trials, trials, strict=False)):
            if old != new or new.number in (best, old_best):
                self._trials[row] = new
                self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))
        if len(trials) > len(self._trials):
            self.beginInsertRows(QModelIndex(), len(self._trials), len(trials) - 1)
            self._trials += trials[len(self._trials) :]
            self.endInsertRows()

    def trial_at(self, row: int) -> Trial:
        """The trial of a row."""
        return self._trials[row]

    @property
    def first_setting(self) -> int:
        """The column in which the settings begin."""
        return 3 if self._has_answers else 2

    @safe_override(int)
    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of trials."""
        return 0 if parent.isValid() else len(self._trials)

    @safe_override(int)
    def columnCount(self, parent: Index = _ROOT) -> int:
        """Number, loss, right answers where counted, settings, time, state."""
        return 0 if parent.isValid() else self.first_setting + len(self._fields) + 2

    @safe_override(type(None))
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' names."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(self._alignment(section))
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        answers = [self.tr("Right")] if self._has_answers else []
        titles = [
            self.tr("Trial"),
            self.tr("Loss"),
            *answers,
            *map(field_word, self._fields),
            self.tr("Took"),
            self.tr("State"),
        ]
        return titles[section]

    @safe_override(type(None))
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, sort key, alignment or the trial's number."""
        trial = self._trials[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(trial, index.column())
        if role == SORT_ROLE:
            return self._key(trial, index.column())
        if role == NUMBER_ROLE:
            return trial.number
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(self._alignment(index.column()))
        if role == Qt.ItemDataRole.ToolTipRole:
            return trial.note or None
        return None

    def _text(self, trial: Trial, column: int) -> str:
        place = column - self.first_setting
        if column == NUMBER:
            return f"★ {trial.number}" if trial.number == self._best else str(trial.number)
        if column == LOSS:
            return "" if trial.value is None else number_text(trial.value)
        if column == 2 and self._has_answers:
            return "" if trial.accuracy is None else f"{100 * trial.accuracy:.0f} %"
        if place < len(self._fields):
            value = trial.params.get(self._fields[place])
            return "" if value is None else value_text(value)
        if place == len(self._fields):
            return duration_text(trial.seconds) if trial.seconds else ""
        return state_text(trial)

    def _key(self, trial: Trial, column: int) -> Any:
        place = column - self.first_setting
        if column == NUMBER:
            return trial.number
        if column == LOSS:
            return math.inf if trial.value is None else trial.value
        if column == 2 and self._has_answers:
            return -1.0 if trial.accuracy is None else trial.accuracy
        if place < len(self._fields):
            return trial.params.get(self._fields[place], math.inf)
        return trial.seconds if place == len(self._fields) else trial.state

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        is_state = column == self.columnCount() - 1
        side = Qt.AlignmentFlag.AlignLeading if is_state else Qt.AlignmentFlag.AlignTrailing
        return side | Qt.AlignmentFlag.AlignVCenter
