"""What a teacher would be asked, and the first rows as a trial: off the GUI thread, and stopped at any time.

The answers of a trial are kept, also of one that was stopped: a run of the same spec asks none of them again.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QTimer, Signal

from app.background import Background
from app.job_bridge import JobBridge
from core.data.generating import answered
from core.errors import CancelledError, WorkbenchError
from core.jobs import keys
from core.jobs.events import Event
from core.jobs.look import look
from core.jobs.sampling import cores
from core.offers import PREVIEW_S, Offer, few, teaching
from core.specs import GenerateSpec
from core.workspace import durable, scratch

_OFFER_AFTER_MS = 250  # the data is read for it: not for every key that is pressed
_WATCH_MS = 150


@dataclass(frozen=True)
class TrialRow:
    """A prompt, what the teacher answered, and what becomes of it.

    Attributes:
        expected: The data's own answer; empty where it has none.
        note: `kept`, or why it is not.
    """

    prompt: str
    answer: str
    expected: str
    note: str


@dataclass(frozen=True)
class Trial:
    """A trial's rows and what they took.

    Attributes:
        spec: What was asked: some rows of a whole spec.
        rows: As they were answered.
        asked: How many prompts were worked on to the end.
        seconds: How long asking took, together with the trial whose answers it went on from.
        answers: Files of its answers, for whoever goes on from it.
        error: Why it ended early, or None.
    """

    spec: GenerateSpec
    rows: tuple[TrialRow, ...] = ()
    asked: int = 0
    tokens: int = 0
    cost: float = 0.0
    seconds: float = 0.0
    answers: dict[str, str] = field(default_factory=dict)
    error: WorkbenchError | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all of its rows were asked."""
        return self.error is None and self.asked > 0


@dataclass(frozen=True)
class Question:
    """What a person must agree to before anything leaves this computer.

    Attributes:
        spec: What would be asked.
        offer: How much that is, and where it is sent.
        has_key: Whether there is a key for that place.
        is_trial: Whether it is about the first rows only.
    """

    spec: GenerateSpec
    offer: Offer
    has_key: bool
    is_trial: bool


