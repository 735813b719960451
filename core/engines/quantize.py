"""Makes a model small and fast: a transformers folder becomes an ONNX Runtime GenAI folder with a receipt."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from core.engines import merging, receipt
from core.engines.quantization import building, rounding, serving
from core.engines.quantization.recipes import RECIPES
from core.engines.seal import seal, without_four_bit
from core.models import records
from core.specs import QuantizeSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext


def load_ahead() -> None:
    """Loads the builder and what asks the source, before there is a job."""
    seal()
    without_four_bit()
    import peft  # noqa: F401
    from onnxruntime_genai.models import builder  # noqa: F401

    from core.engines.runtimes import torch_runtime  # noqa: F401


def run(spec: QuantizeSpec, job: JobContext) -> None:
    """Asks the source, merges, rounds, builds, checks, keeps."""
    seal()
    without_four_bit()
    job.phase("loading")
    source = job.input(spec.model)
    record = records.inspect(source)
    bases = merging.bases(job, spec.model)
    served = serving.require(spec, [job.input(adapter) for adapter in spec.adapters])
    parameters = records.inspect(bases[-1]).parameters if bases else record.parameters
    threads = int(job.resources["threads"])
    recipe = RECIPES[spec.recipe]
    wanted = receipt.reference(source, bases, threads)
    job.check_cancelled()

    with tempfile.TemporaryDirectory(dir=job.folder, prefix="work-") as work:
        whole = source
        if bases:
            job.phase("merging")
            whole = merging.merge(source, bases, _inside(work, "merged"))
            job.check_cancelled()
        plain = whole
        if recipe.rounding:
            job.phase("rounding")
            plain = rounding.round_weights(whole, _inside(work, "rounded"), recipe)
            job.check_cancelled()
        job.phase("building")
        folder = job.stage("model")
        more = serving.OPTIONS if served else ()
        building.build(plain, folder, recipe, _inside(work, "cache"), more, target=spec.target)
        files = serving.put_beside(folder, served)
        context = building.settle(
            folder,
            template=source / records.TEMPLATE,
            max_length=spec.max_length,
            stop_ids=wanted.stop_ids,
            pad_id=wanted.pad_id,
        )
        job.check_cancelled()

        job.phase("checking")
        made = receipt.make(folder, recipe, wanted, threads, weights_of=whole, max_length=spec.max_length)
    for adapter, file in zip(served, files, strict=True):
        job.check_cancelled()
        theirs = receipt.reference(adapter.folder, (source, *bases), threads)
        made = receipt.add_adapter(made, folder, file, adapter.name, theirs, threads)
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
        receipt=made.status,
        reasons=list(made.reasons),
        bytes_on_disk=made.bytes,
        agreement=made.agreement,
        kl=made.kl,
        tokens_per_s=made.tokens_per_s,
        adapters=made.adapters,
    )


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
