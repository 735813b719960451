"""Models into memory and out again: base, adapter on a base, LoRA, full."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from core.errors import InputError
from core.jobs.context import JobContext
from core.models import records
from core.workspace import manifest

_DEPTH = 8


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a model folder, with its chat template."""
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    return tokenizer


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
    if said.base is None or depth >= _DEPTH:
        raise InputError(
            f"The base of {said.name or folder.name} is not known.",
            why="An adapter is only half a model.",
            fix="Add the base model, then make the adapter again.",
        )
    base = load_model(job, said.base, torch.float32, depth=depth + 1)
    job.log(f"{said.name or 'The adapter'} is merged into its base in memory.")
    merged: PreTrainedModel = PeftModel.from_pretrained(base, folder).merge_and_unload()
    return merged.to(dtype)


def digest(job: JobContext, artifact_id: str) -> str:
    """Identifies the bytes of a model and of the bases below it."""
    folder = job.input(artifact_id)
    base = records.describe(folder).base
    own = manifest.read(folder).digest
    return f"{own}+{digest(job, base)}" if base else own


def attach_lora(
    model: PreTrainedModel, *, rank: int, alpha: int, dropout: float, base_name: str, seed: int
) -> PeftModel:
    """Freezes the model and adds a LoRA to every linear layer but the output; it alone learns, in fp32."""
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        base_model_name_or_path=base_name,
    )
    model.name_or_path = base_name  # PEFT would put the folder's path into its configuration
    torch.manual_seed(seed)
    adapted: PeftModel = get_peft_model(model, config)
    return adapted


def save_adapter(model: PeftModel, folder: Path) -> None:
    """Writes adapter weights and configuration; no path of this machine is in them."""
    state = {
        name: tensor.contiguous()
        for name, tensor in get_peft_model_state_dict(model, save_embedding_layers=False).items()
    }
    save_file(state, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config: dict[str, Any] = model.peft_config["default"].to_dict()
    config["inference_mode"] = True
    config["target_modules"] = sorted(config["target_modules"])
    (folder / "adapter_config.json").write_text(
        json.dumps(config, indent=2, sort_keys=True, default=str) + "\n", encoding="utf-8"
    )


def save_full(model: PreTrainedModel, folder: Path, dtype: torch.dtype) -> None:
    """Writes the whole model in one file; tied weights stay tied."""
    implementation = model.config._attn_implementation
    model.config.use_cache = True
    model.set_attn_implementation("sdpa" if implementation.startswith("workbench") else implementation)
    model.to(dtype).save_pretrained(folder, max_shard_size="1TB")


def count(model: nn.Module, *, learning: bool = False) -> int:
    """Number of parameters, all or those that learn."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not learning)
