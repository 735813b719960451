"""A run's folder: what the supervisor hands to the child, and what remains to be read afterwards."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.jobs.events import Event, ProtocolError, decode, encode
from core.workspace import durable

#: The file inside an artifact that says what it is, by artifact type.
FACTS = {"model": "model.json", "dataset": "dataset.json"}
#: Too long to keep beside every row of a list.
_LONG_FACTS = frozenset({"check", "labels", "columns", "generated"})
#: What a run decided before its first step.
RESOLVED = "resolved.json"
#: What an interrupted run would not have to do again.
KEPT = "goes-on.json"


class Job(BaseModel):
    """What the child gets: nothing else is shared with it."""

    model_config = ConfigDict(frozen=True)

    kind: str
    name: str
    spec: dict[str, Any]
    inputs: dict[str, str]
    resumed: bool
    threads: int
    #: Ids of the inputs that a person uses although their receipt is red.
    used_anyway: tuple[str, ...] = ()


def write_job(folder: Path, job: Job) -> None:
    """Writes `job.json`, and `spec.json` for whoever wants to run it again."""
    durable.write_json(folder / "spec.json", {"kind": job.kind, **job.spec})
    durable.write_json(folder / "job.json", job.model_dump())


def read_job(folder: Path) -> Job:
    """The job that a supervisor wrote."""
    return Job.model_validate_json((folder / "job.json").read_bytes())


def close_log(folder: Path) -> int:
    """Number of the next event; a line cut off by a crash is ended first, so that it costs no later one."""
    path = folder / "events.jsonl"
    if not path.exists():
        return 0
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        with open(path, "ab") as file:
            file.write(b"\n")
        return data.count(b"\n") + 1
    return data.count(b"\n")


def last_sign(folder: Path) -> float:
    """When the run wrote its last event, in Unix seconds; now if it never did."""
    try:
        return (folder / "events.jsonl").stat().st_mtime
    except OSError:
        return time.time()


def warn(folder: Path, texts: Sequence[str]) -> None:
    """Begins a run's log with warnings, before the run itself begins."""
    if not texts:
        return
    folder.mkdir(parents=True, exist_ok=True)
    first = close_log(folder)
    with open(folder / "events.jsonl", "ab") as file:
        for seq, text in enumerate(texts, first):
            file.write(encode(Event("warning", seq, time.time(), {"text": text})).encode() + b"\n")


def replay(folder: Path) -> list[Event]:
    """The events of a run as recorded; lines that are no events are skipped."""
    path = folder / "events.jsonl"
    events: list[Event] = []
    if not path.exists():
        return events
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                event = decode(line)
            except ProtocolError:
                continue
            if event is not None:
                events.append(event)
    return events


def mark_kept(folder: Path, unit: str, done: int, total: int | None) -> None:
    """Writes down how much is kept by now; a disk without room for it ends no run."""
    with contextlib.suppress(OSError):
        durable.write_json(folder / KEPT, {"unit": unit, "done": done, "total": total})


def resolved(folder: Path) -> dict[str, Any]:
    """What the run decided before its first step; empty where it decided nothing, or has not begun."""
    try:
        found = json.loads((folder / RESOLVED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def decided(folder: Path, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a run's spec leaves open, as the run decided them."""
    known = resolved(folder)
    return {name: known[name] for name, told in spec.items() if told in (None, "auto") and name in known}


def facts(folder: Path, type: str) -> dict[str, Any]:
    """The short facts an artifact says of itself, for lists."""
    path = folder / FACTS.get(type, "")
    if type not in FACTS or not path.is_file():
        return {}
    data = json.loads(path.read_text(encoding="utf-8"))
    return {key: value for key, value in data.items() if key not in _LONG_FACTS}