class TrialModel(QObject):
    """Looks at what a spec would ask, and tries its first rows.

    Args:
        bridge: Knows the workspace.
        parent: Owner.

    Signals:
        changed: There is another offer or trial, or its next row.
        asked: A `Question` that must be agreed to first.
        failed: Something went wrong on the way.
    """

    changed = Signal()
    asked = Signal(object)
    failed = Signal(object)

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = bridge.workspace
        self._background = Background(self)
        self._background.busy_changed.connect(self.changed)
        self._spec: GenerateSpec | None = None
        self._stop = threading.Event()
        self._said: list[Event] = []
        self.offer: Offer | None = None
        #: Why these settings cannot be asked.
        self.misfit: WorkbenchError | None = None
        self.trial: Trial | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_OFFER_AFTER_MS)
        self._timer.timeout.connect(self._look)
        self._watch = QTimer(self)
        self._watch.setInterval(_WATCH_MS)
        self._watch.timeout.connect(self.changed)

    def close(self) -> None:
        """Ends a trial and drops what is being read."""
        self._stop.set()
        self._timer.stop()
        self._watch.stop()
        self._background.close()

    # --- what would be asked ---

    def ask(self, spec: GenerateSpec | None) -> None:
        """The settings are these now; None while something is missing."""
        if spec == self._spec:
            return
        self._spec, self.offer, self.misfit = spec, None, None
        self._background.cancel("offer")
        if spec is None:
            self._timer.stop()
        else:
            self._timer.start()

    @property
    def is_looking(self) -> bool:
        """Whether it is being worked out."""
        return self._timer.isActive() or self._background.is_busy("offer")

    def _look(self) -> None:
        spec, workspace = self._spec, self._workspace
        if spec is None:
            return

        def work(_cancelled: threading.Event) -> Offer | WorkbenchError:
            try:
                return teaching(workspace, spec)
            except WorkbenchError as error:
                return error

        self._background.run("offer", work, self._on_offer, self.failed.emit)

    def _on_offer(self, found: Offer | WorkbenchError) -> None:
        if isinstance(found, Offer):
            self.offer = found
        else:
            self.misfit = found
        self.changed.emit()

    def require(self, spec: GenerateSpec, *, is_trial: bool) -> None:
        """Works out what must be agreed to, and says it by `asked`; a key may be in a slow keyring."""
        workspace = self._workspace

        def work(_cancelled: threading.Event) -> Question:
            found = teaching(workspace, spec)
            has_key = found.endpoint is None or keys.find(found.teacher) is not None
            return Question(spec, found, has_key, is_trial)

        self._background.run("question", work, self.asked.emit, self.failed.emit)
        self.changed.emit()

    @property
    def is_asking(self) -> bool:
        """Whether the question is being worked out."""
        return self._background.is_busy("question")

    # --- the trial ---

    @property
    def is_trying(self) -> bool:
        """Whether rows are being asked now."""
        return self._background.is_busy("trial")

    @property
    def rows(self) -> tuple[TrialRow, ...]:
        """The rows of the trial so far."""
        if self.is_trying:
            return _rows(self._said)
        return self.trial.rows if self.trial is not None else ()

    @property
    def is_current(self) -> bool:
        """Whether the trial was asked with the settings of now."""
        return self.trial is not None and self._spec is not None and self.trial.spec == few(self._spec)

    def answers_for(self, spec: GenerateSpec) -> dict[str, str]:
        """What the trial was answered, if a run of this spec would ask the same."""
        known = self.trial
        return known.answers if known is not None and known.spec.answers_alike(spec) else {}

    def start(self, spec: GenerateSpec) -> None:
        """Asks the few rows of `spec`; whoever calls has the person's consent."""
        workspace, before = self._workspace, self.trial
        brought = self.answers_for(spec)
        self._stop, self._said = threading.Event(), []
        stop, said, threads = self._stop, self._said, self._bridge.complete(spec).threads or cores()

        def work(_cancelled: threading.Event) -> Trial:
            error: WorkbenchError | None = None
            with scratch.lent(workspace.root, "look") as folder:
                for file, text in brought.items():
                    durable.write_text(folder / file, text)
                try:
                    look(
                        workspace, spec, stop, patience_s=PREVIEW_S, said=said, folder=folder, threads=threads
                    )
                except WorkbenchError as problem:
                    error = problem
                answers = answered.taken(folder)
            return _trial(spec, said, answers, error, before.seconds if brought and before else 0.0)

        self._background.run("trial", work, self._on_tried, self._on_failed)
        self._watch.start()
        self.changed.emit()

    def forget(self) -> None:
        """A run has taken the answers over; another run of the same spec asks for its own."""
        self.trial = None

    def stop(self) -> None:
        """Ends the trial; what was answered is kept."""
        self._stop.set()

    def _on_tried(self, trial: Trial) -> None:
        self._watch.stop()
        self.trial = trial
        if trial.error is not None and not isinstance(trial.error, CancelledError):
            self.failed.emit(trial.error)
        self.changed.emit()

    def _on_failed(self, error: WorkbenchError) -> None:
        self._watch.stop()
        self.failed.emit(error)
        self.changed.emit()


def _rows(said: Sequence[Event]) -> tuple[TrialRow, ...]:
    return tuple(
        TrialRow(*(str(event.get(name) or "") for name in ("prompt", "answer", "expected", "note")))
        for event in tuple(said)
        if event.ev == "sample"
    )


def _trial(
    spec: GenerateSpec,
    said: Sequence[Event],
    answers: dict[str, str],
    error: WorkbenchError | None,
    seconds_before: float,
) -> Trial:
    metrics = [event for event in said if event.ev == "metrics"]
    began = next((event.t for event in said if event.ev == "phase" and event.get("name") == "asking"), 0.0)
    values = metrics[-1].get("values") if metrics else {}
    return Trial(
        spec=spec,
        rows=_rows(said),
        asked=len(metrics),
        tokens=round(values.get("tokens_in", 0.0) + values.get("tokens_out", 0.0)),
        cost=float(values.get("cost", 0.0)),
        seconds=seconds_before + (metrics[-1].t - began if metrics else 0.0),
        answers=answers,
        error=error,
    )
