"""Words and figures about jobs for the job bar and the sidebar."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from app.job_bridge import JobBridge
from app.progress_text import count_of
from app.widgets.job_bar import JobStatus
from app.widgets.pill import Tone
from app.widgets.sidebar import State as PageState
from core.jobs.registry import saves
from core.workspace.records import ENDED, Run

_REFRESH_MS = 250
#: The page that shows what a kind of job makes.
_PAGE_OF = {
    "import_data": "data",
    "download_data": "data",
    "add_model": "models",
    "add_endpoint": "models",
    "download_model": "models",
    "merge": "models",
    "prune": "prune",
    "finetune": "finetune",
    "distill": "distill",
    "quantize": "quantize",
    "evaluate": "evaluate",
    "search": "finetune",
    "augment": "data",
    "generate": "generate",
    "inspect_data": "data",
    "fix_data": "data",
    "edit_data": "data",
}


class JobStatusSource(QObject):
    """Turns runs and their progress into what the window's frame shows."""

    status_changed = Signal(object)
    idle = Signal()
    run_ended = Signal(object)

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._runs: dict[str, Run] = {}
        self._active = ""
        self._waiting = 0
        bridge.run_changed.connect(self._on_run_changed)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self.reload()

    def reload(self) -> None:
        """Reads the runs anew."""
        self._runs = {run.id: run for run in self._bridge.workspace.store.runs()}
        active = [run for run in self._runs.values() if run.is_active]
        queued = [run for run in self._runs.values() if run.state == "queued"]
        shown = active or queued[-1:]
        self._active = shown[0].id if shown else ""
        self._waiting = len(queued) - (0 if active else len(shown))
        if self._active:
            self._timer.start()
            self.refresh()
        else:
            self._timer.stop()
            self.idle.emit()

    def refresh(self) -> None:
        """Says anew how far the running job is."""
        run = self._runs.get(self._active)
        if run is None:
            return
        progress = self._bridge.progress(run.id)
        note = ""
        grace = self._bridge.grace_left_s
        if run.state == "stopping" and grace is not None:
            told = self.tr("saving what there is, at most {s} s")
            note = (told if saves(run.kind) else self.tr("ending, at most {s} s")).format(s=round(grace))
        elif run.state == "queued" and self._bridge.queue.waits_for_other:
            note = self.tr("another SLM Workbench is at work here")
        self.status_changed.emit(
            JobStatus(
                run_id=run.id,
                title=run.name,
                state=phase_word(progress.phase) or state_word(run.state),
                tone="warn" if run.state == "stopping" else "accent",
                fraction=progress.fraction,
                count=count_of(progress.unit, progress.done, progress.total) if progress.total else "",
                left_s=progress.left_s(),
                note=note,
                can_stop=run.state != "stopping",
                queued=self._waiting,
            )
        )

    def page_states(self) -> dict[str, PageState]:
        """How each stage stands, for the sidebar's dots."""
        store = self._bridge.workspace.store
        models, data = store.artifacts("model"), store.artifacts("dataset")
        reports: PageState = "ready" if store.artifacts("report") else "empty"
        kinds = {run.kind for run in self._runs.values() if run.is_active}
        made = {self._runs[item.run_id].kind for item in (*models, *data) if item.run_id in self._runs}
        newest = next(iter(self._runs.values()), None)
        states: dict[str, PageState] = {
            "data": "ready" if data else "empty",
            "models": "ready" if models else "empty",
            "generate": "ready" if "generate" in made else "empty",
            "distill": "ready" if "distill" in made else "empty",
            "prune": "ready" if "prune" in made else "empty",
            "finetune": "ready" if "finetune" in made else "empty",
            "quantize": "ready" if "quantize" in made else "empty",
            "evaluate": reports,
            "compare": reports,
            "deploy": "ready" if models else "empty",
            "runs": "busy" if kinds else "ready" if self._runs else "empty",
        }
        if newest is not None and newest.state in ("failed", "crashed") and not kinds:
            states["runs"] = "warn"
        return states | {_PAGE_OF[kind]: "busy" for kind in kinds if kind in _PAGE_OF}

    def _on_run_changed(self, run_id: str) -> None:
        before = self._runs.get(run_id)
        self.reload()
        after = self._runs.get(run_id)
        if after is not None and after.state in ENDED and (before is None or before.state not in ENDED):
            self.run_ended.emit(after)


def state_word(state: str) -> str:
    """A run's state in a word."""
    words = {
        "queued": QCoreApplication.translate("states", "Waiting"),
        "starting": QCoreApplication.translate("states", "Starting"),
        "running": QCoreApplication.translate("states", "Running"),
        "stopping": QCoreApplication.translate("states", "Stopping"),
        "succeeded": QCoreApplication.translate("states", "Finished"),
        "stopped": QCoreApplication.translate("states", "Stopped"),
        "cancelled": QCoreApplication.translate("states", "Cancelled"),
        "failed": QCoreApplication.translate("states", "Failed"),
        "crashed": QCoreApplication.translate("states", "Interrupted"),
    }
    return words.get(state, state)


