"""The runs of the workspace."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.job_bridge import JobBridge
from app.models.run_table import RunTableModel


class RunsViewModel(QObject):
    """Keeps the table in step with the store."""

    changed = Signal()

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.table = RunTableModel(self)
        bridge.run_changed.connect(self._on_run_changed)

    def refresh(self) -> None:
        """Reads the runs anew."""
        self.table.set_runs(self._bridge.workspace.store.runs())
        self.changed.emit()

    @property
    def is_empty(self) -> bool:
        """Whether nothing ever ran here."""
        return self.table.rowCount() == 0

    def _on_run_changed(self, _run_id: str) -> None:
        self.refresh()
