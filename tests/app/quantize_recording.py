"""A search for bits as it is after some time, written without running it."""

from __future__ import annotations

import math
import random
import time
from typing import Any

import recordings

from core.jobs.events import Event
from core.models.quantizing.plan import GROUPS
from core.specs import QuantizeSpec
from core.workspace.records import Run, State
from core.workspace.workspace import Workspace

LAYERS = 30
_WEIGHTS = {"qkv": 552_960, "o": 331_776, "gate": 884_736, "up": 884_736, "down": 884_736}
_COST = {"qkv": 63.0, "o": 30.0, "gate": 12.0, "up": 16.0, "down": 68.0}
_TIMES = (63.1, 60.2, 60.2)
TRIED = [
    {"name": "int4-edges", "algorithm": "k_quant", "bytes": 116_900_000, "kl": 0.142, "taken": False},
    {"name": "packed", "algorithm": "k_quant", "bytes": 114_980_000, "kl": 0.121, "taken": False},
    {"name": "with GPTQ", "algorithm": "gptq", "bytes": 114_980_000, "kl": 0.083, "taken": True},
]


def units() -> list[dict[str, Any]]:
    """Every part with a made-up damage; the ends cost more than the middle, and the costliest keep 8 bits."""
    chance = random.Random(4)
    found = []
    for layer in range(LAYERS):
        edge = 1 + 3 * math.exp(-layer / 2) + math.exp((layer - LAYERS + 1) / 2)
        for group in GROUPS:
            dense = 1e-11 * _COST[group] * edge * chance.uniform(0.6, 1.6)
            part = {"bits": 8, "block": 64} if dense > 8e-10 else {"bits": 4, "block": 32}
            weights = _WEIGHTS[group]
            found.append(
                {
                    "layer": layer,
                    "group": group,
                    "weights": weights,
                    "damage": dense * weights,
                    "chosen": part,
                }
            )
    return found


def search_events(parts: int, start: float, state: State) -> list[Event]:
    """What it said after so many parts; with all of them, what was chosen as well."""
    found = units()
    said: list[tuple[float, str, dict[str, Any]]] = [
        (0.0, "state", {"state": "starting"}),
        (0.1, "state", {"state": "running"}),
        (0.5, "phase", {"name": "measuring", "total": len(found) + 1, "unit": "parts"}),
    ]
    for at, unit in enumerate(found[:parts], start=1):
        fields = {"layer": unit["layer"], "group": unit["group"], "weights": unit["weights"]}
        said.append((at, "damage", {**fields, "value": unit["damage"], "layers": LAYERS}))
        said.append((at, "progress", {"done": at, "total": len(found) + 1}))
    if parts >= len(found):
        timed = [{**item, "answer_ms": took} for item, took in zip(TRIED, _TIMES, strict=True)]
        mixture = {"units": found, "head": {"bits": 8, "block": 64}, "tried": timed}
        said.append((parts + 30.0, "mixture", mixture))
    if state != "running":
        said.append((parts + 60.0, "state", {"state": state}))
    return [Event(ev, seq, start + at, fields) for seq, (at, ev, fields) in enumerate(said)]


def add_bits_search(workspace: Workspace, parts: int, state: State) -> Run:
    """A search with its event log."""
    spec = QuantizeSpec(model="m", recipe="search", data="d", max_mb=115.0)
    run = workspace.store.add_run("quantize", "Support mails-search", spec.model_dump(mode="json"), [])
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, state)
    folder = workspace.run_folder(run.id)
    recordings.write_events(folder, search_events(parts, time.time() - parts, state))
    return workspace.store.run(run.id)
