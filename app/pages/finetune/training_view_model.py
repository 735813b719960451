"""Rules that the fine-tune and the distill page share: the data, the name, what is needed, and the start."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from app.formats import size_text
from app.job_bridge import JobBridge
from app.models.library import DataItem, ModelItem
from app.pages.finetune.facts import Facts, FactsModel
from app.pages.finetune.fit_model import FitModel
from app.pages.sees_view_model import SeesViewModel
from core.errors import WorkbenchError
from core.specs import PreviewSpec, TrainingSpec
from core.workspace.workspace import check_name

#: What can be in the way once the models are chosen.
RestBlocker = Literal["", "data", "settings", "name", "name_taken", "template", "disk"]
_LOOK_ROWS = 3
_Item = TypeVar("_Item", ModelItem, DataItem)


class TrainingViewModel(QObject):
    """Edits a `TrainingSpec` and starts it; a page's own rules stand below.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
    """

    #: Lists, choices or the preview are different now.
    changed = Signal()
    #: The first row was read.
    facts_read = Signal()
    run_started = Signal(str)
    failed = Signal(object)
    #: All choices were replaced by those of an earlier run.
    filled = Signal()

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._workspace = bridge.workspace
        self.data_sets: list[DataItem] = []
        self.data: DataItem | None = None
        self.errors: dict[str, str] = {}
        self._name = ""
        self._facts = FactsModel(self._workspace, self)
        self._facts.read.connect(self.facts_read)
        self._facts.read.connect(self.changed)
        self.fit = FitModel(bridge, self)
        self.fit.changed.connect(self.changed)
        self.sees = SeesViewModel(bridge, self)
        self.sees.looked.connect(self.changed)
        for part in (self._facts, self.fit, self.sees):
            part.failed.connect(self.failed)
        bridge.library_changed.connect(self.refresh)
        bridge.run_changed.connect(self.refresh)

    # --- what a page says itself ---

    @Slot()
    def refresh(self) -> None:
        """Reads the lists again and keeps the choices that still exist; a single candidate is chosen."""
        raise NotImplementedError

    def spec(self) -> TrainingSpec | None:
        """The training as it is set now; None while something is missing or wrong."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """How the result will be called: as typed, or as suggested."""
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
        self.data = found(self.data_sets, artifact_id)
        self._choices_changed()

    @Slot(str)
    def set_name(self, name: str) -> None:
        """Names the result; empty goes back to the suggestion."""
        self._name = name.strip()
        self.changed.emit()

    def _blocker_of_the_rest(self) -> RestBlocker:
        """What is in the way once the models are chosen."""
        if self.data is None:
            return "data"
        if self.errors:
            return "settings"
        try:
            name = check_name(self.name)
        except WorkbenchError:
            return "name"
        if self._workspace.store.find_artifact(name, "model") is not None:
            return "name_taken"
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
            self._submit(())

    @Slot()
    def start_anyway(self) -> None:
        """Queues a run that does not fit; its log says that the person insisted."""
        said = self.fit.forecast
        if said is None:
            return
        text = self.tr("Started although it needs about {need} of memory and {free} were free.")
        need, free = said.need.memory.total, said.machine.memory_free
        self._submit((text.format(need=size_text(need), free=size_text(free)),))

    def _submit(self, warnings: tuple[str, ...]) -> None:
        spec = self.spec()
        if self.blocker or spec is None:
            return
        try:
            run = self._bridge.submit(spec, self.name, warnings)
        except WorkbenchError as error:
            self.failed.emit(error)
            return
        self._name = ""
        self.run_started.emit(run.id)
        self.changed.emit()


def kept(items: list[_Item], chosen: _Item | None) -> _Item | None:
    """The chosen item as it is now; with nothing chosen, the only one there is."""
    if chosen is not None:
        return found(items, chosen.id)
    return items[0] if len(items) == 1 else None


def found(items: list[_Item], artifact_id: str) -> _Item | None:
    """The item of this id."""
    return next((item for item in items if item.id == artifact_id), None)
