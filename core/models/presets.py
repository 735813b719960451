"""What suits a model and a task, by how patient a person is: data in `resources/presets`, chosen here.

A preset fills fields of a `FinetuneSpec` before the job starts; what a person set by hand wins, and the spec
that is kept says every value. `balanced` for SmolLM2-135M and classification is what the spec says by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict

from core.specs import FinetuneSpec
from core.workspace.records import Artifact
from core.workspace.store import Store

Patience = Literal["quick", "balanced", "thorough"]
PATIENCES: tuple[Patience, ...] = get_args(Patience)
DEFAULT: Patience = "balanced"
_FALLBACK_TASK = "generation"
#: A model that was cut out of another learns every weight at six times the rate of fine-tuning. With 5e-5 a
#: student of 12 layers was 0 % right where 3e-4 brought 92 %, in the same steps on the same rows.
CUT_RATE = 3e-4
_DEEPEST = 8


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reasoned(_Read):
    """A value, and why it is that one, in a few words."""

    value: float
    why: str


class Stage(_Read):
    """What one degree of patience means for a task."""

    epochs: Reasoned
    lora_rank: Reasoned
    lora_alpha: Reasoned


class TaskPreset(_Read):
    """What a task asks for."""

    learning_rate_factor: Reasoned
    max_length: Reasoned
    quick: Stage
    balanced: Stage
    thorough: Stage


class Size(_Read):
    """What a base of up to so many parameters asks for; `lora` and `full` are learning rates."""

    up_to: int | None
    lora: Reasoned
    full: Reasoned
    batch_size: Reasoned


class Base(_Read):
    """A family of models, and how to know it."""

    title: str
    architectures: tuple[str, ...]
    names: tuple[str, ...]
    sizes: tuple[Size, ...]


@dataclass(frozen=True)
class Facts:
    """What is known of a model: name and origin as written, class, parameters, context in tokens.

    And whether it was cut out of another and has not learnt since.
    """

    text: str
    architecture: str = ""
    parameters: int = 0
    context: int = 0
    is_cut: bool = False


@dataclass(frozen=True)
class Setting:
    """One field that a preset fills, and why."""

    field: str
    value: Any
    why: str


@dataclass(frozen=True)
class Preset:
    """What was chosen, and for what."""

    base: str
    task: str
    patience: Patience
    settings: tuple[Setting, ...]

    def values(self) -> dict[str, Any]:
        """Field → value."""
        return {setting.field: setting.value for setting in self.settings}

    def sentence(self, by_hand: Mapping[str, Any] | None = None) -> str:
        """`Chosen for SmolLM2 135M, chat: 2 passes, …`, less what was set by hand."""
        mine = by_hand or {}
        parts = [say(item) for item in self.settings if item.field in _SAID and item.field not in mine]
        what = ", ".join(filter(None, [self.base, self.task.replace("_", " ")]))
        return f"Chosen for {what}: {', '.join(parts)}." if parts else ""


_SAID = ("epochs", "learning_rate", "max_length")


def say(setting: Setting) -> str:
    """A setting in words: `3 passes`."""
    match setting.field:
        case "epochs":
            return f"{setting.value:g} pass{'' if setting.value == 1 else 'es'}"
        case "max_length":
            return f"rows up to {setting.value} tokens"
        case _:
            return f"{str(FinetuneSpec.model_fields[setting.field].title).lower()} {setting.value:g}"


def choose(model: Facts, task: str, patience: Patience = DEFAULT, method: str = "auto") -> Preset:
    """The preset of a model for a task; an unknown model gets what suits its size."""
    base = base_of(model)
    size = next(s for s in base.sizes if s.up_to is None or model.parameters <= s.up_to)
    kind = tasks().get(task) or tasks()[_FALLBACK_TASK]
    stage: Stage = getattr(kind, patience)
    settings = [Setting("epochs", stage.epochs.value, stage.epochs.why)]
    rate = {
        "full": size.full,
        "auto": size.lora,
        "lora": size.lora,
        "qlora": size.lora,
        "dora": size.lora,
    }.get(method)
    if rate is not None:  # other methods know their own
        value = float(f"{rate.value * kind.learning_rate_factor.value:.3g}")
        why = f"{rate.why}; {kind.learning_rate_factor.why}"
        if model.is_cut and method == "full":
            value, why = CUT_RATE, "it was cut out of another model and has much to learn again"
        settings.append(Setting("learning_rate", value, why))
    settings.append(Setting("batch_size", int(size.batch_size.value), size.batch_size.why))
    longest = int(kind.max_length.value)
    if 16 <= model.context < longest:
        settings.append(Setting("max_length", model.context, "the model reads no more at once"))
    else:
        settings.append(Setting("max_length", longest, kind.max_length.why))
    if method not in ("full", "ia3"):
        settings.append(Setting("lora_rank", int(stage.lora_rank.value), stage.lora_rank.why))
        settings.append(Setting("lora_alpha", int(stage.lora_alpha.value), stage.lora_alpha.why))
    title = " ".join(
        filter(None, [base.title or model.architecture or "this model", _size(model.parameters)])
    )
    return Preset(title, task, patience, tuple(settings))


def facts_of(store: Store, artifact: Artifact) -> Facts:
    """What the library says of a model; an add-on is as large as the base it stands on."""
    texts, found = [artifact.name], artifact
    for _ in range(_DEEPEST):
        texts += [str(found.meta.get(key) or "") for key in ("source", "note")]
        base = found.meta.get("base")
        beneath = store.find_artifact(base, "model") if isinstance(base, str) and base else None
        if beneath is None:
            break
        found = beneath
        texts.append(found.name)
    meta = found.meta
    return Facts(
        " ".join(texts),
        str(meta.get("architecture") or ""),
        int(meta.get("parameters") or 0),
        int(meta.get("context") or 0),
        is_cut=meta.get("untaught") is True  # the run that cut it may be gone
        or ((made := store.maker(artifact)) is not None and made.kind == "prune"),
    )


def base_of(model: Facts) -> Base:
    """The family a model belongs to, or what holds for any other."""
    text = re.sub(r"[^a-z0-9]", "", model.text.lower())
    named = [base for base in bases() if any(name in text for name in base.names)]
    alone = [base for base in bases() if base.title and not base.names]
    for base in (*named, *alone):
        if model.architecture in base.architectures:
            return base
    return next(base for base in bases() if not base.title)


@cache
def tasks() -> dict[str, TaskPreset]:
    """The presets of every task kind."""
    return {name: TaskPreset.model_validate(value) for name, value in _read("tasks.yaml").items()}


@cache
def bases() -> tuple[Base, ...]:
    """Every family that has a file."""
    files = sorted(item.name for item in resources.files("resources.presets").iterdir())
    return tuple(
        Base.model_validate(_read(name)) for name in files if name.endswith(".yaml") and name != "tasks.yaml"
    )


def _read(name: str) -> dict[str, Any]:
    text = resources.files("resources.presets").joinpath(name).read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def _size(parameters: int) -> str:
    if not parameters:
        return ""
    if parameters >= 1e9:
        return f"{parameters / 1e9:.1f}".removesuffix(".0") + "B"
    return f"{parameters / 1e6:.0f}M" if parameters >= 1e6 else f"{parameters / 1e6:.1g}M"
