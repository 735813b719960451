"""Rules that the fine-tune and the distill page share: the data, the name, what is needed, and the start."""

from __future__ import annotations

from typing import Any, Literal

from PySide6.QtCore import QObject, Signal, Slot

from app.formats import size_text
from app.job_bridge import JobBridge
from app.models import library
from app.models.library import DataItem, ModelItem
from app.pages.finetune.facts import Facts, FactsModel
from app.pages.finetune.fit_model import FitModel
from app.pages.finetune.limit_text import short_of_limit
from app.pages.sees_view_model import SeesViewModel
from app.pages.wizard_view_model import WizardViewModel
from core.specs import PreviewSpec, TrainingSpec

#: What can be in the way once the models are chosen.
RestBlocker = Literal["", "data", "settings", "name", "name_taken", "template", "disk"]
_LOOK_ROWS = 3


class TrainingViewModel(WizardViewModel):
    """Edits a `TrainingSpec` and starts it; a page's own rules stand below.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
    """

    #: The first row was read.
    facts_read = Signal()

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, parent)
        self.data_sets: list[DataItem] = []
        self.data: DataItem | None = None
        self.errors: dict[str, str] = {}
        self._facts = FactsModel(self._workspace, self)
        self._facts.read.connect(self.facts_read)
        self._facts.read.connect(self.changed)
        self.fit = FitModel(bridge, self)
        self.fit.changed.connect(self.changed)
        self.sees = SeesViewModel(bridge, self)
        self.sees.looked.connect(self.changed)
        for part in (self._facts, self.fit, self.sees):
            part.failed.connect(self.failed)
        bridge.run_changed.connect(self.refresh)

    # --- what a page says itself ---

    def spec(self) -> TrainingSpec | None:
        """The training as it is set now; None while something is missing or wrong."""
        raise NotImplementedError

    @property
    def blocker(self) -> str:
        """What keeps the run from starting, or an empty text."""
        raise NotImplementedError

    def _choices_changed(self) -> None:
        raise NotImplementedError

    # --- what they share ---

    def close(self) -> None:
        """Drops what is still being read."""
        for part in (self._facts, self.fit, self.sees):
            part.close()

    @property
    def facts(self) -> Facts | None:
        """What the chosen data's files say; None until they were read."""
        return self._facts.facts

    @Slot(str)
    def choose_data(self, artifact_id: str) -> None:
        """Takes a data set of the list."""
        self.data = library.found(self.data_sets, artifact_id)
        self._choices_changed()

    def _blocker_of_the_rest(self) -> RestBlocker:
        """What is in the way once the models are chosen."""
        if self.data is None:
            return "data"
        if self.errors:
            return "settings"
        if wrong := self._name_blocker():
            return wrong
        if self.sees.look is not None and self.sees.look.forbids:
            return "template"
        said = self.fit.forecast
        return "" if said is None or said.has_disk else "disk"

    def _look_spec(self, model: ModelItem | None) -> PreviewSpec | None:
        """How the model sees the first rows."""
        if model is None or self.data is None or self.errors:
            return None
        return PreviewSpec(
            model=model.id,
            data=self.data.id,
            rows=_LOOK_ROWS,
            max_length=self._value("max_length"),
            default_system=self._value("default_system"),
        )

    def _value(self, field: str) -> Any:
        """A field as it is set now."""
        raise NotImplementedError

    @Slot()
    def start(self) -> None:
        """Queues the run, unless something blocks it or it clearly does not fit."""
        if not self.fit.is_refused:
            self._start(self._short_of_limit())

    @Slot()
    def start_anyway(self) -> None:
        """Queues a run that does not fit; its log says that the person insisted."""
        said = self.fit.forecast
        if said is None:
            return
        text = self.tr("Started although it needs about {need} of memory and {free} were free.")
        need, free = said.need.memory.total, said.machine.memory_free
        insisted = text.format(need=size_text(need), free=size_text(free))
        self._start((insisted, *self._short_of_limit()))

    def _short_of_limit(self) -> tuple[str, ...]:
        """For the run's log, where its passes end before its step limit."""
        said = self.fit.forecast
        text = short_of_limit(said) if said is not None else ""
        return (text,) if text else ()

    def _start(self, warnings: tuple[str, ...]) -> None:
        spec = self.spec()
        if not self.blocker and spec is not None:
            self._queue(spec, warnings)
