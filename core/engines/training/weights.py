"""Models into memory and out again: whole, or an adapter merged into its base."""

from __future__ import annotations

from pathlib import Path

import torch
from peft import PeftModel
from torch import nn
from transformers import AutoModelForCausalLM, PreTrainedModel

from core.engines import merging
from core.errors import InputError
from core.jobs.context import JobContext
from core.models import records


def load_model(job: JobContext, artifact_id: str, dtype: torch.dtype, *, depth: int = 0) -> PreTrainedModel:
    """A model by its id; an adapter is merged into its base, which may be an adapter itself.

    Raises:
        InputError: It is an exported model, which cannot learn.
    """
    folder = job.input(artifact_id)
    said = records.describe(folder)
    if said.format == "onnx":
        raise InputError(
            f"{said.name or folder.name} cannot be fine-tuned.",
            why="It is an exported, quantized model; its weights can no longer learn.",
            fix="Fine-tune the model it was made from, then quantize the result.",
        )
    if said.format == "hf":
        model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, local_files_only=True, trust_remote_code=False
        )
        return model
    if said.base is None or depth >= merging.DEPTH:
        raise InputError(
            f"The base of {said.name or folder.name} is not known.",
            why="An adapter is only half a model.",
            fix="Add the base model, then make the adapter again.",
        )
    base = load_model(job, said.base, torch.float32, depth=depth + 1)
    job.log(f"{said.name or 'The adapter'} is merged into its base in memory.")
    merged: PreTrainedModel = PeftModel.from_pretrained(base, folder).merge_and_unload()
    return cast(merged, dtype)


def cast(model: PreTrainedModel, dtype: torch.dtype) -> PreTrainedModel:
    """Its weights in another number format, in place.

    Not `Module.to`: that rounds buffers too, and with frequencies of positions in bf16 a model turns a
    position by another angle than what is loaded from its files.
    """
    for parameter in model.parameters():
        if parameter.dtype.is_floating_point:  # what is packed in 4 bits stays so
            parameter.data = parameter.data.to(dtype)
    return model


def save_full(model: PreTrainedModel, folder: Path, dtype: torch.dtype) -> None:
    """Writes the whole model in one file; tied weights stay tied."""
    implementation = model.config._attn_implementation
    model.config.use_cache = True
    model.set_attn_implementation("sdpa" if implementation.startswith("workbench") else implementation)
    cast(model, dtype).save_pretrained(folder, max_shard_size="1TB")


def count(model: nn.Module, *, learning: bool = False) -> int:
    """Number of parameters, all or those that learn."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not learning)
