"""What learns beside a frozen model: LoRA and its kin, and (IA)³; new, or one that learns on.

LoRA: Hu 2021. rsLoRA: Kalajdzievski 2023. DoRA: Liu 2024. QLoRA: Dettmers 2023. (IA)³: Liu 2022.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from peft import IA3Config, LoraConfig, PeftConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from torch import nn
from transformers import PreTrainedModel

from core.engines.training import four_bit
from core.errors import InputError
from core.models import records
from core.models.methods import NAMES, kind_of
from core.specs import TrainingSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext

#: Where (IA)³ scales keys and values, in the words of the families that we train.
_KEYS_AND_VALUES = frozenset({"k_proj", "v_proj", "qkv_proj", "query_key_value", "key", "value"})


def choose_method(spec: TrainingSpec, job: JobContext) -> str:
    """What `auto` means, and whether the wish can be had; decided before anything heavy is loaded.

    Raises:
        InputError: The method does not run here, or there is no adapter of its kind to continue.
    """
    if spec.method == "qlora":
        four_bit.require()
    if not spec.continue_adapter:
        return "lora" if spec.method == "auto" else spec.method
    folder = job.input(spec.model)
    said = records.describe(folder)
    name = said.name or folder.name
    if said.format != "adapter":
        raise InputError(
            f"{name} cannot be continued.",
            why="It is a whole model, not an adapter.",
            fix="Leave continue_adapter off; a new adapter is learnt on top.",
            code="method.mismatch",
        )
    if spec.method == "full":
        raise InputError(
            "Full fine-tuning cannot continue an adapter.",
            why="It changes the weights of the whole model, and an adapter is only beside them.",
            fix="Take the adapter's own method, or leave continue_adapter off.",
            code="method.mismatch",
        )
    kind = kind_of(folder)
    wanted = {"auto": kind, "qlora": "lora"}.get(spec.method, spec.method)
    if wanted != kind:
        raise InputError(
            f"{name} cannot be continued with {NAMES[spec.method]}.",
            why=f"It was learnt with {NAMES[kind]}, whose parts are different.",
            fix=f"Choose {NAMES[kind]}, or leave continue_adapter off.",
            code="method.mismatch",
        )
    return "qlora" if spec.method == "qlora" else kind


def attach(
    model: PreTrainedModel, spec: TrainingSpec, method: str, base_name: str, existing: Path | None = None
) -> PeftModel:
    """Freezes the model and adds what the method learns; it alone learns, in fp32.

    Args:
        model: The base.
        spec: Rank and its like.
        method: lora, qlora, dora or ia3.
        base_name: How the base is called; written into the adapter.
        existing: Folder of an adapter that learns on, in place of a new one.
    """
    model.name_or_path = base_name  # PEFT would put the folder's path into its configuration
    torch.manual_seed(spec.seed)
    adapted: PeftModel
    if existing is not None:
        adapted = PeftModel.from_pretrained(model, str(existing), is_trainable=True)
    else:
        config = _ia3(model) if method == "ia3" else _lora(spec, method)
        config.base_model_name_or_path = base_name
        adapted = get_peft_model(model, config)
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return adapted


def _lora(spec: TrainingSpec, method: str) -> PeftConfig:
    return LoraConfig(
        r=spec.lora_rank,
        lora_alpha=spec.lora_alpha,
        lora_dropout=spec.lora_dropout,
        use_rslora=spec.use_rslora,
        use_dora=method == "dora",
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def _ia3(model: PreTrainedModel) -> PeftConfig:
    """Scales of keys, values, and of what enters the last matrix of a feed-forward, found by its shape."""
    hidden = int(model.config.hidden_size)
    keys: set[str] = set()
    downs: set[str] = set()
    for path, module in model.named_modules():
        name = path.rpartition(".")[2]
        if not isinstance(module, nn.Linear) or module is model.get_output_embeddings():
            continue
        if name in _KEYS_AND_VALUES:
            keys.add(name)
        elif "mlp" in path and module.out_features == hidden:
            downs.add(name)
    if not keys or not downs:
        raise InputError(
            f"(IA)³ does not fit a {model.config.model_type} model.",
            why="Its keys, values or feed-forward layers were not found.",
            fix="Use LoRA.",
            code="method.unavailable",
        )
    return IA3Config(
        target_modules=sorted(keys | downs), feedforward_modules=sorted(downs), task_type="CAUSAL_LM"
    )


def save(model: PeftModel, folder: Path, name: str = "default") -> None:
    """Writes adapter weights and configuration; no path of this machine is in them."""
    state = get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
    tensors = {key: tensor.contiguous() for key, tensor in state.items()}
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config: dict[str, Any] = model.peft_config[name].to_dict()
    config = {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}
    config["inference_mode"] = True
    (folder / "adapter_config.json").write_text(
        json.dumps(config, indent=2, sort_keys=True, default=str) + "\n", encoding="utf-8"
    )


def rank_of(model: PeftModel, name: str = "default") -> int | None:
    """The rank of a LoRA; (IA)³ has none."""
    rank = getattr(model.peft_config[name], "r", None)
    return rank if isinstance(rank, int) else None
