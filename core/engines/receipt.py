"""Does an export do what its source does? Checked in the runtime it is made for, in a fresh process.

Green may be deployed; amber too, with its reasons shown; red may be measured but not deployed,
unless a person says why.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from core.engines.checking import behaviour, files, weights
from core.engines.checking.asking import Reference, reference
from core.engines.checking.check import WORST, Check, Status, check
from core.engines.measuring import machine
from core.engines.quantization import building, graph
from core.engines.quantization.folding import Folds
from core.errors import InputError
from core.models import records
from core.models.quantizing.recipes import Recipe
from core.workspace import durable

if TYPE_CHECKING:
    from core.jobs.context import JobContext

__all__ = [
    "Check",
    "Receipt",
    "Reference",
    "add_adapter",
    "carry_over",
    "make",
    "reference",
    "require_usable",
    "write",
]


class Receipt(BaseModel):
    """`receipt.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    status: Status
    reasons: tuple[str, ...]
    recipe: str
    checks: tuple[Check, ...]
    bytes: int
    mean_bits: float | None = None
    weights_by_bits: dict[str, int] = {}
    operators: dict[str, int] = {}
    agreement: float | None = None
    same_answers: float | None = None
    kl: float | None = None
    tokens_per_s: float | None = None
    template_sha256: str | None = None
    versions: dict[str, str] = {}
    adapters: dict[str, dict[str, float]] = {}


def make(
    folder: Path,
    recipe: Recipe,
    source: Reference,
    threads: int,
    *,
    weights_of: Path | None = None,
    folds: Folds | None = None,
    max_length: int | None = None,
    cache_bits: int | None = None,
) -> Receipt:
    """Checks the export. Never raises for a faulty one: a fault is what a receipt is for.

    Args:
        folder: The export.
        recipe: What it is said to be.
        source: What its source says.
        threads: Cores to use.
        weights_of: The transformers folder that it was built from, before anything was rounded.
        folds: Scales that were moved in it before rounding.
        max_length: Longest conversation that was asked for.
        cache_bits: Bits in which what was read was to be kept.
    """
    checks: list[Check] = []
    found: dict[str, Any] = {"versions": machine.versions()}
    try:
        model = graph.load(folder / building.GRAPH)
        precision = graph.precision(model)
        misfit = recipe.misfit(precision)
        mean = f"{precision.mean_bits:.2f} bits a weight on average"
        checks.append(check("precision", not misfit, mean, misfit))
        found |= {
            "mean_bits": precision.mean_bits,
            "operators": precision.operators,
            "weights_by_bits": {str(bits): count for bits, count in sorted(precision.matmul.items())},
        }
        if weights_of is not None:
            checks.append(weights.compare(folder, model, weights_of, folds))
        checks.append(files.settings(folder, source, graph.shape(model), max_length, cache_bits))
    except (graph.GraphError, OSError, KeyError, ValueError) as error:
        checks.append(check("precision", False, "", f"In the exported files, {error}"))
    checks.append(files.stop_tokens(folder, source))
    checks.append(files.template(folder, source))
    if all(item.status != "red" for item in checks):
        checks += behaviour.in_fresh_process(folder, source, threads, found)
    else:
        checks.append(Check(name="behaviour", status="red", text="Not run, because of the faults above"))
    return Receipt(
        **verdict(checks),
        recipe=recipe.name,
        checks=tuple(checks),
        bytes=records.bytes_on_disk(folder),
        template_sha256=hashlib.sha256(source.template).hexdigest(),
        **found,
    )


def add_adapter(
    made: Receipt, folder: Path, file: Path, name: str, source: Reference, threads: int
) -> Receipt:
    """The receipt with what an adapter that the export serves says, against the adapter in torch."""
    found: dict[str, Any] = {}
    seen = behaviour.in_fresh_process(folder, source, threads, found, file)
    checks = tuple(
        item.model_copy(update={"name": f"adapter {name}", "text": f"Adapter {name}: {item.text}"})
        for item in seen
        if item.name != "runtime template"  # the runtime knows the base's; the adapter's lies beside it
    )
    figures = {key: found[key] for key in ("agreement", "kl", "tokens_per_s") if key in found}
    return made.model_copy(
        update={
            **verdict((*made.checks, *checks)),
            "checks": (*made.checks, *checks),
            "adapters": {**made.adapters, name: figures},
        }
    )


def carry_over(made: Receipt, source: Path) -> Receipt:
    """The receipt of an export with what its source's says of not having been taught: that was not mended."""
    remark = records.untaught(source)
    if not remark:
        return made
    checks = (*made.checks, Check(name=records.TAUGHT, status="amber", text=remark))
    return made.model_copy(update={**verdict(checks), "checks": checks})


def verdict(checks: Sequence[Check]) -> dict[str, Any]:
    """The worst status, and the text of all that is not green."""
    return {
        "status": max((item.status for item in checks), key=WORST.index),
        "reasons": tuple(item.text for item in checks if item.status != "green"),
    }


def write(folder: Path, receipt: Receipt) -> None:
    """Writes `receipt.json`."""
    text = json.dumps(receipt.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"
    durable.write_text(folder / records.RECEIPT, text)


def require_usable(job: JobContext, artifact_id: str, refusal: str) -> None:
    """Refuses a model whose receipt is red, unless the person has said why it is used anyway.

    Args:
        job: Knows the model and what was decided about it.
        artifact_id: The model.
        refusal: What cannot be done with it, such as `cannot be a teacher`.

    Raises:
        InputError: It may not be used.
    """
    folder = job.input(artifact_id)
    reasons = records.refusal(folder)
    if not reasons:
        return
    name = records.describe(folder).name or folder.name
    if artifact_id in job.used_anyway:
        job.warn(f"The receipt of {name} is red, and it is used anyway: {'; '.join(reasons)}")
        return
    raise InputError(
        f"{name} {refusal}: its receipt is red.",
        why="; ".join(reasons),
        fix="Make it again, or take another recipe; Evaluate still measures it. "
        "To use it as it is: `slm-workbench chat M --anyway WHY`.",
        code="receipt.red",
    )
