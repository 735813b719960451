"""Where a person stands, and the next step."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from app import receipt_text
from app.formats import short_name, when_text
from app.goes_on_text import goes_on_text
from app.job_bridge import JobBridge
from app.job_status import state_tone, state_word
from app.widgets.pill import Tone
from core.jobs import goes_on
from core.models import receipts
from core.models.receipts import ReceiptItem
from core.recipes.demo import starter_steps
from core.recipes.steps import Step as StarterStep
from core.specs import EvaluateSpec
from core.workspace.records import Artifact, Run


@dataclass(frozen=True)
class Step:
    """One stage of the work.

    Attributes:
        page: Key of its page.
        title: What it is called.
        text: What it is for, or what is there.
        done: Whether something is there.
        action: Label of the button that begins it.
        starter: Label of the way to begin with what the program brings along; empty when there is none.
        receipt: What was found when what is there was tried, where it was.
        argument: Id of the model that its page begins with; empty for none.
        why: What makes it the next step, where there is more to say than the text.
    """

    page: str
    title: str
    text: str
    done: bool
    action: str
    starter: str = ""
    receipt: ReceiptItem | None = None
    argument: str = ""
    why: str = ""


@dataclass(frozen=True)
class RecentRun:
    """A run as Home lists it; `resume` says what a resume finds, where one is offered."""

    run_id: str
    title: str
    when: str
    word: str
    tone: Tone
    resume: str


class HomeViewModel(QObject):
    """Follows the workspace."""

    changed = Signal()

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.steps: list[Step] = []
        self.recent: list[RecentRun] = []
        bridge.library_changed.connect(self.refresh)
        bridge.run_changed.connect(self._on_run_changed)

    def _on_run_changed(self, _run_id: str) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Reads the workspace anew."""
        store = self._bridge.workspace.store
        models, data, runs = store.artifacts("model"), store.artifacts("dataset"), store.runs()
        kinds = {run.id: run.kind for run in runs}
        tuned = [item for item in models if kinds.get(item.run_id) in ("finetune", "distill")]
        small = [item for item in models if kinds.get(item.run_id) == "quantize"]
        found = receipts.read(self._bridge.workspace.artifact_folder(small[0].id)) if small else None
        look = self._look_first(small[0], found, runs) if small else []
        self.steps = [
            Step(
                "data",
                self.tr("Data"),
                data[0].name if data else self.tr("A spreadsheet or a file with questions and answers."),
                bool(data),
                self.tr("Add data"),
                self.tr("Use the starter data"),
            ),
            Step(
                "models",
                self.tr("Model"),
                models[-1].name if models else self.tr("A small language model to start from."),
                bool(models),
                self.tr("Add a model"),
                self.tr("Use the starter model"),
            ),
            Step(
                "finetune",
                self.tr("Fine-tune"),
                tuned[0].name if tuned else self.tr("Teach the model your task from the examples."),
                bool(tuned),
                self.tr("Fine-tune"),
            ),
            Step(
                "quantize",
                self.tr("Quantize"),
                small[0].name if small else self.tr("Make it small and fast for the device."),
                bool(small),
                self.tr("Quantize"),
                receipt=found,
            ),
            *look,
            Step(
                "deploy",
                self.tr("Use"),
                self.tr("Chat with it on this computer."),
                False,
                self.tr("Chat with it"),
            ),
        ]
        now = time.time()
        self.recent = [self._recent(run, now) for run in runs[:5]]
        self.changed.emit()

    def _look_first(self, model: Artifact, found: ReceiptItem | None, runs: list[Run]) -> list[Step]:
        """A stage before a model is used whose receipt is not green: measure it, then see what came of it."""
        if found is None or found.status == "green":
            return []
        measured = {
            artifact_id
            for run in runs
            if run.kind == EvaluateSpec.kind and run.state == "succeeded"
            for artifact_id in self._bridge.workspace.store.inputs(run.id)
        }
        name, why = short_name(model.name), " ".join(receipt_text.reasons(found))
        if model.id in measured:
            text = self.tr("See whether “{name}” is good enough, or another one.").format(name=name)
            step = Step("compare", self.tr("Compare"), text, False, self.tr("Compare first"))
        else:
            text = self.tr("See on your test rows whether “{name}” is good enough.").format(name=name)
            step = Step("evaluate", self.tr("Measure"), text, False, self.tr("Measure it first"))
        return [replace(step, argument=model.id, why=why)]

    @property
    def next_step(self) -> Step:
        """The first stage that nothing was done for."""
        return next(step for step in self.steps if not step.done)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in the workspace at all."""
        return not any(step.done for step in self.steps) and not self.recent

    @property
    def can_try(self) -> bool:
        """Whether the starter model and data could still be added, and nothing works on that."""
        return bool(self._missing_starters())

    def try_starter(self) -> None:
        """Queues whatever is missing of the starter model and the starter data.

        Raises:
            WorkbenchError: The installation lacks them.
        """
        for step in self._missing_starters():
            self._bridge.submit(step.spec, step.name)

    def _missing_starters(self) -> list[StarterStep]:
        store = self._bridge.workspace.store
        waiting = {run.name for run in store.open_runs()}
        return [
            step
            for step in starter_steps()
            if step.name not in waiting and store.find_artifact(step.name) is None
        ]

    def _recent(self, run: Run, now: float) -> RecentRun:
        found = goes_on.offered(self._bridge.workspace, run)
        return RecentRun(
            run.id,
            run.name,
            when_text(run.created_at, now),
            state_word(run.state),
            state_tone(run.state),
            goes_on_text(found) if found is not None else "",
        )
