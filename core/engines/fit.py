"""Finds out whether a fine-tuning fits: the formula, then a few real steps in a process of its own."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data import sizes
from core.engines import merging
from core.engines.fitting import child
from core.engines.fitting.child import Died
from core.models import records
from core.models.fit import forecast, machine
from core.models.fit.corrections import Corrections
from core.models.fit.experience import FORMULA, Case
from core.models.fit.machine import Machine
from core.models.fit.need import Need, predict
from core.specs import FitSpec

if TYPE_CHECKING:
    from core.engines.fitting.dry_run import Measured
    from core.jobs.context import JobContext


def run(spec: FitSpec, job: JobContext) -> None:
    """Predicts, measures, compares, says what would help."""
    wanted = spec.spec
    here = machine.this(job.folder, wanted.threads or int(job.resources["threads"]))
    of = _case(spec, job)
    inputs = _inputs(job, wanted.model) | {wanted.data: job.input(wanted.data)}

    def tell(name: str, fields: dict[str, Any]) -> None:
        if name == "phase":
            job.phase(fields["name"], fields.get("total"), fields.get("unit", ""))
        elif name == "progress":
            job.progress(fields["done"], fields.get("total"))
        else:
            job.emit(name, **fields)
        job.check_cancelled()

    with tempfile.TemporaryDirectory(dir=job.folder, prefix="dry-run-") as scratch:
        found: Measured | Died = child.run(wanted, inputs, Path(scratch), here.threads, tell)
    if isinstance(found, Died):
        said = forecast.forecast(of, here, Corrections())
        job.warn(
            "The dry run was ended because memory ran out, so the fine-tuning does not fit as it is set."
        )
        job.result(**forecast.as_data(said) | {"verdict": "no", "died": asdict(found)})
        return
    if not found.saved:
        job.warn(
            "There is too little disk space to write a checkpoint and the result on trial; their sizes and "
            "times are computed."
        )
    # The formula with what was decided, then with what was measured: from here on it knows this training.
    told = wanted.model_copy(update={"precision": found.precision})
    plain = predict(told, of.shape, of.rows, here, Corrections())
    known = _corrections(plain, found, here)
    said = forecast.forecast(of, here, known)
    job.result(
        **forecast.as_data(said)
        | {
            "verdict": forecast.verdict(found.peak, here.memory_free),
            "seconds": {**asdict(found.seconds), "total": found.seconds.total},
        },
        predicted={"memory_bytes": plain.memory.total, "seconds": plain.seconds.total},
        measured=_measured(found),
        watts=found.watts,
        ratios={
            "formula": FORMULA,
            "libraries": known.libraries,
            "activations": known.activations,
            "seconds": known.seconds,
            "gflops": here.gflops,
        },
    )


def _case(spec: FitSpec, job: JobContext) -> Case:
    return Case(spec.spec, merging.root_shape(job, spec.spec.model), sizes.read(job.input(spec.spec.data)))


def _inputs(job: JobContext, model: str) -> dict[str, Path]:
    """A model's folder, and those it stands on."""
    found = {model: job.input(model)}
    base = records.describe(found[model]).base
    return found | _inputs(job, base) if base else found


def _corrections(plain: Need, found: Measured, here: Machine) -> Corrections:
    """The factors that make the formula say what was measured."""
    held = plain.memory
    libraries = max(found.loaded - held.weights - found.beside, 0.0)
    fixed = held.fixed - held.libraries + libraries
    step_s = found.step_s * found.mean_step_tokens / found.step_tokens
    return Corrections(
        libraries=libraries,
        activations=max(found.step_peak - fixed, 1.0) / held.passing,
        seconds=step_s * plain.plan.steps / plain.seconds.training,
        watts=found.watts,
        bf16=found.precision == "bf16",
        runs=1,
    )


def _measured(found: Measured) -> dict[str, Any]:
    """The figures a person compares with the prediction."""
    return {
        "memory_bytes": found.peak,
        "parts_bytes": {
            "libraries": found.libraries,
            "weights": found.loaded - found.libraries,
            "learner": found.learner,
            "activations": max(found.step_peak - found.loaded - found.learner + found.beside, 0),
        },
        "moments_bytes": {
            "loading": found.loading_peak,
            "steps": found.step_peak,
            "evaluation": found.evaluation_peak,
            "saving": found.saving_peak,
        },
        "seconds": found.seconds.total,
        "step_s": found.step_s,
        "tokens_per_s": found.step_tokens / found.step_s,
        "checkpoint_bytes": found.checkpoint if found.saved else None,
        "result_bytes": found.result if found.saved else None,
    }
