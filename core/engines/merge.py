"""One model out of adapters: merged into their base, or with each other (PEFT's weighted merges).

TIES: Yadav 2023. DARE: Yu 2023.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.engines import merging, receipt, tokenizing
from core.engines.checking import reloading
from core.engines.seal import seal
from core.models import compatible, records
from core.specs import MergeSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext

_MERGED = "merged"


def run(spec: MergeSpec, job: JobContext) -> None:
    """Checks that they go together, loads base and adapters, merges, keeps."""
    seal()
    job.phase("loading")
    folders = [job.input(artifact) for artifact in spec.models]
    said = [records.describe(folder) for folder in folders]
    names = [item.name or folder.name for item, folder in zip(said, folders, strict=True)]
    base_id = compatible.require(spec, folders, names)
    bases = merging.bases(job, spec.models[0])
    import torch

    from core.engines.training import adapters, weights

    reloading.warm_up()
    threads = int(job.resources["threads"])
    torch.set_num_threads(threads)
    torch.manual_seed(spec.seed)  # DARE drops changes by chance
    model = _load(merging.load(bases[0], bases[1:]), folders)
    job.check_cancelled()

    job.phase("merging")
    _combine(model, spec)
    said_before = reloading.listen(model, tokenizing.load(folders[0]), (folders[0], *bases))
    job.check_cancelled()

    job.phase("saving")
    folder = job.stage("model")
    beneath = records.inspect(bases[0])
    dtype = "bf16" if _stored_dtype(bases[-1]) == "bf16" and spec.makes_model else "f32"
    rank = None if spec.makes_model else adapters.rank_of(model, _MERGED)
    if spec.makes_model:
        whole = model.merge_and_unload()
        parameters = weights.count(whole)
        weights.save_full(whole, folder, torch.bfloat16 if dtype == "bf16" else torch.float32)
    else:
        parameters = sum(p.numel() for name, p in model.named_parameters() if f".{_MERGED}." in name)
        adapters.save(model, folder, _MERGED)
    merging.copy_tokenizer((folders[0], *bases), folder)
    if len({_template(folder) for folder in folders}) > 1:
        job.warn(f"Their chat templates differ; the result keeps that of {said[0].name}.")
    description = records.Description(
        format="hf" if spec.makes_model else "adapter",
        name=job.name or "-".join([*names, _MERGED]),
        architecture=said[0].architecture or beneath.architecture,
        parameters=parameters,
        context=said[0].context or beneath.context,
        licence=said[0].licence or beneath.licence,
        dtype=dtype,
        base=None if spec.makes_model else base_id,
        method="" if spec.makes_model else "lora",
        rank=rank,
        source=f"merged from {_sum(names, spec.shares)}",
        note=said[0].note,
    )
    records.write(folder, description)
    job.phase("checking")
    made = reloading.make(folder, () if spec.makes_model else bases, "merge", said_before, threads)
    receipt.write(folder, made)
    if made.status == "red":
        job.warn("The receipt is red, so this model cannot be deployed: " + "; ".join(made.reasons))
    listed = {"format", "architecture", "parameters", "context", "dtype", "licence", "note", "base"}
    meta = {**description.model_dump(include=listed), "receipt": made.status}
    job.artifact("model", folder, meta=meta)
    job.result(
        into=description.format,
        how=spec.how if len(names) > 1 else "",
        parts=names,
        weights=list(spec.shares),
        rank=rank,
        receipt=made.status,
        reasons=list(made.reasons),
        bytes_on_disk=records.bytes_on_disk(folder),
    )


def _load(base: Any, folders: Sequence[Path]) -> Any:
    """The base with all adapters beside it."""
    from peft import PeftModel

    model = PeftModel.from_pretrained(base, str(folders[0]), adapter_name=_part(0))
    for at, folder in enumerate(folders[1:], start=1):
        model.load_adapter(str(folder), adapter_name=_part(at))
    return model


def _part(at: int) -> str:
    return f"part{at}"  # a bare number would also be found in `layers.0` when PEFT saves


def _combine(model: Any, spec: MergeSpec) -> None:
    """Makes the adapter that is kept the active one."""
    if spec.makes_model and len(spec.models) == 1 and spec.shares == (1.0,):
        return
    names = [_part(at) for at in range(len(spec.models))]
    # PEFT copies the first one's configuration; rsLoRA's scaling would multiply the sum by √rank.
    model.peft_config[names[0]].use_rslora = False
    density = spec.density if spec.how in ("ties", "dare_ties") else None
    model.add_weighted_adapter(names, list(spec.shares), _MERGED, combination_type=spec.how, density=density)
    model.set_adapter(_MERGED)


def _stored_dtype(folder: Path) -> str:
    return {"bfloat16": "bf16"}.get(dtype := records.inspect(folder).dtype, dtype)


def _template(folder: Path) -> bytes:
    path = folder / records.TEMPLATE
    return path.read_bytes() if path.exists() else b""


def _sum(names: Sequence[str], shares: Sequence[float]) -> str:
    if shares == (1.0,):
        return names[0]
    return " + ".join(f"{share:.2g} × {name}" for share, name in zip(shares, names, strict=True))
