"""An adapter and its base become one model, in memory or as a folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from core.errors import JobError
from core.models import records

_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
)


def load(folder: Path, base: Path | None) -> Any:
    """A transformers model in fp32; an adapter is merged into its base.

    Raises:
        JobError: The adapter's base is missing, or the files do not load.
    """
    import torch
    from transformers import AutoModelForCausalLM

    adapter = (folder / "adapter_config.json").exists()
    if adapter and base is None:
        raise JobError(
            f"The base model of {folder.name} is missing.",
            why="An adapter works only with its base.",
            fix="Add the base model again.",
        )
    source = base if adapter and base else folder
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(
            source, dtype=torch.float32, trust_remote_code=False, local_files_only=True, use_safetensors=True
        )
        if adapter:
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, str(folder)).merge_and_unload()
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise JobError(
            f"{folder.name} cannot be loaded.",
            why=str(error).splitlines()[0][:200],
            fix="Remove it and make it again from its run.",
            details=str(error),
        ) from error
    return model


def merge(folder: Path, base: Path | None, target: Path) -> Path:
    """Writes the merged model as a transformers folder, in fp32 so that merging itself loses nothing.

    Args:
        folder: An adapter; its tokenizer and chat template win over the base's.
        base: Its base model.
        target: An empty folder.

    Returns:
        `target`.
    """
    model = load(folder, base)
    model.save_pretrained(target)
    for name in _TOKENIZER_FILES:
        for source in (folder, base):
            if source and (source / name).exists():
                shutil.copyfile(source / name, target / name)
                break
    return target


def base_of(folder: Path) -> str | None:
    """Artifact id of the base of an adapter, or None for other formats."""
    said = records.describe(folder)
    return said.base if said.format == "adapter" else None
