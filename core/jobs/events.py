"""The protocol between a job's child process and its supervisor: one JSON object a line.

Child to parent on a claimed stdout, and the same lines in `events.jsonl`:
`{"v": 1, "seq": 4, "t": 1700000000.5, "ev": "metrics", …}`. Rules: an unknown `ev` is ignored, an unknown
`v` is refused, a line that is no JSON object is kept as log text, and there is exactly one terminal event.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

VERSION = 1
TERMINAL = frozenset({"done", "error"})

#: Every event name with the fields it carries; the reader ignores names that are not here.
NAMES = {
    "hello": "pid, kind, versions: the child lives",
    "phase": "name, total, unit, done: a new stretch of work begins, or goes on after what was done before",
    "progress": "done, total: how far the phase is",
    "metrics": "step, values: named numbers at a step",
    "trial": "number, state, params, value, accuracy, seconds, curve, note, importance: one try of a search",
    "damage": "layer, group, weights, value, layers: what rounding one part of a model alone costs",
    "mixture": "units, head, tried: how each part of a model is stored in the end, and what was tried",
    "sample": "step, prompt, answer, expected, model, note, teacher: an answer of the model as it is now",
    "best": "step, validation_loss: the validation rows went better than ever before",
    "validation_rows": "step, rows: the rows with the lowest and the highest loss, the best first",
    "batch": "rows: the first rows as tokens, as `first_batch.describe` gives them",
    "warning": "text",
    "log": "text",
    "resolved": "values: what was decided by measuring before the first step",
    "resources": "rss_bytes, cpu_percent: sampled by the parent over the whole child tree",
    "artifact": "type, folder, name, meta: an artifact is finished in the run folder",
    "checkpoint": "step, path: a checkpoint verifies",
    "token": "text: a piece of a chat answer",
    "answer": "text, tokens, ttft_ms, tokens_per_s: a chat answer is complete",
    "stopping": "the stop request was taken",
    "done": "state (succeeded|stopped), result",
    "error": "kind, code, what, why, fix, details",
    "state": "state: written by the parent when the run's state changes",
}


@dataclass(frozen=True)
class Event:
    """One line of the protocol."""

    ev: str
    seq: int
    t: float
    fields: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Any:
        """A field by name; numbers sent as "nan" or "inf" come back as floats."""
        return self.fields[key]

    def get(self, key: str, default: Any = None) -> Any:
        """A field by name, or `default`."""
        return self.fields.get(key, default)

    @property
    def is_terminal(self) -> bool:
        """Whether no event may follow."""
        return self.ev in TERMINAL


class ProtocolError(ValueError):
    """A line speaks another version of the protocol."""


def plain(value: Any) -> Any:
    """Numbers that JSON cannot hold become the strings nan, inf, -inf."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def encode(event: Event) -> str:
    """The event as one line, without the newline."""
    head = {"v": VERSION, "seq": event.seq, "t": round(event.t, 4), "ev": event.ev}
    return json.dumps({**head, **plain(event.fields)}, ensure_ascii=False, separators=(",", ":"))


def decode(line: str) -> Event | None:
    """The event of a line, or None when the line is plain text.

    Raises:
        ProtocolError: The line is an event of another protocol version.
    """
    text = line.strip()
    if not text.startswith("{"):
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or "ev" not in data or "v" not in data:
        return None
    if data.pop("v") != VERSION:
        raise ProtocolError("the worker speaks another version of the job protocol")
    name, seq, t = data.pop("ev"), data.pop("seq", 0), data.pop("t", 0.0)
    if not isinstance(name, str) or not isinstance(seq, int) or not isinstance(t, int | float):
        return None
    values = data.get("values")
    if isinstance(values, dict):
        data["values"] = {key: _number(value) for key, value in values.items()}
    return Event(ev=name, seq=seq, t=float(t), fields=data)


def _number(value: Any) -> Any:
    return float(value) if value in ("nan", "inf", "-inf") else value
