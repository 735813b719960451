"""The whole workflow on the starter model and data: a list of specs, each run as an ordinary job.

What is already there is used again: a demo that was interrupted goes on where it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from core.data import starter
from core.jobs.registry import kind_of
from core.models.fit import machine
from core.recipes.steps import Execute, Step, made_before, queue
from core.specs import AddModelSpec, EvaluateSpec, FinetuneSpec, ImportDataSpec, QuantizeSpec
from core.workspace.manifest import hash_file
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

MODEL = "starter"
DATA = "starter-banking"
_NAME_TAKEN = "Remove it (`{noun} remove`), or run the demo in another place: --workspace DIR."


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
#: Measured 77.7 % right answers with these, 81.0 % with the defaults.
FULL_FP32 = replace(
    FULL,
    finetune={"epochs": 2.0, "batch_size": 8, "learning_rate": 7e-4},
    expected_s={"model": 15, "data": 1, "tuned": 480, "int8": 25, "int4-mixed": 35, "evaluation": 150},
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
    artifacts: dict[str, Artifact] = {}
    runs: dict[str, Run] = {}
    keys = list(scale.expected_s)
    pace = 1.0
    for step in _steps(workspace, scale, artifacts):
        found = made_before(workspace, step, "The demo", _NAME_TAKEN)
        if found is not None:
            artifacts[step.key] = found
            runs[step.key] = workspace.store.run(found.run_id)
            skipped(step, found)
            continue
        after = sum(scale.expected_s[key] for key in keys[keys.index(step.key) + 1 :]) * pace
        began = time.monotonic()
        runs[step.key] = execute(queue(workspace, step), step, scale.expected_s[step.key] * pace, after)
        artifacts[step.key] = workspace.store.artifacts(kind_of(step.spec.kind).makes, runs[step.key].id)[0]
        if scale.expected_s[step.key] >= 15:  # short steps say little about this computer
            pace = (time.monotonic() - began) / scale.expected_s[step.key]
    folder = workspace.verified_folder(artifacts["evaluation"])
    durations = tuple((key, (item.ended_at or 0) - (item.started_at or 0)) for key, item in runs.items())
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


def _steps(workspace: Workspace, scale: Scale, made: dict[str, Artifact]) -> Iterator[Step]:
    """The demo's jobs; each is described once those before it have been made."""
    yield from starter_steps(quick=scale is QUICK)
    tuned = f"demo-tuned{scale.suffix}"
    yield Step(
        "tuned",
        "Fine-tuning",
        FinetuneSpec(model=made["model"].id, data=made["data"].id, **scale.finetune),
        tuned,
    )
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
