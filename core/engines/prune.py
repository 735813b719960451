"""Cuts a smaller student out of a model: fewer layers, fewer feed-forward neurons, fewer tokens.

What is kept is decided by measuring on training rows: layers by block influence (ShortGPT, Men et al. 2024),
neurons by their activity (Minitron, Muralidharan et al. 2024), tokens by use.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data.dataset import Dataset
from core.engines import merging
from core.engines.seal import seal, without_four_bit
from core.errors import InputError
from core.models import records
from core.specs import PruneSpec
from core.workspace import durable

if TYPE_CHECKING:
    from core.engines.pruning.vocabulary import Trimmed
    from core.jobs.context import JobContext

REPORT = "pruning.json"


@dataclass(frozen=True)
class Plan:
    """How much stays: layers, neurons of each, and the smaller vocabulary where it is cut too."""

    layers: int
    neurons: int
    trimmed: Trimmed | None


def load_ahead() -> None:
    """Loads what it cuts with, before there is a job."""
    seal()
    without_four_bit()
    import torch  # noqa: F401
    import transformers  # noqa: F401


def run(spec: PruneSpec, job: JobContext) -> None:
    """Loads, plans, measures, cuts, tries, keeps."""
    seal()
    without_four_bit()
    job.phase("loading")
    source = job.input(spec.model)
    record = records.inspect(source)
    if record.format == "onnx":
        raise InputError(
            f"{record.name} cannot be pruned.",
            why="It is an exported, quantized model; its weights can no longer be cut.",
            fix="Prune the model that it was made from, then quantize the result.",
        )
    bases = merging.bases(job, spec.model)
    import torch

    from core.engines.pruning import calibration, influence, renumbering, structure, trial, vocabulary, width
    from core.engines.training import weights

    numbers = {"bf16": torch.bfloat16, "bfloat16": torch.bfloat16, "f16": torch.float16}
    torch.set_num_threads(int(job.resources["threads"]))
    data, tokenizer = Dataset(job.input(spec.data)), weights.load_tokenizer(source)
    model = merging.load(source, bases).eval()
    layers = structure.layers_of(model, record.name)
    before, widest = len(layers), int(model.config.intermediate_size)
    tokens_before, parameters = int(model.config.vocab_size), weights.count(model)
    job.check_cancelled()
    trimmed = _trim(job, model, tokenizer, (source, *bases), data) if spec.vocabulary == "data" else None
    plan = _plan(spec, model, layers, trimmed, record.name)

    rows = calibration.rows(data, tokenizer, spec.calibration_rows, spec.seed)
    job.phase("measuring", total=len(rows), unit="rows")
    influences, activities = influence.Influence(layers), width.Activity(layers)
    for done, ids in enumerate(rows, start=1):
        influence.measure(model, ids)
        job.progress(done)
        job.check_cancelled()
    found, activity = influences.close(), activities.close()
    job.emit("influence", layers=found)

    job.phase("cutting")
    kept = influence.choose(found, plan.layers)
    neurons = width.choose([activity[at] for at in kept], plan.neurons)
    if plan.layers < before:
        influence.cut(model, kept)
    if plan.neurons < widest:
        width.cut(model, neurons)
    if trimmed is not None:
        vocabulary.cut(model, trimmed.kept)
        renumbering.renumber_settings(model, trimmed.new)
    left = weights.count(model)
    folder = job.stage("model")
    dtype = records.inspect(bases[-1] if bases else source).dtype
    weights.save_full(model, folder, numbers.get(dtype, torch.float32))
    merging.copy_tokenizer((source, *bases), folder)
    if trimmed is not None:
        renumbering.write_tokenizer(folder, trimmed)
    tokens = int(model.config.vocab_size)
    del model
    job.check_cancelled()

    job.phase("trying")
    trial.check(folder, tokenizer, rows)
    job.check_cancelled()

    job.phase("saving")
    durable.write_json(
        folder / REPORT,
        {
            "source": record.name,
            "layers": {"before": before, "kept": kept, "influence": found},
            "ffn": {"before": widest, "after": plan.neurons, "kept": neurons},
            "vocabulary": {"before": tokens_before, "after": tokens},
            "parameters": {"before": parameters, "after": left},
            "calibration_rows": len(rows),
        },
    )
    description = records.Description(
        format="hf",
        name=job.name or f"{record.name}-pruned",
        architecture=record.architecture,
        parameters=left,
        context=record.context,
        licence=record.licence,
        dtype=dtype,
        source=f"pruned from {record.name}",
        note=record.note,
    )
    records.write(folder, description)
    listed = {"format", "architecture", "parameters", "context", "dtype", "licence", "note"}
    job.artifact("model", folder, meta=description.model_dump(include=listed))
    job.result(
        layers=len(kept),
        ffn=plan.neurons,
        vocabulary=tokens,
        parameters=left,
        parameters_before=parameters,
        influence=found,
        bytes=records.bytes_on_disk(folder),
    )


def _trim(job: JobContext, model: Any, tokenizer: Any, folders: tuple[Path, ...], data: Dataset) -> Trimmed:
    """The smaller vocabulary, found before anything is measured."""
    from core.engines.pruning import renumbering, vocabulary

    name = records.describe(folders[0]).name
    file = next((path for folder in folders if (path := folder / renumbering.TOKENIZER).exists()), None)
    document = records.read_json(file) if file is not None else {}
    vocabulary.require_byte_level(document, name)
    used = vocabulary.used_by(data, tokenizer, job)
    return vocabulary.trim(document, used, renumbering.always_kept(model, tokenizer))


def _plan(spec: PruneSpec, model: Any, layers: list[Any], trimmed: Trimmed | None, name: str) -> Plan:
    """How much stays, as the spec says it or as its target size asks for.

    Raises:
        InputError: There is less than is to be kept, or nothing would be left out.
    """
    from core.engines.pruning import budget, width

    have, widest = len(layers), int(model.config.intermediate_size)
    tokens = len(trimmed.kept) if trimmed is not None else int(model.get_input_embeddings().weight.shape[0])
    sizes = budget.sizes_of(model, layers, tokens)
    if spec.target_mb is not None:
        keep, neurons = budget.fit(sizes, spec.target_mb)
    else:
        keep, neurons = spec.keep_layers or have, width.share_of(widest, spec.ffn_share)
    if keep > have:
        raise InputError(
            f"{keep} layers of {name} cannot be kept.",
            why=f"It has {have}.",
            fix=f"Set keep_layers to {have - 1} or less.",
            code="prune.layers",
        )
    if (keep, neurons) == (have, widest) and trimmed is None:
        raise InputError(
            f"Nothing of {name} would be left out.",
            why=f"It has {have} layers of {widest} neurons, which go in steps of {width.BLOCK}, and "
            f"{sizes.bytes(have, widest) / budget.MB:.1f} MB at one byte a number.",
            fix="Keep fewer layers, a smaller share of the neurons, or set a smaller target.",
            code="prune.nothing",
        )
    return Plan(keep, neurons, trimmed)
