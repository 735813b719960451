"""The whole workflow on the starter model and data: a list of specs, each run as an ordinary job.

What is already there is used again: a demo that was interrupted goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from core.data import starter
from core.models.fit import machine
from core.recipes.steps import Execute, Step, run_all
from core.specs import AddModelSpec, EvaluateSpec, FinetuneSpec, ImportDataSpec, QuantizeSpec
from core.workspace.manifest import hash_file
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

MODEL = "starter"
DATA = "starter-banking"


@dataclass(frozen=True)
class Scale:
    """How much of the work is done. `--quick` takes eight of the 77 intents and one recipe, and says so.

    Attributes:
        suffix: Ends the names of what it makes.
        recipes: Ways to quantize.
        finetune: Fields of the fine-tuning spec that differ from the defaults.
        evaluate: Fields of the evaluation spec that differ from the defaults.
        expected_s: Seconds a step took on a 2-core machine, for the time left of the whole demo.
    """

    suffix: str
    recipes: tuple[str, ...]
    finetune: dict[str, Any]
    evaluate: dict[str, Any]
    expected_s: dict[str, float]


FULL = Scale(
    suffix="",
    recipes=("int8", "int4-mixed"),
    finetune={},
    evaluate={},
    expected_s={"model": 11, "data": 1, "tuned": 230, "int8": 12, "int4-mixed": 20, "evaluation": 150},
)
#: For processors that only emulate bf16: training takes three times as long there, so it does less of it.
#: Measured 77.7 % right answers with these, 73.0 % with 1.75 passes, 81.0 % with the defaults.
FULL_FP32 = replace(
    FULL,
    finetune={"epochs": 2.0, "batch_size": 8, "learning_rate": 7e-4},
    evaluate={"latency_prompts": 10},
    expected_s={"model": 13, "data": 1, "tuned": 540, "int8": 25, "int4-mixed": 40, "evaluation": 250},
)
QUICK = Scale(
    suffix="-quick",
    recipes=("int8",),
    finetune={
        "epochs": 1.0,
        "batch_size": 8,
        "sample_prompts": 1,
        "checkpoint_every": 9,
        "validate_every": 9,
    },
    evaluate={"latency_prompts": 2},
    expected_s={"model": 11, "data": 1, "tuned": 40, "int8": 27, "evaluation": 45},
)


def scale_here(*, quick: bool) -> Scale:
    """The scale for this computer."""
    if quick:
        return QUICK
    return FULL if machine.has_fast_bf16() else FULL_FP32


@dataclass(frozen=True)
class Outcome:
    """What the demo made.

    Attributes:
        report: The evaluation's report as stored.
        evaluation: The run that measured.
        finetuning: The run that trained.
        base: The model before.
        seconds: Time all jobs took together, earlier ones of a continued demo included.
    """

    report: dict[str, Any]
    evaluation: Run
    finetuning: Run
    base: Artifact
    seconds: float
    steps: tuple[tuple[str, float], ...]


def run(
    workspace: Workspace, scale: Scale, execute: Execute, skipped: Callable[[Step, Artifact], None]
) -> Outcome:
    """Runs the demo; the caller holds the execution lock.

    Args:
        workspace: Where everything is kept.
        scale: How much of it.
        execute: Runs one job.
        skipped: Told of each step whose result was there already.

    Raises:
        WorkbenchError: A job failed or was cancelled; a second call goes on from there.
    """
    artifacts, runs = run_all(workspace, lambda made: _steps(scale, made), scale.expected_s, execute, skipped)
    folder = workspace.verified_folder(artifacts["evaluation"])
    durations = tuple((key, item.worked_s() or 0.0) for key, item in runs.items())
    return Outcome(
        report=json.loads((folder / "report.json").read_text(encoding="utf-8")),
        evaluation=runs["evaluation"],
        finetuning=runs["tuned"],
        base=artifacts["model"],
        seconds=sum(seconds for _, seconds in durations),
        steps=durations,
    )


def starter_steps(*, quick: bool = False) -> tuple[Step, Step]:
    """The two jobs that add the starter model and the starter data, or eight of its 77 intents."""
    train, test = (
        (starter.quick_train(), starter.quick_test()) if quick else (starter.train(), starter.test())
    )
    name = f"{DATA}-quick" if quick else DATA
    model = AddModelSpec(source="starter", name=MODEL)
    data = ImportDataSpec(
        source=str(train),
        source_sha256=hash_file(train),
        name=name,
        roles={"user": "text", "label": "category"},
        test_source=str(test),
        test_sha256=hash_file(test),
    )
    return (
        Step("model", "Adding the starter model", model, MODEL),
        Step("data", "Adding the starter data", data, name),
    )


def tuned_step(scale: Scale, made: dict[str, Artifact]) -> Step:
    """The fine-tuning of the starter model on the starter data."""
    spec = FinetuneSpec(model=made["model"].id, data=made["data"].id, **scale.finetune)
    return Step("tuned", "Fine-tuning", spec, f"demo-tuned{scale.suffix}")


def _steps(scale: Scale, made: dict[str, Artifact]) -> Iterator[Step]:
    """The demo's jobs; each is described once those before it have been made."""
    yield from starter_steps(quick=scale is QUICK)
    yield tuned_step(scale, made)
    for recipe in scale.recipes:
        yield Step(
            recipe,
            f"Quantizing to {recipe}",
            QuantizeSpec(model=made["tuned"].id, recipe=recipe),
            f"demo-{recipe}{scale.suffix}",
        )
    models = tuple(made[key].id for key in ("model", "tuned", *scale.recipes))
    yield Step(
        "evaluation",
        "Measuring them all",
        EvaluateSpec(models=models, data=made["data"].id, **scale.evaluate),
        f"demo-evaluation{scale.suffix}",
    )
