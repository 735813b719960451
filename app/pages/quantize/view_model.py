"""Rules of the quantize page: which model, which recipe, how large it becomes, and what blocks the start."""

from __future__ import annotations

import math
import threading
from typing import Any, Literal

from pydantic import ValidationError
from PySide6.QtCore import QObject, Slot

from app.background import Background
from app.job_bridge import JobBridge
from app.models import library
from app.models.command_line import command_line
from app.models.library import DataItem, ModelItem
from app.models.repeat import Repeat
from app.pages.quantize.outlook import Outlook
from app.pages.wizard_view_model import WizardViewModel
from core import mismatch
from core.errors import WorkbenchError
from core.models import targets
from core.models.quantizing import recipes
from core.models.quantizing.expected import Expected
from core.models.quantizing.export_sizes import ExportSizes
from core.specs import QuantizeSpec
from core.workspace import taught

Blocker = Literal["", "model", "settings", "name", "name_taken", "disk"]
Step = Literal["model", "recipe", "check"]
STEPS: tuple[Step, ...] = ("model", "recipe", "check")
#: What most people need, and what is shown when they ask for more.
USUAL = ("int8", "int4-mixed", "search", "int4")
RECIPES = (*USUAL, "int4-edges", "int4-gptq", "int4-awq", "int4-kquant", "int4-hqq", "fp32")
#: Milliseconds of an answer that are proposed.
_PROPOSED_MS = 50.0


