"""Rules of the prune page: what is cut out of which model, what that leaves, and what blocks the start."""

from __future__ import annotations

from typing import Any, Literal

from PySide6.QtCore import QObject, Signal, Slot

from app.job_bridge import JobBridge
from app.models import library
from app.models.command_line import command_line
from app.models.library import DataItem, ModelItem
from app.models.repeat import Repeat
from app.pages.prune.recipe_model import RecipeModel
from app.pages.prune.source_model import SourceModel
from app.pages.prune.wish import Way, Wish
from app.pages.wizard_view_model import WizardViewModel
from app.recipe_runner import RecipeRunner
from core.errors import InputError
from core.models.pruning import budget, rounds
from core.models.pruning.sizes import Cut, Sizes
from core.specs import PruneSpec

Blocker = Literal[
    "",
    "model",
    "looking",
    "model_refused",
    "data",
    "counting",
    "refused",
    "settings",
    "name",
    "name_taken",
    "disk",
    "busy",
    "writing",
]
Step = Literal["model", "data", "cut", "check"]
STEPS: tuple[Step, ...] = ("model", "data", "cut", "check")
_HALF_BYTES = frozenset({"bf16", "bfloat16", "f16", "float16"})
#: Fields with an editor of their own on the page.
_CHOSEN = ("model", "data", "keep_layers", "ffn_share", "vocabulary", "target_mb", "target_ms")


