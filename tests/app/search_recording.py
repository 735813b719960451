"""A search as it is after some trials, written without running it."""

from __future__ import annotations

import math
import random
import time
from typing import Any

from recordings import write_events

from core.jobs.events import Event
from core.specs import SearchSpec
from core.workspace.records import Run, State
from core.workspace.workspace import Workspace

IMPORTANCE = {"learning_rate": 0.62, "epochs": 0.17, "batch_size": 0.11, "lora_rank": 0.1}


def search_events(spec: SearchSpec, count: int, start: float, state: State) -> list[Event]:
    """`count` trials of eight seconds; the last one still runs while the search does."""
    chance = random.Random(5)
    said: list[tuple[float, str, dict[str, Any]]] = [
        (0.0, "state", {"state": "starting"}),
        (0.1, "state", {"state": "running"}),
        (0.5, "phase", {"name": "searching", "total": 1800, "unit": "seconds"}),
    ]
    best = math.inf
    for number in range(1, count + 1):
        at = number * 8.0
        params = {}
        for name, span in spec.fields.items():
            if hasattr(span, "choices"):
                params[name] = chance.choice(span.choices)
            else:
                params[name] = math.exp(chance.uniform(math.log(span.low), math.log(span.high)))
        rate = math.log10(params["learning_rate"])
        value = 0.42 + 0.5 * (rate + 2.9) ** 2 + 0.2 / params["epochs"] + chance.uniform(0, 0.08)
        outcome = "pruned" if value > 1.05 and number > 4 else "complete"
        if number == count and state == "running":
            outcome = "running"
        curve = [(share / 5, value * (1 + 2 * math.exp(-share))) for share in range(1, 6)]
        trial: dict[str, Any] = {
            "number": number,
            "state": outcome,
            "params": params,
            "value": value if outcome == "complete" else None,
            "accuracy": max(0.0, 1 - value / 1.4) if outcome == "complete" else None,
            "seconds": 6.0 + params["epochs"],
            "curve": curve if outcome == "complete" else curve[:2],
            "note": "",
            "importance": IMPORTANCE if number >= 10 else None,
        }
        said.append((at, "trial", trial))
        if outcome == "complete":
            best = min(best, value)
            values = {"validation_loss": value, "best_validation_loss": best}
            said.append((at, "metrics", {"step": number, "values": values}))
        said.append((at, "progress", {"done": round(at), "total": 1800}))
    if state != "running":
        said.append((count * 8.0 + 1, "state", {"state": state}))
    return [Event(ev, seq, start + at, fields) for seq, (at, ev, fields) in enumerate(said)]


def add_search(
    workspace: Workspace,
    count: int,
    state: State,
    *,
    name: str = "Banking questions-search",
    model: str = "m",
    data: str = "d",
) -> Run:
    """A search with its event log."""
    spec = SearchSpec(model=model, data=data, settings={"method": "lora"})
    inputs = [item for item in (model, data) if workspace.store.find_artifact(item) is not None]
    run = workspace.store.add_run("search", name, spec.model_dump(mode="json"), inputs)
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, state)
    write_events(workspace.run_folder(run.id), search_events(spec, count, time.time() - 8 * count, state))
    return workspace.store.run(run.id)
