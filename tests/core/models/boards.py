"""A lineage with stored evaluations, written through the real store without running anything."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.models import intervals, report
from core.models.report import EvaluationReport, Latency, Machine, ModelFigures, Quality
from core.workspace import manifest
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

LABELS = ("card arrival", "lost card", "change pin", "top up failed", "transaction charged twice")
QUESTIONS = (
    "My card has not come yet, what can I do?",
    "I cannot find my card anywhere",
    "How do I change the PIN of my card?",
    "Why did my top-up not go through?",
    "Why was I charged twice for one coffee?",
)
MACHINE = Machine(system="Linux x86_64", processor="p", cores=2, threads=2, memory_bytes=24_000_000_000)


@dataclass(frozen=True)
class Sketch:
    """One variant to be made: how good, how fast, how big, and from what.

    Attributes:
        name: The model's.
        share: Right answers, 0 to 1.
        time_ms: Median time of an answer.
        disk: Bytes on disk.
        memory: Bytes of memory.
        kind: The job that made it; empty for a model that was added.
        source: Name of the model it was made from.
        teacher: Name of the model that taught it.
        recipe: How it was quantized.
        receipt: What its receipt says.
    """

    name: str
    share: float
    time_ms: float
    disk: float
    memory: float
    kind: str = ""
    source: str = ""
    teacher: str = ""
    recipe: str = ""
    receipt: str = "green"


#: About what the starter model and its descendants are like.
SEVEN = (
    Sketch("Teacher", 0.813, 612, 540e6, 1040e6),
    Sketch("Tuned", 0.807, 598, 540e6, 1030e6, "finetune", "Teacher"),
    Sketch("Distilled, 20 layers", 0.770, 410, 396e6, 830e6, "distill", "Teacher", "Teacher"),
    Sketch("Tuned, int8", 0.803, 132, 267e6, 420e6, "quantize", "Tuned", recipe="int8"),
    Sketch("Tuned, int4-mixed", 0.793, 96, 114e6, 250e6, "quantize", "Tuned", recipe="int4-mixed"),
    Sketch(
        "Distilled, int4-mixed", 0.757, 66, 80e6, 205e6, "quantize", "Distilled, 20 layers",
        recipe="int4-mixed",
    ),
    Sketch("Tuned, int4", 0.680, 84, 86e6, 231e6, "quantize", "Tuned", recipe="int4"),
)  # fmt: skip


def add_data(workspace: Workspace, name: str = "Banking questions", rows: int = 300) -> Artifact:
    """A data set, as far as the store knows it."""
    meta = {
        "task": "classification",
        "counts": {"train": 1350, "validation": 150, "test": rows},
        "labels": 77,
    }
    return _keep(workspace, "dataset", name, "", meta, {})


def add_models(workspace: Workspace, sketches: Sequence[Sketch], data: Artifact) -> dict[str, Artifact]:
    """The models of a lineage with the runs that made them, by name."""
    made: dict[str, Artifact] = {}
    for sketch in sketches:
        spec: dict[str, Any] = {}
        if sketch.source:
            spec["model"] = made[sketch.source].id
        if sketch.teacher:
            spec["teachers"] = [made[sketch.teacher].id]
        if sketch.kind in ("finetune", "distill"):
            spec["data"] = data.id
        run_id = ""
        if sketch.kind:
            run = workspace.store.add_run(sketch.kind, sketch.name, spec, [])
            workspace.store.set_state(run.id, "succeeded")
            run_id = run.id
        meta = {
            "format": "onnx" if sketch.kind == "quantize" else "hf",
            "architecture": "LlamaForCausalLM",
            "parameters": 134_515_008,
            "licence": "Apache-2.0",
            "recipe": sketch.recipe or None,
        }
        files = {"model.json": json.dumps({"version": 1, "name": sketch.name, **meta})}
        if sketch.kind == "quantize":
            meta["receipt"] = sketch.receipt
            reasons = ["answers agree on 3 of 8 prompts"] if sketch.receipt == "red" else []
            files["receipt.json"] = json.dumps({"status": sketch.receipt, "reasons": reasons})
        made[sketch.name] = _keep(workspace, "model", sketch.name, run_id, meta, files)
    return made


def add_report(
    workspace: Workspace,
    sketches: Sequence[Sketch],
    models: dict[str, Artifact],
    data: Artifact,
    rows: Sequence[int] = range(300),
    *,
    name: str = "evaluation",
    machine: Machine = MACHINE,
    answers_by: str = "",
    scores: bool = True,
    split: str = "test",
    measure: str = "accuracy",
    seed: int = 7,
    asked: int = 0,
) -> Artifact:
    """An evaluation of some of the models; a model made from another errs mostly where that one does.

    Asked for more than the rows, it was stopped after these.
    """
    right = {sketch.name: _right(sketch, rows, seed) for sketch in sketches}
    lines = []
    for row in rows:
        expected = LABELS[row % len(LABELS)]
        said = {
            models[sketch.name].id: expected if right[sketch.name][row] else LABELS[(row + 1) % len(LABELS)]
            for sketch in sketches
        }
        line: dict[str, Any] = {
            "row": row,
            "prompt": f"{QUESTIONS[row % len(QUESTIONS)]} ({row})",
            "expected": expected,
            "answers": said,
        }
        if scores:
            line["scores"] = {
                models[sketch.name].id: _parts(right[sketch.name][row], measure) for sketch in sketches
            }
        lines.append(json.dumps(line))
    figures = tuple(
        _figures(sketch, models[sketch.name].id, list(right[sketch.name].values()), measure)
        for sketch in sketches
    )
    result = EvaluationReport(
        machine=machine, versions={}, answers_by=answers_by, data=data.name, split=split,
        task="classification",
        rows=asked or len(rows), max_new_tokens=16, batch_size=32, complete=not asked, models=figures,
    )  # fmt: skip
    spec = {"models": [models[item.name].id for item in sketches], "data": data.id, "split": split}
    run = workspace.store.add_run("evaluate", name, spec, [*spec["models"], data.id])
    plain = result.model_dump(mode="json", exclude_none=True)
    workspace.store.set_state(run.id, "succeeded", result=plain)
    files = {report.NAME: json.dumps(plain), report.ANSWERS: "\n".join(lines) + "\n"}
    meta = {"data": data.name, "models": [item.name for item in sketches]}
    return _keep(workspace, "report", workspace.free_name(name, "report"), run.id, meta, files)


def add_lineage(
    workspace: Workspace,
    sketches: Sequence[Sketch] = SEVEN,
    rows: int = 300,
    name: str = "Banking questions",
) -> Artifact:
    """Data, models and one evaluation of all of them. Returns the data."""
    data = add_data(workspace, name, rows)
    models = add_models(workspace, sketches, data)
    add_report(workspace, sketches, models, data, range(rows))
    return data


def many(count: int) -> tuple[Sketch, ...]:
    """So many quantized variants of one tuned model."""
    chance = random.Random(3)
    first = (Sketch("Base", 0.2, 600, 540e6, 1e9), Sketch("Tuned", 0.81, 600, 540e6, 1e9, "finetune", "Base"))
    return first + tuple(
        Sketch(
            f"Tuned, recipe {place}", 0.81 - chance.random() * 0.1, 60 + chance.random() * 300,
            (80 + chance.random() * 300) * 1e6, (200 + chance.random() * 500) * 1e6, "quantize", "Tuned",
            recipe="int4",
        )
        for place in range(count - 2)
    )  # fmt: skip


def _right(sketch: Sketch, rows: Sequence[int], seed: int) -> dict[int, bool]:
    """Exactly the wished share of right answers; how hard a row is, is nearly the same for all models."""
    own = random.Random(f"{sketch.name} {seed}")
    hard = {row: random.Random(f"{row} {seed}").random() + 0.12 * own.random() for row in rows}
    wished = round(sketch.share * len(rows))
    able = set(sorted(rows, key=hard.__getitem__)[:wished])
    return {row: row in able for row in rows}


def _parts(right: bool, measure: str) -> list[float]:
    return [0.2 if right else 3.0, 2.0] if measure == "perplexity" else [float(right)]


def _figures(sketch: Sketch, artifact_id: str, right: list[bool], measure: str) -> ModelFigures:
    share = sum(right) / len(right)
    quality = Quality(
        measure="accuracy", accuracy=share, n=len(right), ci95=intervals.wilson(sum(right), len(right))
    )
    if measure == "perplexity":
        value = 1 + 10 * (1 - share)
        quality = Quality(measure="perplexity", perplexity=value, n=len(right), ci95=(value - 1, value + 1))
    return ModelFigures(
        model=sketch.name,
        id=artifact_id,
        kind="onnx" if sketch.kind == "quantize" else "hf",
        recipe=sketch.recipe or None,
        bytes_on_disk=int(sketch.disk),
        quality=quality,
        latency_ms=Latency(
            ttft_p50=sketch.time_ms / 3, ttft_p95=sketch.time_ms / 2, total_p50=sketch.time_ms,
            total_p95=sketch.time_ms * 1.3,
        ),
        tokens_per_s=20_000 / sketch.time_ms,
        peak_rss_bytes=int(sketch.memory),
        seconds=30.0,
    )  # fmt: skip


def _keep(
    workspace: Workspace, type: str, name: str, run_id: str, meta: dict[str, Any], files: dict[str, str]
) -> Artifact:
    folder = workspace.artifact_folder(f"{type}-{name}".replace(" ", "-").replace(",", ""))
    folder.mkdir()
    for path, text in files.items():
        (folder / path).write_text(text, encoding="utf-8")
    sealed = manifest.write(folder)
    artifact = Artifact(folder.name, type, name, sealed.digest, sealed.total_bytes, time.time(), run_id, meta)
    workspace.store.add_artifact(artifact)
    return artifact
