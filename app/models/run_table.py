"""The runs of a workspace as a Qt table; rows are replaced one by one, never by a reset while it is shown."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.formats import duration_text, when_text
from app.job_status import kind_word, state_sign, state_word
from app.safety import safe_override
from core.workspace.records import Run

Index = QModelIndex | QPersistentModelIndex
#: What a proxy sorts by.
SORT_ROLE = Qt.ItemDataRole.UserRole + 1
RUN_ROLE = Qt.ItemDataRole.UserRole + 2
NAME, KIND, STATE, STARTED, TOOK = range(5)
_ROOT = QModelIndex()


class RunTableModel(QAbstractTableModel):
    """Newest first; a run is found again by its id."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: list[Run] = []

    def set_runs(self, runs: list[Run]) -> None:
        """Shows these runs; when only some have changed, only their rows are touched."""
        if [run.id for run in runs] != [run.id for run in self._runs]:
            self.beginResetModel()
            self._runs = runs
            self.endResetModel()
            return
        for row, (old, new) in enumerate(zip(self._runs, runs, strict=True)):
            if old != new:
                self._runs[row] = new
                self.dataChanged.emit(self.index(row, 0), self.index(row, TOOK))

    def run_at(self, row: int) -> Run:
        """The run of a row."""
        return self._runs[row]

    @safe_override(int)
    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of runs."""
        return 0 if parent.isValid() else len(self._runs)

    @safe_override(int)
    def columnCount(self, parent: Index = _ROOT) -> int:
        """Name, kind, state, start, duration."""
        return 0 if parent.isValid() else 5

    @safe_override(type(None))
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' names."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_alignment(section))
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        titles = (self.tr("Name"), self.tr("Job"), self.tr("State"), self.tr("Started"), self.tr("Took"))
        return titles[section]

    @safe_override(type(None))
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, sort key, alignment or the run itself."""
        run = self._runs[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(run, index.column())
        if role == SORT_ROLE:
            took = run.worked_s(time.time())
            keys = (run.name.casefold(), run.kind, run.state, run.number, -1.0 if took is None else took)
            return keys[index.column()]
        if role == RUN_ROLE:
            return run
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_alignment(index.column()))
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == NAME:
            return run.id
        return None

    def _text(self, run: Run, column: int) -> str:
        if column == NAME:
            return run.name
        if column == KIND:
            return kind_word(run.kind)
        if column == STATE:
            return f"{state_sign(run.state)} {state_word(run.state)}"
        if column == STARTED:
            return when_text(run.began_at or run.created_at, time.time())
        took = run.worked_s(time.time())
        return "" if took is None else duration_text(took)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignTrailing if column == TOOK else Qt.AlignmentFlag.AlignLeading
    return side | Qt.AlignmentFlag.AlignVCenter