class PruneViewModel(WizardViewModel):
    """Edits a `PruneSpec` and starts it, or the recipe of its rounds.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
        recipes: Runs the rounds.

    Signals:
        recipe_started: The rounds are at work.
    """

    recipe_started = Signal()

    kind = PruneSpec.kind
    order = STEPS

    def __init__(self, bridge: JobBridge, recipes: RecipeRunner, parent: QObject | None = None) -> None:
        super().__init__(bridge, parent)
        self._recipe = RecipeModel(self._workspace, recipes, self)
        #: All models that are here; those that cannot be cut say why.
        self.all_models: list[ModelItem] = []
        self.models: list[ModelItem] = []
        self.data_sets: list[DataItem] = []
        self.model: ModelItem | None = None
        self.data: DataItem | None = None
        self.wish = Wish()
        self.advanced: dict[str, Any] = {}
        self.errors: dict[str, str] = {}
        self.files = SourceModel(self._workspace, self)
        self.files.changed.connect(self.changed)
        self.files.failed.connect(self.failed)
        bridge.run_changed.connect(self.refresh)
        self._recipe.changed.connect(self.changed)
        self._recipe.started.connect(self._on_started)
        self._recipe.failed.connect(self.failed)

    # --- choices ---

    @Slot()
    def refresh(self) -> None:
        """Reads the lists again and keeps the choices that still exist; a single candidate is chosen."""
        self.all_models = library.models(self._workspace, endpoints=True)
        self.models = [item for item in self.all_models if item.is_trainable]
        self.data_sets = library.data_sets(self._workspace)
        self.model = library.kept(self.models, self.model)
        self.data = library.kept(self.data_sets, self.data)
        self._ask()

    @Slot(str)
    def choose_model(self, artifact_id: str) -> None:
        """Takes a model that can be cut; of another one, other sizes are proposed."""
        item = library.found(self.models, artifact_id)
        if item is None:
            return
        if self.model is None or item.id != self.model.id:
            self.wish = Wish(self.wish.way, trims=self.wish.trims, rounds=self.wish.rounds)
        self.model = item
        self._ask()

    @Slot(str)
    def choose_data(self, artifact_id: str) -> None:
        """Takes a data set of the list."""
        self.data = library.found(self.data_sets, artifact_id) or self.data
        self._ask()

    def choose(self, artifact_id: str) -> None:
        """Takes an artifact as the model or as the data, whichever it is."""
        self.choose_model(artifact_id)
        self.choose_data(artifact_id)

    @Slot(str)
    def choose_way(self, way: Way) -> None:
        """To a size, to a time, or by hand."""
        self.wish.way = way
        self.changed.emit()

    @Slot(float)
    def set_target(self, megabytes: float) -> None:
        """How much may be left, at one byte a number."""
        self.wish.target = megabytes
        self.changed.emit()

    @Slot(float)
    def set_target_ms(self, milliseconds: float) -> None:
        """How long an answer may take."""
        self.wish.target_ms = milliseconds
        self.changed.emit()

    @Slot(float)
    def set_layers(self, layers: float) -> None:
        """How many layers stay."""
        self.wish.kept = round(layers)
        self.changed.emit()

    @Slot(float)
    def set_percent(self, percent: float) -> None:
        """How many of a hundred neurons stay."""
        self.wish.share = round(percent) / 100
        self.changed.emit()

    @Slot(bool)
    def set_trims(self, on: bool) -> None:
        """Whether only the tokens stay that the data needs."""
        self.wish.trims = on
        self.changed.emit()

    @Slot(bool)
    def set_repeats(self, on: bool) -> None:
        """Whether it learns again in between."""
        self.wish.rounds = 2 if on else 1
        self.changed.emit()

    @Slot(float)
    def set_rounds(self, count: float) -> None:
        """How often it is cut."""
        self.wish.rounds = round(count)
        self.changed.emit()

    def set_advanced(self, values: dict[str, Any], errors: dict[str, str]) -> None:
        """Takes the advanced fields that differ from their defaults, and what is wrong with them."""
        self.advanced, self.errors = values, errors
        self.changed.emit()

    def fill(self, repeat: Repeat) -> None:
        """Takes over what an earlier run was told."""
        told = repeat.spec.model_dump()
        self.refresh()
        self.model = library.found(self.models, told["model"])
        self.data = library.found(self.data_sets, told["data"])
        self.wish = Wish.of(PruneSpec.model_validate(told))
        self.advanced = {
            name: value
            for name, value in told.items()
            if name not in _CHOSEN and value != PruneSpec.model_fields[name].default
        }
        self.errors = {}
        self._name = repeat.name
        self.filled.emit()
        self._ask()

    # --- what follows from them ---

    @property
    def sizes(self) -> Sizes | None:
        """Of the chosen model; None until they were read."""
        return self.files.source.sizes if self.files.source is not None else None

    @property
    def can_trim(self) -> bool:
        """Whether the vocabulary can be cut."""
        return self.files.source is not None and not self.files.source.whole_only

    @property
    def tokens(self) -> int | None:
        """How many tokens stay, about; None while that is not known."""
        sizes = self.sizes
        if sizes is None:
            return None
        if not self._trims:
            return sizes.whole.tokens
        needed = self.files.needed
        return min(needed, sizes.whole.tokens) if needed is not None else None

    @property
    def is_timed(self) -> bool:
        """Whether the run itself finds out how much goes; what is left is then at least `cut`."""
        return self.wish.way == "time"

    @property
    def cut(self) -> Cut | None:
        """What will be left; None while it is not known or cannot be."""
        planned = self._planned()
        return planned if isinstance(planned, Cut) else None

    @property
    def problem(self) -> InputError | None:
        """Why it cannot be cut so."""
        planned = self._planned()
        return planned if isinstance(planned, InputError) else None

    @property
    def forgets(self) -> bool:
        """Whether more than unused tokens goes, so that it has to learn again."""
        cut, sizes = self.cut, self.sizes
        if cut is None or sizes is None:
            return False
        return (cut.layers, cut.neurons) != (sizes.whole.layers, sizes.whole.neurons)

    @property
    def rounds(self) -> list[Cut]:
        """What is left after each round; empty where it is cut once."""
        cut, sizes = self.cut, self.sizes
        if cut is None or sizes is None or not self.can_repeat or self.wish.rounds == 1:
            return []
        return rounds.between(sizes.whole, cut, self.wish.rounds)

    @property
    def can_repeat(self) -> bool:
        """Whether it can be cut in rounds: what has to be learnt again, and is known ahead."""
        return self.forgets and not self.is_timed

    def int8_bytes(self, cut: Cut) -> float:
        """About what such a model takes in int8, its tokenizer with it."""
        source = self.files.source
        if source is None:
            return 0.0
        return (
            source.sizes.int8_file_bytes(cut)
            + source.tokenizer_bytes * cut.tokens / source.sizes.whole.tokens
        )

    @property
    def disk_needed(self) -> int:
        """The result, in the number format of the model; and what is timed on the way."""
        cut, sizes = self.cut, self.sizes
        if cut is None or sizes is None or self.model is None:
            return 0
        if self.is_timed:
            return 2 * sizes.fp32_bytes(sizes.whole)
        is_half = library.root(self.all_models, self.model).dtype in _HALF_BYTES
        return sizes.fp32_bytes(cut) // (2 if is_half else 1)

    @property
    def name(self) -> str:
        """How the result will be called: as typed, or after the model."""
        if self._name or self.model is None:
            return self._name
        ending = "small" if self.rounds else "pruned"
        return self._workspace.free_name(f"{self.model.name}-{ending}", "model")

    def spec(self) -> PruneSpec | None:
        """The pruning as it is set now; None while something is missing, or nothing would go."""
        if self.model is None or self.data is None or self.errors:
            return None
        try:
            return PruneSpec.model_validate(
                {"model": self.model.id, "data": self.data.id, **self._spec_values()}
            )
        except ValueError:
            return None

    @property
    def step(self) -> Step:
        """The first step that is not finished."""
        if self.model is None or self.files.refused is not None:
            return "model"
        if self.data is None:
            return "data"
        return "cut" if self.errors or self.cut is None else "check"

    @property
    def blocker(self) -> Blocker:
        """What keeps the run from starting, or an empty text."""
        if self.model is None:
            return "model"
        if self.files.refused is not None:
            return "model_refused"
        if self.data is None:
            return "data"
        if self.errors:
            return "settings"
        if self.sizes is None:
            return "looking"
        if self.tokens is None:
            return "counting"
        if self.cut is None:
            return "refused"
        if wrong := self._name_blocker():
            return wrong
        if not self.has_disk:
            return "disk"
        if self._recipe.is_writing:
            return "writing"
        return "busy" if self.rounds and self._recipe.is_busy else ""

    def command(self) -> str:
        """The command line that does the same."""
        model = self.model.name if self.model else "MODEL"
        data = self.data.name if self.data else "DATA"
        parts = ["prune", model, "--data", data]
        for field, value in self._spec_values().items():
            parts += ["--set", f"{field}={value}"]
        if self.rounds:
            parts += ["--rounds", str(self.wish.rounds)]
        if self.name:
            parts += ["--name", self.name]
        return command_line(self._workspace, parts)

    @Slot()
    def start(self) -> None:
        """Queues the run, or starts the rounds; does nothing while something blocks it."""
        spec = self.spec()
        if self.blocker or spec is None:
            return
        if self.rounds:
            self._recipe.start(spec, self.wish.rounds, self.name)
        else:
            self._queue(spec)

    # --- inside ---

    @Slot()
    def _on_started(self) -> None:
        self._name = ""
        self.recipe_started.emit()

    def _ask(self) -> None:
        self.files.ask(self.model.id if self.model else None, self.data.id if self.data else None)
        self.changed.emit()

    @property
    def _trims(self) -> bool:
        return self.wish.trims and self.can_trim

    def _spec_values(self) -> dict[str, Any]:
        """What differs from the spec's own defaults."""
        sizes, tokens = self.sizes, self.tokens
        if sizes is None or tokens is None:
            return self.advanced
        return {**self.wish.values(sizes, tokens, trims=self._trims), **self.advanced}

    def _planned(self) -> Cut | InputError | None:
        sizes, tokens = self.sizes, self.tokens
        if sizes is None or tokens is None or self.model is None or self.data is None or self.errors:
            return None
        spec = self.spec()
        if spec is None:
            return budget.nothing_goes(sizes, self.model.name)
        try:
            return budget.plan(spec, sizes, tokens, self.model.name)
        except InputError as error:
            return error
