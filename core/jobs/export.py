"""A run's figures for other programs: TensorBoard, a spreadsheet, or a script."""

from __future__ import annotations

import csv
import io
import json
import logging
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args

from core.errors import InputError
from core.jobs import curves, run_folder
from core.jobs.curves import Curves
from core.jobs.events import Event, plain
from core.workspace import durable
from core.workspace.records import Run
from core.workspace.workspace import Workspace

Format = Literal["tensorboard", "csv", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
#: TensorBoard draws what shares the word before the slash under one heading.
_TAGS = {
    "loss": "loss/training",
    "validation_loss": "loss/validation",
    "learning_rate": "training/learning_rate",
    "grad_norm": "training/grad_norm",
    "tokens_per_s": "speed/tokens_per_s",
    "rows_per_s": "speed/rows_per_s",
    "latency_ms": "latency/latency_ms",
    "first_token_ms": "latency/first_token_ms",
    curves.MEMORY: "memory/rss_bytes",
}


def export(workspace: Workspace, run: Run, format: Format, out: Path) -> Path:
    """Writes a run's figures under a folder and returns what was made; nothing is written over.

    TensorBoard gets a folder named after the run, so that one `tensorboard --logdir OUT` shows several.

    Raises:
        InputError: The run recorded no figures, or the folder cannot be written to.
    """
    events = run_folder.replay(workspace.run_folder(run.id))
    found = curves.read(events)
    if not found:
        raise InputError(
            f"The run {run.id} has no figures to export.",
            why="It recorded no curve.",
            fix="Choose a run that trained, such as a fine-tuning.",
            code="run.no_figures",
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        made = _free(out, run.name, "" if format == "tensorboard" else f".{format}")
        if format == "tensorboard":
            _write_tensorboard(made, run, found, events)
        elif format == "csv":
            durable.write_text(made, as_csv(found))
        else:
            durable.write_text(made, json.dumps(as_json(run, found, events), indent=1, ensure_ascii=False))
    except OSError as error:
        raise InputError(
            f"The figures cannot be written to {out}.",
            why=str(error),
            fix="Choose a folder you may write to.",
            code="export.unwritable",
        ) from error
    return made


def _free(out: Path, name: str, suffix: str) -> Path:
    path, number = out / f"{name}{suffix}", 1
    while path.exists():
        number += 1
        path = out / f"{name}-{number}{suffix}"
    return path


def as_csv(found: Curves) -> str:
    """One row a step and one column a curve; empty where a curve has no point."""
    rows: dict[int, dict[str, float]] = {}
    times: dict[int, float] = {}
    for name, points in found.items():
        for point in points:
            rows.setdefault(point.step, {})[name] = point.value
            times[point.step] = max(point.t, times.get(point.step, 0.0))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["step", "unix_time", *found])
    for step in sorted(rows):
        writer.writerow([step, f"{times[step]:.3f}", *(rows[step].get(name, "") for name in found)])
    return text.getvalue()


def as_json(run: Run, found: Curves, events: Sequence[Event]) -> dict[str, Any]:
    """Spec, result, every curve as `[step, value, unix time]`, and the sample answers."""
    document = {
        "id": run.id,
        "name": run.name,
        "kind": run.kind,
        "state": run.state,
        "spec": run.spec,
        "result": run.result,
        "metrics": {name: [[p.step, p.value, p.t] for p in points] for name, points in found.items()},
        "samples": [event.fields for event in events if event.ev == "sample"],
        "best": [event.fields for event in events if event.ev == "best"],
    }
    clean: dict[str, Any] = plain(document)
    return clean


def _write_tensorboard(folder: Path, run: Run, found: Curves, events: Sequence[Event]) -> None:
    writer = _tensorboard().SummaryWriter(str(folder))
    try:
        writer.add_text("spec", _as_markdown(run.spec), 0, walltime=run.started_at or run.created_at)
        for name, points in found.items():
            for point in points:
                if math.isfinite(point.value):
                    writer.add_scalar(_TAGS.get(name, name), point.value, point.step, walltime=point.t)
        prompts: dict[str, int] = {}
        for event in events:
            if event.ev == "sample":
                number = prompts.setdefault(str(event.get("prompt", "")), len(prompts) + 1)
                said = {key: event.get(key) for key in ("prompt", "answer", "expected")}
                writer.add_text(
                    f"answers/{number}", _as_markdown(said), event.get("step") or 0, walltime=event.t
                )
    finally:
        writer.close()


def _as_markdown(values: dict[str, Any]) -> str:
    """Indented, so that nothing a person or a model wrote is read as markup."""
    lines = [f"{key}: {value}" for key, value in values.items() if value is not None]
    return "\n".join(f"    {line}" for text in lines for line in str(text).splitlines())


def _tensorboard() -> ModuleType:
    """Imports tensorboardX without torch, which it takes where it finds it and needs for nothing here.

    0.3 s instead of 4.5 s when measured; and a process with a window must not load torch at all.
    """
    absent = "torch" not in sys.modules
    if absent:
        sys.modules["torch"] = None  # type: ignore[assignment]
    try:
        import tensorboardX
    finally:
        if absent:
            del sys.modules["torch"]
    logging.getLogger("tensorboardX").setLevel(logging.ERROR)
    module: ModuleType = tensorboardX
    return module
