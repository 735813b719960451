"""What rounding each part of a model was measured to cost, and what was chosen: `sensitivity.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.models import records
from core.models.quantizing.plan import Algorithm, Part
from core.workspace import durable

NAME = "sensitivity.json"


class Unit(BaseModel):
    """A group of a layer.

    Attributes:
        layer: Number of the layer, from 0.
        group: One of `plan.GROUPS`.
        weights: How many numbers it has.
        damage: KL against the source in nats a token when it alone is rounded to 4 bits in blocks of 32, as
            estimated from gradients.
        chosen: How it is stored; None while it is still being measured.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    layer: int
    group: str
    weights: int
    damage: float
    chosen: Part | None = None


class Tried(BaseModel):
    """A whole plan, measured with all its parts rounded.

    Attributes:
        name: What it is: a fixed recipe, or a step of the search.
        algorithm: Who rounds.
        bytes: What it will take on disk.
        kl: KL against the source in nats a token, on the rows that judge.
        answer_ms: About how long an answer takes; None where time had no limit.
        taken: Whether it is the one that was built.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    algorithm: Algorithm
    bytes: int
    kl: float
    answer_ms: float | None = None
    taken: bool = False


class Sensitivity(BaseModel):
    """The whole search.

    Attributes:
        limit_bytes: How large the result may be.
        bytes: How large it is.
        limit_ms: How long an answer may take; None where time had no limit.
        answer_ms: How long one takes, measured on the finished export.
        units: Every group of every layer, in order.
        head: How the output layer is stored.
        tried: The plans that were measured, in order.
        judging_rows: Rows of the data set that judged; 0 when shipped text did.
        judging_tokens: Tokens over which KL is averaged.
        calibration_tokens: Tokens from which GPTQ or AWQ learnt.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    limit_bytes: int
    bytes: int
    limit_ms: float | None = None
    answer_ms: float | None = None
    units: tuple[Unit, ...]
    head: Part
    tried: tuple[Tried, ...]
    judging_rows: int
    judging_tokens: int
    calibration_tokens: int


def write(folder: Path, report: Sensitivity) -> None:
    """Writes `sensitivity.json`."""
    durable.write_json(folder / NAME, report.model_dump(mode="json"))


def read(folder: Path) -> Sensitivity | None:
    """Reads it; None when there is none, or it cannot be read."""
    try:
        found: Any = records.read_json(folder / NAME)
        return Sensitivity.model_validate(found)
    except (OSError, ValueError):
        return None