class QuantizeViewModel(WizardViewModel):
    """Edits a `QuantizeSpec` and starts it.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
    """

    kind = QuantizeSpec.kind
    order = STEPS

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(bridge, parent)
        self.models: list[ModelItem] = []
        self.model: ModelItem | None = None
        self.recipe = str(QuantizeSpec.model_fields["recipe"].default)
        self.advanced: dict[str, Any] = {}
        self.served: list[str] = []
        self.data_sets: list[DataItem] = []
        self.data: DataItem | None = None
        self._data_was_chosen = False
        self.max_mb: float | None = None
        self.limit_ms = _PROPOSED_MS
        self._timed = False
        self.sizes = ExportSizes(self._workspace)
        self.outlook = Outlook(self._workspace)
        self._all_recipes = False
        self.target = str(QuantizeSpec.model_fields["target"].default)
        #: By target: what it would take here. Until the runtime was asked, only the processor is offered.
        self.target_obstacles = _obstacles(frozenset())
        self.errors: dict[str, str] = {}
        self._all: list[ModelItem] = []
        bridge.run_changed.connect(self.refresh)
        self._background = Background(self)

    def ask_runtime(self) -> None:
        """Asks the installed runtime where models can run; a second the first time."""
        self._background.run("targets", _ask_runtime, self._on_targets, _ignore)

    @Slot()
    def refresh(self) -> None:
        """Reads the models again and keeps the choice if it still exists; a single candidate is chosen."""
        self._all = library.models(self._workspace)
        self.outlook.refresh()
        self.models = [item for item in self._all if not item.is_exported]
        self.model = library.kept(self.models, self.model)
        self._keep_served()
        self.data_sets = [item for item in library.data_sets(self._workspace) if item.validation]
        self.data = library.found(self.data_sets, self.data.id) if self.data else None
        self._propose_data()
        self.changed.emit()

    @Slot(str)
    def choose_model(self, artifact_id: str) -> None:
        """Takes a model of the list; others are ignored."""
        self.model = library.found(self.models, artifact_id) or self.model
        self._keep_served()
        self._propose_data()
        self.changed.emit()

    def adapters(self) -> list[ModelItem]:
        """Add-ons over the model that the result could serve beside it."""
        chosen = self.model.id if self.model else ""
        return [item for item in self._all if item.adds_up and item.base == chosen]

    def serve(self, artifact_id: str, on: bool) -> None:
        """Takes an add-on along, or leaves it out."""
        others = [other for other in self.served if other != artifact_id]
        self.served = [*others, artifact_id] if on else others
        self._keep_served()
        self.changed.emit()

    def _keep_served(self) -> None:
        self.sizes.ask(library.root(self._all, self.model).id if self.model else "")
        possible = {item.id for item in self.adapters()}
        self.served = [artifact for artifact in self.served if artifact in possible]

    def _propose_data(self) -> None:
        """Takes the rows that the model was taught with, until others are chosen."""
        if not self._data_was_chosen and self.model is not None:
            learnt = taught.taught_on(self._workspace, self.model.id)
            self.data = library.found(self.data_sets, learnt[0]) if learnt else None

    @Slot(str)
    def choose_target(self, name: str) -> None:
        """Takes a kind of processor that can be used here."""
        if not self.target_obstacles[name]:
            self.target = name
        self.changed.emit()

    def _on_targets(self, providers: frozenset[str]) -> None:
        self.target_obstacles = _obstacles(providers)
        self.changed.emit()

    @Slot(str)
    def choose_recipe(self, recipe: str) -> None:
        """One of `RECIPES`."""
        if recipe != self.recipe:
            self._all_recipes = self.shows_all
            self.recipe = recipe
        self.changed.emit()

    @property
    def offered(self) -> tuple[str, ...]:
        """Those to choose from: the usual ones, or all that there are."""
        return RECIPES if self.shows_all else USUAL

    @property
    def shows_all(self) -> bool:
        """Whether the rare recipes are shown too; where one of them is chosen they are."""
        return self._all_recipes or not self.is_usual

    @property
    def is_usual(self) -> bool:
        """Whether the chosen recipe is seen among the usual ones, so that the others can be put away."""
        return self.recipe in USUAL

    @Slot()
    def toggle_all(self) -> None:
        """Shows the rare recipes, or puts them away."""
        self._all_recipes = not self.shows_all
        self.changed.emit()

    @property
    def looks(self) -> bool:
        """Whether rows can be told that something looks at."""
        return self.must_look or self.may_look

    @property
    def must_look(self) -> bool:
        """Whether the recipe, who rounds or mends, or the cache looks at rows, or at shipped text alone."""
        return recipes.must_read(self._told())

    @property
    def may_look(self) -> bool:
        """Whether what rounds looks at rows only if there are any."""
        return recipes.may_read(self._told())

    @property
    def odd_rows(self) -> mismatch.Mismatch | None:
        """What speaks against the chosen rows: that they are of another task than the model has learnt."""
        return self.outlook.mismatch(self._about(self.recipe)) if self.model and self.data else None

    def expected(self, recipe: str) -> Expected | None:
        """How long a recipe takes with this model and how near it stays; None without a model."""
        return self.outlook.expected(self._about(recipe), self.parameters) if self.parameters else None

    def _about(self, recipe: str) -> QuantizeSpec:
        """A run of a recipe as far as time and likeness go."""
        told = self._told(recipe)
        data = self.data.id if self.data is not None and recipes.reads_rows(told) else None
        limits = (
            {"max_mb": self.limit_mb, "max_ms": self._limit().get("max_ms")} if recipe == "search" else {}
        )
        return told.model_copy(update={"model": self.model.id if self.model else "", "data": data, **limits})

    def _told(self, recipe: str = "") -> QuantizeSpec:
        """Recipe and advanced fields, whether they go together or not."""
        return QuantizeSpec.model_construct(recipe=recipe or self.recipe, **self.advanced)

    @Slot(str)
    def choose_data(self, artifact_id: str) -> None:
        """Whose validation rows are looked at; an empty id takes none."""
        self._data_was_chosen = True
        self.data = library.found(self.data_sets, artifact_id)
        self.changed.emit()

    @property
    def limits(self) -> tuple[float, float]:
        """How small and how large the search can make the model, in MB."""
        least, most = self.sizes.range_of(self.parameters)
        return math.ceil(least / 1e5) / 10, math.ceil(most / 1e5) / 10

    @property
    def limit_mb(self) -> float:
        """The limit as set; else the size of the fixed recipe to beat, or the most where time has a limit."""
        least, most = self.limits
        if self.is_timed and self.max_mb is None:
            return most
        usual = math.ceil((self.expected_bytes("int4-edges") or 0) / 1e5) / 10
        return min(max(self.max_mb or usual, least), most)

    @Slot(float)
    def set_limit(self, limit_mb: float) -> None:
        """How large the searched result may be, in MB."""
        self.max_mb = limit_mb
        self.changed.emit()

    @property
    def can_time(self) -> bool:
        """Whether a search can be told how long an answer may take: where it runs on this processor."""
        return self.recipe == "search" and self.target == "cpu"

    @property
    def is_timed(self) -> bool:
        """Whether the search has a limit of time."""
        return self._timed and self.can_time

    @Slot(bool)
    def set_timed(self, on: bool) -> None:
        """Sets a limit of time, or lifts it."""
        self._timed = on
        self.changed.emit()

    @Slot(float)
    def set_limit_ms(self, limit_ms: float) -> None:
        """How long an answer of the searched result may take."""
        self.limit_ms = limit_ms
        self.changed.emit()

    def set_advanced(self, values: dict[str, Any], errors: dict[str, str]) -> None:
        """Takes the advanced fields that differ from their defaults, and what is wrong with them."""
        self.advanced, self.errors = values, errors
        self.changed.emit()

    def fill(self, repeat: Repeat) -> None:
        """Takes over what an earlier run was told."""
        self.refresh()
        told = repeat.spec.model_dump()
        self.model = library.found(self.models, told["model"])
        self.recipe, self.target = told["recipe"], told["target"]
        self.data = library.found(self.data_sets, told["data"] or "")
        self._data_was_chosen = True
        self.max_mb = told["max_mb"]
        self._timed = told["max_ms"] is not None
        self.limit_ms = told["max_ms"] or _PROPOSED_MS
        self.advanced = {
            name: told[name]
            for name, info in QuantizeSpec.model_fields.items()
            if name not in ("model", "recipe", "data", "max_mb", "max_ms", "target")
            and told[name] != info.default
        }
        self.errors = {}
        self._name = repeat.name
        self.filled.emit()
        self.changed.emit()

    @property
    def name(self) -> str:
        """How the result will be called: as typed, or after model and recipe."""
        if self._name or self.model is None:
            return self._name
        return self._workspace.free_name(f"{self.model.name}-{self.recipe}", "model")

    @property
    def parameters(self) -> int:
        """Parameters of the model, or of the base of an add-on."""
        if self.model is None:
            return 0
        base = next((item for item in self._all if item.id == self.model.base), None)
        return (base or self.model).parameters

    def expected_bytes(self, recipe: str) -> float | None:
        """About how large the result will be; None without a model that says how many parameters it has."""
        if recipe == "search":
            return self.limit_mb * 1e6 if self.parameters else None
        block = self.advanced.get("block", QuantizeSpec.model_fields["block"].default)
        return self.sizes.of(recipe, block, self.parameters)

    @property
    def memory_bytes(self) -> float | None:
        """About the memory of the result while it answers; None for fp32, or with sizes unknown."""
        if self.recipe == "fp32":
            return None
        length = int(self.advanced.get("max_length", QuantizeSpec.model_fields["max_length"].default))
        bits = 8 if self.advanced.get("kv_cache") == "int8" else 32
        found = self.sizes.memory(self.expected_bytes(self.recipe) or 0.0, length, bits)
        return found.total if found is not None else None

    @property
    def bytes_now(self) -> int:
        """Size of the model with its base, as it is."""
        if self.model is None:
            return 0
        base = next((item for item in self._all if item.id == self.model.base), None)
        return self.model.bytes + (base.bytes if base else 0)

    @property
    def disk_needed(self) -> float:
        """The result and a full-precision copy on the way."""
        expected = self.expected_bytes(self.recipe) or 0.0
        return expected + self.parameters * 4.0

    @property
    def step(self) -> Step:
        """The first step that is not finished."""
        if self.model is None:
            return "model"
        return "check" if self._works_together and not self.errors else "recipe"

    @property
    def blocker(self) -> Blocker:
        """What keeps the run from starting, or an empty text."""
        if self.model is None:
            return "model"
        if self.errors or not self._works_together:
            return "settings"
        if wrong := self._name_blocker():
            return wrong
        return "" if self.has_disk else "disk"

    def command(self) -> str:
        """The command line that does the same."""
        model = self.model.name if self.model else "MODEL"
        parts = ["quantize", model, "--recipe", self.recipe]
        if self.served:
            names = {item.id: item.name for item in self._all}
            parts += ["--adapters", ",".join(names[artifact] for artifact in self.served)]
        if self.looks and self.data is not None:
            parts += ["--data", self.data.name]
        if self.target != QuantizeSpec.model_fields["target"].default:
            parts += ["--set", f"target={self.target}"]
        for field, value in {**self._limit(), **self.advanced}.items():
            parts += ["--set", f"{field}={value}"]
        if self.name:
            parts += ["--name", self.name]
        return command_line(self._workspace, parts)

    @Slot()
    def start(self) -> None:
        """Queues the run; does nothing while something blocks it."""
        if self.blocker or self.model is None:
            return
        found = self.odd_rows
        self._queue(self._spec(self.model.id), [mismatch.sentence(found)] if found is not None else [])

    def _spec(self, model: str) -> QuantizeSpec:
        told = {"model": model, "recipe": self.recipe, "adapters": self.served, **self._limit()}
        told |= {"data": self.data.id if self.looks and self.data else None, **self.advanced}
        return QuantizeSpec.model_validate({**told, "target": self.target})

    @property
    def _works_together(self) -> bool:
        """Whether the advanced fields go with where it will run."""
        try:
            self._spec("")
        except ValidationError:
            return False
        return True

    def _limit(self) -> dict[str, float]:
        size = {"max_mb": self.limit_mb} if self.recipe == "search" and self.parameters else {}
        return {**size, "max_ms": self.limit_ms} if self.is_timed else size


def _obstacles(providers: frozenset[str]) -> dict[str, str]:
    known = providers or frozenset({targets.TARGETS["cpu"].provider})
    return {name: targets.obstacle(target, known) for name, target in targets.TARGETS.items()}


def _ask_runtime(_cancelled: threading.Event) -> frozenset[str]:
    return targets.reported()


def _ignore(_error: WorkbenchError) -> None:
    """Without an answer only the processor is offered."""
