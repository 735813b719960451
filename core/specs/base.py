"""What every spec shares: frozen, strict about unknown fields, and labelled for people."""

from __future__ import annotations

import hashlib
import json
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

THREADS_HELP = "How many processor cores the job may use; empty means all of them."
SEED_HELP = "Start of every random choice; the same seed gives the same result on this computer."


class Spec(BaseModel):
    """Everything that decides a job's result, and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: ClassVar[str]
    title: ClassVar[str]

    def inputs(self) -> tuple[str, ...]:
        """Ids of the artifacts this spec reads."""
        return ()

    def may_be_remote(self) -> tuple[str, ...]:
        """Ids of the inputs that may be a model at an endpoint; every other one must be on this computer."""
        return ()

    def needs_weights(self) -> tuple[str, ...]:
        """Ids of the inputs whose weights are changed or converted; an exported model cannot be one."""
        return ()

    def may_lack_answers(self) -> tuple[str, ...]:
        """Ids of the data sets that may be questions without answers; from every other one is learnt."""
        return ()

    def in_four_bits(self) -> bool:
        """Whether weights are computed with in 4 bits, by bitsandbytes."""
        return False

    def digest(self) -> str:
        """SHA-256 of the spec's canonical JSON, 64 hex digits."""
        text = json.dumps({"kind": self.kind, **self.model_dump(mode="json")}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def Option(
    default: Any = ...,
    *,
    label: str,
    help: str,
    unit: str = "",
    advanced: bool = False,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
) -> Any:
    """A spec field with what a page, `--help` and the documentation say about it.

    Args:
        default: Value when nothing is set; `...` makes the field required.
        label: Two or three words for a form.
        help: One plain sentence.
        unit: Unit shown after the value.
        advanced: Shown only when the person asks for all fields.
        ge: Smallest allowed value.
        gt: Lower limit, itself not allowed.
        le: Largest allowed value.
    """
    return Field(
        default,
        title=label,
        description=help,
        ge=ge,
        gt=gt,
        le=le,
        json_schema_extra={"unit": unit, "advanced": advanced},
    )
