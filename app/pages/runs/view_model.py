"""The runs of the workspace, filtered as the person wishes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.job_bridge import JobBridge
from app.models.repeat import can_repeat, repeat_of
from app.models.run_table import RunTableModel
from app.widgets.error_text import ErrorText
from core.errors import InputError
from core.jobs.comparison import MOST_RUNS
from core.workspace.records import Run

#: States that count as one in the filter.
STATES = {
    "at_work": frozenset({"queued", "starting", "running", "stopping"}),
    "finished": frozenset({"succeeded", "stopped"}),
    "broken": frozenset({"failed", "crashed", "cancelled"}),
}


class RunsViewModel(QObject):
    """Keeps the table in step with the store.

    Signals:
        changed: Rows or the kinds to filter by are different now.
        repeat_requested: A `Repeat` for the page that can start it.
        refused: A request could not be carried out; an `ErrorText`.
    """

    changed = Signal()
    repeat_requested = Signal(object)
    refused = Signal(object)

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._all: list[Run] = []
        self._text = self._kind = self._state = ""
        self.table = RunTableModel(self)
        bridge.run_changed.connect(self._on_run_changed)

    def refresh(self) -> None:
        """Reads the runs anew."""
        self._all = self._bridge.workspace.store.runs()
        self._show()

    def set_text(self, text: str) -> None:
        """Shows only runs whose name or id holds the text, whatever its case."""
        self._text = text.strip().casefold()
        self._show()

    def set_kind(self, kind: str) -> None:
        """Shows only one kind of job; all when empty."""
        self._kind = kind
        self._show()

    def set_state(self, state: str) -> None:
        """Shows only runs of one of `STATES`; all when empty."""
        self._state = state
        self._show()

    @property
    def bridge(self) -> JobBridge:
        """Runs the jobs."""
        return self._bridge

    @property
    def kinds(self) -> list[str]:
        """The kinds of job that ran here."""
        return sorted({run.kind for run in self._all})

    @property
    def is_empty(self) -> bool:
        """Whether nothing ever ran here."""
        return not self._all

    @staticmethod
    def can_compare(runs: list[Run]) -> bool:
        """Whether these are few enough, and more than one."""
        return 2 <= len(runs) <= MOST_RUNS

    @staticmethod
    def can_repeat(runs: list[Run]) -> bool:
        """Whether this is one run that a page can start again."""
        return len(runs) == 1 and can_repeat(runs[0])

    def repeat(self, run: Run) -> None:
        """Opens a run's spec on the page that can start it."""
        try:
            self.repeat_requested.emit(repeat_of(self._bridge.workspace, run))
        except InputError as error:
            self.refused.emit(ErrorText.of(error))

    def _show(self) -> None:
        states = STATES.get(self._state)
        self.table.set_runs(
            [
                run
                for run in self._all
                if (not self._text or self._text in run.name.casefold() or self._text in run.id)
                and (not self._kind or run.kind == self._kind)
                and (states is None or _group(run) in states)
            ]
        )
        self.changed.emit()

    def _on_run_changed(self, _run_id: str) -> None:
        self.refresh()


def _group(run: Run) -> str:
    """The state that a run counts as; a stop that kept nothing finished nothing."""
    return "cancelled" if run.kept_nothing else run.state
