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


def batch_row(row: int, question: str, answer: str) -> dict[str, Any]:
    """A row of a `batch` event: a word a token, the answer learnt, the template's signs control tokens."""
    pieces = [
        ("<|im_start|>", False, True),
        ("user\n", False, False),
        *((f"{word} ", False, False) for word in question.split()),
        ("<|im_end|>", False, True),
        ("\n", False, False),
        ("<|im_start|>", False, True),
        ("assistant\n", False, False),
        *((f"{word} ", True, False) for word in answer.split()),
        ("<|im_end|>", True, True),
    ]
    return {
        "row": row,
        "length": len(pieces),
        "learnt": sum(learnt for _text, learnt, _special in pieces),
        "left_out": 0,
        "ids": list(range(100, 100 + len(pieces))),
        "texts": [text for text, _learnt, _special in pieces],
        "trained": [learnt for _text, learnt, _special in pieces],
        "special": [special for _text, _learnt, special in pieces],
    }


BATCH = [batch_row(at, prompt, expected) for at, (prompt, _answer, expected) in enumerate(SAMPLES, 1)]
EARLY = "I am sorry to hear that"
VALIDATION_ROWS = [
    {"row": place, "prompt": f"{prompt} ({place})", "expected": expected, "loss": 0.004 * 1.6**place}
    for place, (prompt, _answer, expected) in enumerate(SAMPLES * 4)
]


def finetune_events(
    steps: int, start: float, state: State = "running", *, rises_from: float = math.inf
) -> list[Event]:
    """A fine-tuning up to a step, one second a step; its validation loss rises from a step on."""
    chance = random.Random(7)
    best = math.inf
    said: list[tuple[float, str, dict[str, object]]] = [
        (0.0, "state", {"state": "starting"}),
        (0.1, "hello", {"pid": 1, "kind": "finetune"}),
        (0.1, "state", {"state": "running"}),
        (0.2, "phase", {"name": "preparing", "total": 1350, "unit": "rows"}),
        (0.8, "batch", {"rows": BATCH}),
        (0.9, "phase", {"name": "training", "total": STEPS, "unit": "steps"}),
    ]
    for step in range(1, steps + 1):
        loss = 4.1 * math.exp(-step / 45) + 0.17 + chance.uniform(-0.05, 0.05) * (1 + 60 / (step + 10))
        speed = 581 + chance.uniform(-40, 40)
        rate = 2e-4 * min(1.0, step / 14) * (0.5 + 0.5 * math.cos(math.pi * step / STEPS))
        gradient = 0.4 + 2.2 * math.exp(-step / 30) + chance.uniform(-0.15, 0.3)
        values = {"loss": loss, "tokens_per_s": speed, "learning_rate": rate, "grad_norm": gradient}
        said += [
            (step, "metrics", {"step": step, "values": values}),
            (step, "progress", {"done": step, "total": STEPS}),
            (step, "resources", {"rss_bytes": int(3.3e9 * min(1, step / 20)), "cpu_percent": 180.0}),
        ]
        if step % 28 == 0:
            validation = 4.2 * math.exp(-step / 45) + 0.24 + max(0.0, step - rises_from) * 0.004
            said.append((step, "metrics", {"step": step, "values": {"validation_loss": validation}}))
            if validation < best:
                best = validation
                said.append((step, "best", {"step": step, "validation_loss": validation}))
            first = 84 + chance.uniform(-9, 9)
            latency = {"first_token_ms": first, "latency_ms": first + 110 + chance.uniform(-9, 9)}
            said.append((step, "metrics", {"step": step, "values": latency}))
            said.append((step, "checkpoint", {"step": step, "path": f"checkpoints/{step}"}))
            for at, (prompt, answer, expected) in enumerate(SAMPLES):
                said_now = answer if step >= 28 * (1 + at) else EARLY
                row = {"prompt": prompt, "answer": said_now, "expected": expected, "step": step}
                said.append((step, "sample", row))
    if steps == STEPS:
        said.append((steps + 0.5, "validation_rows", {"step": steps, "rows": VALIDATION_ROWS}))
    if state in ("failed", "succeeded", "stopped", "crashed"):
        said.append((steps + 1, "state", {"state": state}))
    return [Event(ev, seq, start + at, fields) for seq, (at, ev, fields) in enumerate(said)]


