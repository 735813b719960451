"""Runs as they are after some time, written without running them."""

from __future__ import annotations

import json
import math
import random
import sqlite3
import time
from pathlib import Path
from typing import Any

from core.jobs.events import Event, encode
from core.workspace.records import Artifact, Run, State
from core.workspace.workspace import Workspace

STEPS = 281
SAMPLES = (
    ("My card has not come", "card arrival", "card arrival"),
    ("Why was I charged twice?", "transaction charged twice", "transaction charged twice"),
    ("How do I change my PIN?", "change pin", "change pin"),
    ("Top up failed, why?", "top up reverted", "top up failed"),
)


def finetune_events(steps: int, start: float, state: State = "running") -> list[Event]:
    """A fine-tuning up to a step, one second a step."""
    chance = random.Random(7)
    said: list[tuple[float, str, dict[str, object]]] = [
        (0.0, "state", {"state": "starting"}),
        (0.1, "hello", {"pid": 1, "kind": "finetune"}),
        (0.1, "state", {"state": "running"}),
        (0.2, "phase", {"name": "preparing", "total": 1350, "unit": "rows"}),
        (0.9, "phase", {"name": "training", "total": STEPS, "unit": "steps"}),
    ]
    for step in range(1, steps + 1):
        loss = 4.1 * math.exp(-step / 45) + 0.17 + chance.uniform(-0.05, 0.05) * (1 + 60 / (step + 10))
        speed = 581 + chance.uniform(-40, 40)
        values = {"loss": loss, "tokens_per_s": speed}
        said += [
            (step, "metrics", {"step": step, "values": values}),
            (step, "progress", {"done": step, "total": STEPS}),
            (step, "resources", {"rss_bytes": int(3.3e9 * min(1, step / 20)), "cpu_percent": 180.0}),
        ]
        if step % 28 == 0:
            validation = 4.2 * math.exp(-step / 45) + 0.24
            said.append((step, "metrics", {"step": step, "values": {"validation_loss": validation}}))
            first = 84 + chance.uniform(-9, 9)
            latency = {"first_token_ms": first, "latency_ms": first + 110 + chance.uniform(-9, 9)}
            said.append((step, "metrics", {"step": step, "values": latency}))
            said.append((step, "checkpoint", {"step": step, "path": f"checkpoints/{step}"}))
            for prompt, answer, expected in SAMPLES:
                row = {"prompt": prompt, "answer": answer, "expected": expected, "step": step}
                said.append((step, "sample", row))
    if state in ("failed", "succeeded", "stopped", "crashed"):
        said.append((steps + 1, "state", {"state": state}))
    return [Event(ev, seq, start + at, fields) for seq, (at, ev, fields) in enumerate(said)]


MODEL_FACTS = {
    "format": "hf",
    "architecture": "LlamaForCausalLM",
    "parameters": 134_515_008,
    "context": 8192,
    "licence": "Apache-2.0",
    "dtype": "float32",
}
DATA_FACTS = {
    "task": "classification",
    "counts": {"train": 1350, "validation": 150, "test": 300},
    "labels": 77,
    "roles": {"user": "text", "label": "category"},
}


def add_artifact(
    workspace: Workspace, type: str, name: str, run_id: str = "import-1", meta: dict[str, Any] | None = None
) -> Artifact:
    """An artifact that exists in the store only."""
    artifact = Artifact(
        id=f"{type}-{name}".replace(" ", "-"),
        type=type,
        name=name,
        digest="0" * 64,
        bytes=272_000_000,
        created_at=time.time(),
        run_id=run_id,
        meta=meta or (DATA_FACTS if type == "dataset" else MODEL_FACTS),
    )
    workspace.store.add_artifact(artifact)
    return artifact


def add_finetune(
    workspace: Workspace, name: str, steps: int, state: State = "running", error: dict[str, str] | None = None
) -> Run:
    """A fine-tuning run with its event log."""
    inputs = [item.id for item in workspace.store.artifacts() if item.run_id == "import-1"]
    run = workspace.store.add_run("finetune", name, {"model": "m", "data": "d"}, inputs)
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, state, error=error)
    with sqlite3.connect(workspace.root / "workbench.db") as database:
        database.execute("UPDATE run SET started_at = started_at - ? WHERE id = ?", (steps, run.id))
    write_events(workspace.run_folder(run.id), finetune_events(steps, time.time() - steps, state))
    return workspace.store.run(run.id)


def write_events(folder: Path, events: list[Event]) -> None:
    """Writes `events.jsonl`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(encode(event) for event in events) + "\n"
    (folder / "events.jsonl").write_text(text, encoding="utf-8")
    (folder / "spec.json").write_text(json.dumps({"kind": "finetune"}), encoding="utf-8")