def state_tone(state: str) -> Tone:
    """A run's state as a tone."""
    tones: dict[str, Tone] = {
        "succeeded": "good",
        "stopped": "muted",
        "failed": "bad",
        "crashed": "warn",
        "stopping": "warn",
        "cancelled": "muted",
        "queued": "muted",
    }
    return tones.get(state, "accent")


def state_sign(state: str) -> str:
    """A sign before the state's word, so that colour is never alone."""
    signs = {"succeeded": "✓", "stopped": "■", "failed": "✗", "crashed": "⚠", "cancelled": "✗", "queued": "○"}
    return signs.get(state, "●")


def kind_word(kind: str) -> str:
    """A kind of job in a word or two."""
    words = {
        "import_data": QCoreApplication.translate("kinds", "Add data"),
        "download_data": QCoreApplication.translate("kinds", "Download data"),
        "download_model": QCoreApplication.translate("kinds", "Download model"),
        "merge": QCoreApplication.translate("kinds", "Merge"),
        "prune": QCoreApplication.translate("kinds", "Prune"),
        "generate": QCoreApplication.translate("kinds", "Generate data"),
        "add_endpoint": QCoreApplication.translate("kinds", "Add endpoint"),
        "augment": QCoreApplication.translate("kinds", "Add varied rows"),
        "inspect_data": QCoreApplication.translate("kinds", "Look closer at data"),
        "fix_data": QCoreApplication.translate("kinds", "Fix data"),
        "edit_data": QCoreApplication.translate("kinds", "Edit data"),
        "add_model": QCoreApplication.translate("kinds", "Add model"),
        "finetune": QCoreApplication.translate("kinds", "Fine-tune"),
        "distill": QCoreApplication.translate("kinds", "Distill"),
        "quantize": QCoreApplication.translate("kinds", "Quantize"),
        "export": QCoreApplication.translate("kinds", "Export"),
        "fit": QCoreApplication.translate("kinds", "Will it fit"),
        "evaluate": QCoreApplication.translate("kinds", "Evaluate"),
        "search": QCoreApplication.translate("kinds", "Search settings"),
    }
    return words.get(kind, kind.replace("_", " ").capitalize())


def phase_word(phase: str) -> str:
    """A phase's key in a word; unknown keys are shown as they are."""
    words = {
        "loading": QCoreApplication.translate("phases", "Loading"),
        "preparing": QCoreApplication.translate("phases", "Preparing"),
        "asking": QCoreApplication.translate("phases", "Asking the teacher"),
        "harness": QCoreApplication.translate("phases", "Asking harness tasks"),
        "judging": QCoreApplication.translate("phases", "Having the answers rated"),
        "filtering": QCoreApplication.translate("phases", "Filtering"),
        "measuring": QCoreApplication.translate("phases", "Measuring"),
        "timing": QCoreApplication.translate("phases", "Timing"),
        "choosing": QCoreApplication.translate("phases", "Choosing"),
        "rounding": QCoreApplication.translate("phases", "Rounding"),
        "healing": QCoreApplication.translate("phases", "Healing"),
        "looking": QCoreApplication.translate("phases", "Looking closer"),
        "fixing": QCoreApplication.translate("phases", "Fixing"),
        "downloading": QCoreApplication.translate("phases", "Downloading"),
        "reading": QCoreApplication.translate("phases", "Reading"),
        "checking": QCoreApplication.translate("phases", "Checking"),
        "converting": QCoreApplication.translate("phases", "Converting"),
        "training": QCoreApplication.translate("phases", "Training"),
        "validating": QCoreApplication.translate("phases", "Validating"),
        "merging": QCoreApplication.translate("phases", "Merging"),
        "cutting": QCoreApplication.translate("phases", "Cutting"),
        "quantizing": QCoreApplication.translate("phases", "Quantizing"),
        "building": QCoreApplication.translate("phases", "Building"),
        "evaluating": QCoreApplication.translate("phases", "Evaluating"),
        "searching": QCoreApplication.translate("phases", "Searching"),
        "saving": QCoreApplication.translate("phases", "Saving"),
        "copying": QCoreApplication.translate("phases", "Copying"),
        "reporting": QCoreApplication.translate("phases", "Writing the report"),
        "trying": QCoreApplication.translate("phases", "Trying it out"),
        "receipt": QCoreApplication.translate("phases", "Trying it out"),
    }
    return words.get(phase, phase.replace("_", " ").capitalize())
