"""Makes a model small and fast: a transformers folder becomes an ONNX Runtime GenAI folder with a receipt."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.engines import keeping, merging, receipt, tokenizing
from core.engines.quantization import building, cache_scales, folding, rounding, samples, serving
from core.engines.seal import seal
from core.errors import InputError
from core.models import records
from core.models.quantizing import sensitivity, sizes
from core.models.quantizing.plan import LEARNING, Plan
from core.models.quantizing.recipes import RECIPES, Recipe
from core.models.quantizing.sensitivity import Sensitivity
from core.specs import QuantizeSpec

if TYPE_CHECKING:
    from core.engines.keeping import Kept
    from core.jobs.context import JobContext


@dataclass(frozen=True)
class Planned:
    """What every matrix gets.

    Attributes:
        recipe: As it builds, and must show, the plan.
        plan: None where the builder decides.
        report: What a search has measured.
        rounded: Where it has been rounded so already.
    """

    recipe: Recipe
    plan: Plan | None = None
    report: Sensitivity | None = None
    rounded: Path | None = None


def load_ahead() -> None:
    """Loads the builder and what asks the source, before there is a job."""
    seal()
    import peft  # noqa: F401
    from onnxruntime_genai.models import builder  # noqa: F401

    from core.engines.runtimes import torch_runtime  # noqa: F401


def run(spec: QuantizeSpec, job: JobContext) -> None:
    """Asks the source, merges, rounds, builds, checks, keeps."""
    seal()
    job.phase("loading")
    source = job.input(spec.model)
    record = records.inspect(source)
    bases = merging.bases(job, spec.model)
    served = serving.require(spec, [job.input(adapter) for adapter in spec.adapters])
    parameters = records.inspect(bases[-1]).parameters if bases else record.parameters
    threads = int(job.resources["threads"])
    wanted = receipt.reference(source, bases, threads)
    job.check_cancelled()

    for leftover in job.folder.glob("work-*"):  # of a try that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    kept = keeping.of_run(job, spec)
    with tempfile.TemporaryDirectory(dir=job.folder, prefix="work-") as work:
        whole = source
        if bases:
            job.phase("merging")
            whole = merging.merge(source, bases, _inside(work, "merged"))
            job.check_cancelled()
        planned = _planned(spec, whole, job, kept, Path(work))
        if spec.heal:
            whole, planned = _heal(spec, whole, planned, job, kept, work)
        recipe, report = planned.recipe, planned.report
        plain = planned.rounded or whole
        if planned.plan is not None and planned.rounded is None:
            plain = _round(spec, whole, planned.plan, job, kept, _inside(work, "rounded"))
            job.check_cancelled()
        job.phase("building")
        folder = job.stage("model")
        more: tuple[str, ...] = serving.OPTIONS if served else ()
        folds = folding.read(plain)
        if spec.kv_cache == "int8":
            rows = _sample_rows(spec, whole, job)
            more += cache_scales.options(whole, folds, rows, Path(work, "scales.json"))
        building.build(plain, folder, recipe, _inside(work, "cache"), more, target=spec.target)
        files = serving.put_beside(folder, served, folds)
        context = building.settle(
            folder,
            template=source / records.TEMPLATE,
            max_length=spec.max_length,
            stop_ids=wanted.stop_ids,
            pad_id=wanted.pad_id,
            one_buffer=spec.kv_cache == "int8",
        )
        job.check_cancelled()
        if report is not None:
            report = _timed(spec, folder, report, job)
            sensitivity.write(folder, report)

        job.phase("checking")
        made = receipt.make(
            folder,
            recipe,
            wanted,
            threads,
            weights_of=whole,
            folds=folds,
            max_length=spec.max_length,
            cache_bits=8 if spec.kv_cache == "int8" else 32,
        )
    for adapter, file in zip(served, files, strict=True):
        job.check_cancelled()
        theirs = receipt.reference(adapter.folder, (source, *bases), threads)
        made = receipt.add_adapter(made, folder, file, adapter.name, theirs, threads)
    made = receipt.carry_over(made, source)
    receipt.write(folder, made)
    if made.status == "red":
        job.warn("The receipt is red, so this model cannot be deployed: " + "; ".join(made.reasons))

    job.phase("saving")
    description = _describe(
        job.name or f"{record.name}-{spec.recipe}", record, spec, context, parameters, served
    )
    records.write(folder, description)
    listed = {"format", "architecture", "parameters", "context", "licence", "recipe", "note", "adapters"}
    meta = {**description.model_dump(include=listed), "receipt": made.status}
    job.artifact("model", folder, meta=meta)
    job.result(
        recipe=recipe.name,
        **({"rounded_by": planned.plan.algorithm} if planned.plan is not None else {}),
        receipt=made.status,
        reasons=list(made.reasons),
        bytes_on_disk=made.bytes,
        agreement=made.agreement,
        kl=made.kl,
        tokens_per_s=made.tokens_per_s,
        **_searched(report),
        adapters=made.adapters,
    )
    kept.clear()


def _planned(spec: QuantizeSpec, plain: Path, job: JobContext, kept: Kept, work: Path) -> Planned:
    """What every matrix gets, by the recipe or by searching."""
    recipe = RECIPES[spec.recipe]
    algorithm = recipe.rounded_by(spec.algorithm, rows=spec.data is not None)
    if recipe.precision == "fp32":
        return Planned(recipe)
    if algorithm == "builder" or algorithm == "":
        return Planned(recipe if spec.block == "auto" else recipe.model_copy(update={"block": spec.block}))
    found = sizes.read(plain)
    if spec.recipe == "search":
        from core.engines.quantization.room import Limits, Room
        from core.engines.quantization.searching import Search

        data = job.input(spec.data) if spec.data else None
        limits = Limits(None if spec.max_mb is None else round(spec.max_mb * 1e6), spec.max_ms)
        search = Search(Room(plain, found, data, limits, job, kept, work))
        search.measure()
        chosen = search.choose()
        said = chosen.report.model_dump(mode="json")
        job.emit("mixture", units=said["units"], head=said["head"], tried=said["tried"])
        return Planned(recipe.of(chosen.plan), chosen.plan, chosen.report, chosen.rounded)
    if recipe.on_rows and spec.algorithm == "auto":
        job.log(
            "GPTQ rounds, on validation rows of the data."
            if spec.data
            else "KQuant rounds. With data, GPTQ would round on its validation rows, which is nearer."
        )
    plan = recipe.planned(found, algorithm, spec.block)
    rounding.require_blocks(plain, found, plan)
    return Planned(recipe.of(plan), plan)


def _round(spec: QuantizeSpec, plain: Path, plan: Plan, job: JobContext, kept: Kept, folder: Path) -> Path:
    """Rounds the weights; GPTQ and AWQ first draw the rows they learn from."""
    job.phase("rounding", unit="layers")
    rows = _sample_rows(spec, plain, job) if plan.algorithm in LEARNING else ()
    layers = None
    if plan.algorithm == "gptq":
        from core.engines.quantization.searching import gptq_layers

        layers = gptq_layers(job, kept, plan)
    blocks = len({name.rpartition("layers.")[2].partition(".")[0] for name in plan.matrices})

    def heard(done: int) -> None:
        job.progress(done * blocks // len(plan.matrices), blocks)
        job.check_cancelled()

    return rounding.round_weights(plain, folder, plan, rows, layers, heard)


def _sample_rows(spec: QuantizeSpec, plain: Path, job: JobContext) -> tuple[tuple[int, ...], ...]:
    """Token ids that something is learnt from; none of them judges."""
    return samples.draw(tokenizing.load(plain), job.input(spec.data) if spec.data else None).calibrating


def _timed(spec: QuantizeSpec, folder: Path, report: Sensitivity, job: JobContext) -> Sensitivity:
    """The report with how long an answer of the finished export takes; the truth where that is too long."""
    if spec.max_ms is None:
        return report
    from core.engines.quantization import timing
    from core.engines.quantization.room import SLACK

    job.phase("timing")
    data = job.input(spec.data) if spec.data else None
    threads = int(job.resources["threads"])
    measured = timing.exported(folder, timing.lengths(folder, data), threads)
    job.result(answer_ms=round(measured, 2))
    if measured > SLACK * spec.max_ms:
        job.warn(
            f"An answer takes {measured:.3g} ms on this computer, not the {spec.max_ms:g} ms that were asked "
            "for: other programs may have been at work, or there is no mixture that is faster."
        )
    return report.model_copy(update={"answer_ms": round(measured, 2)})


def _heal(
    spec: QuantizeSpec, plain: Path, planned: Planned, job: JobContext, kept: Kept, work: str
) -> tuple[Path, Planned]:
    """The mended model and how it is rounded; the model as it was, where mending brought nothing.

    What learns from rows rounds first, for mending has to bring more than that.
    """
    plan, rounded = planned.plan, planned.rounded
    if plan is None:
        raise InputError(
            f"{spec.recipe} cannot be healed.",
            why="Its weights are not rounded before the export, so nothing can be learnt around it.",
            fix="Choose another recipe, or leave heal at 0.",
            code="quantize.heal",
        )
    from core.engines.quantization import healing

    if rounded is None and plan.algorithm in LEARNING:
        rounded = _round(spec, plain, plan, job, kept, _inside(work, "unmended"))
        job.check_cancelled()
    tokenizer = tokenizing.load(plain)
    data = job.input(spec.data) if spec.data else None
    teaching, judging = samples.teaching(tokenizer, data), samples.draw(tokenizer, data).judging
    job.phase("healing", total=spec.heal, unit="steps")

    def tell(step: int, loss: float) -> None:
        job.metrics(step, loss=loss)
        job.progress(step)
        job.check_cancelled()

    merely = rounding.rounded(rounded, list(plan.matrices)) if rounded is not None else None
    healed = healing.heal(plain, _inside(work, "healed"), plan, teaching, judging, spec.heal, tell, merely)
    job.result(healed_from=healed.before, healed_to=healed.after)
    if healed.after < healed.before:
        recipe = planned.recipe.of(healed.plan)
        return healed.folder, replace(planned, recipe=recipe, plan=healed.plan, rounded=None)
    job.warn(
        f"Healing brought nothing: the KL would go from {healed.before:.3f} to {healed.after:.3f}, so the "
        "model was rounded as it is. Try more steps, or more rows."
    )
    return plain, replace(planned, rounded=rounded)


def _searched(report: Sensitivity | None) -> dict[str, float]:
    """The search's figures for the run: of what was taken, and of the fixed recipe it had to beat."""
    if report is None:
        return {}
    taken = next(item for item in report.tried if item.taken)
    return {"searched_kl": taken.kl, "fixed_kl": report.tried[0].kl}


def _inside(work: str, name: str) -> Path:
    folder = Path(work, name)
    folder.mkdir()
    return folder


def _describe(
    name: str,
    record: records.ModelRecord,
    spec: QuantizeSpec,
    context: int,
    parameters: int,
    served: tuple[serving.Served, ...],
) -> records.Description:
    return records.Description(
        format="onnx",
        name=name,
        architecture=record.architecture,
        parameters=parameters,
        context=context,
        licence=record.licence,
        dtype=spec.recipe,
        base=None,
        recipe=spec.recipe,
        source=f"quantized from {record.name}",
        note=record.note,
        adapters=tuple(item.name for item in served),
    )