def distill_events(steps: int, start: float, state: State = "running") -> list[Event]:
    """A distilling: like a fine-tuning, its loss in parts, and how often it says what the teacher would."""
    found = []
    for event in finetune_events(steps, start, state):
        values = dict(event.get("values") or {})
        step = float(event.get("step") or 0)
        agreement = 0.94 - 0.8 * math.exp(-step / 60)
        if "loss" in values:
            loss = values["loss"]
            values |= {"label_loss": loss * 0.8, "teacher_loss": loss * 1.05, "agreement": agreement}
        if "validation_loss" in values:
            values |= {"validation_teacher_loss": values["validation_loss"] * 1.1}
            values |= {"validation_agreement": agreement - 0.03, "validation_retention": agreement + 0.02}
        fields = {**event.fields, "values": values} if values else event.fields
        if event.ev == "sample":
            fields = {**fields, "teacher": event.fields["expected"]}
        found.append(Event(event.ev, event.seq, event.t, fields))
    return found


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
    workspace: Workspace,
    name: str,
    steps: int,
    state: State = "running",
    error: dict[str, str] | None = None,
    *,
    rises_from: float = math.inf,
    spec: dict[str, Any] | None = None,
    result: dict[str, Any] | None = None,
) -> Run:
    """A fine-tuning run with its event log."""
    inputs = [item.id for item in workspace.store.artifacts() if item.run_id == "import-1"]
    run = workspace.store.add_run("finetune", name, {"model": "m", "data": "d", **(spec or {})}, inputs)
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, state, error=error, result=result)
    with sqlite3.connect(workspace.root / "workbench.db") as database:
        database.execute("UPDATE run SET started_at = started_at - ? WHERE id = ?", (steps, run.id))
    write_events(
        workspace.run_folder(run.id),
        finetune_events(steps, time.time() - steps, state, rises_from=rises_from),
    )
    return workspace.store.run(run.id)


def add_distill(
    workspace: Workspace,
    name: str,
    steps: int,
    state: State = "running",
    spec: dict[str, Any] | None = None,
    result: dict[str, Any] | None = None,
) -> Run:
    """A distilling with its event log."""
    told = {"model": "m", "data": "d", "teachers": ["t"], **(spec or {})}
    inputs = [item.id for item in workspace.store.artifacts() if item.run_id == "import-1"]
    run = workspace.store.add_run("distill", name, told, inputs)
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, state, result=result)
    write_events(workspace.run_folder(run.id), distill_events(steps, time.time() - steps, state))
    return workspace.store.run(run.id)


_ANSWERED = (
    ("My card has not come yet, what can I do?", "card arrival", "card arrival", "kept"),
    ("Is my card on its way?", "card delivery estimate", "card arrival", "kept"),
    ("Why was I charged twice for one coffee?", "transaction charged twice", "", "kept"),
    ("Tell me the PIN of my card.", "I cannot help with that.", "", "dropped: declined to answer"),
    ("How do I top up by bank transfer?", "top up by bank transfer charge", "", "kept"),
)


def generate_events(rows: int, total: int, start: float, state: State = "running") -> list[Event]:
    """A teacher at work, a row in half a second; every twelfth answer is not kept."""
    said: list[tuple[float, str, dict[str, object]]] = [
        (0.0, "state", {"state": "starting"}),
        (0.1, "state", {"state": "running"}),
        (0.2, "phase", {"name": "preparing", "total": None, "unit": ""}),
        (0.3, "phase", {"name": "asking", "total": total, "unit": "rows"}),
    ]
    for row in range(1, rows + 1):
        cost = row * 0.00031
        values = {
            "tokens_in": row * 132.0,
            "tokens_out": row * 21.0,
            "cost": cost,
            "projected_cost": cost / row * total,
            "kept": float(row - row // 12 - row // 30),
            "dropped.refusal": float(row // 12),
            "dropped.no_label": float(row // 30),
        }
        said.append((row / 2, "metrics", {"step": row, "values": values}))
        said.append((row / 2, "progress", {"done": row, "total": total}))
        said.append((row / 2, "resources", {"rss_bytes": int(2.1e8), "cpu_percent": 12.0}))
        if row <= len(_ANSWERED):
            prompt, answer, expected, note = _ANSWERED[row - 1]
            sample = {"prompt": prompt, "answer": answer, "expected": expected or None, "step": row}
            said.append((row / 2, "sample", {**sample, "note": note}))
    if state != "running":
        said.append((rows / 2 + 1, "state", {"state": state}))
    return [Event(ev, seq, start + at, fields) for seq, (at, ev, fields) in enumerate(said)]


def add_generate(
    workspace: Workspace,
    name: str,
    rows: int,
    total: int,
    state: State = "running",
    result: dict[str, Any] | None = None,
) -> Run:
    """A generation with its event log, and the data set it left when it is over."""
    inputs = [item.id for item in workspace.store.artifacts() if item.run_id == "import-1"]
    told = {"teacher": "t", "data": "d", "rows": total, "budget": 1.0}
    run = workspace.store.add_run("generate", name, told, inputs)
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, state, result=result)
    write_events(workspace.run_folder(run.id), generate_events(rows, total, time.time() - rows / 2, state))
    return workspace.store.run(run.id)


def write_events(folder: Path, events: list[Event]) -> None:
    """Writes `events.jsonl`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(encode(event) for event in events) + "\n"
    (folder / "events.jsonl").write_text(text, encoding="utf-8")
    (folder / "spec.json").write_text(json.dumps({"kind": "finetune"}), encoding="utf-8")
