"""An adapter and its base become one model, in memory or as a folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InputError, JobError
from core.models import records
from core.models.fit.shape import Shape, shape_of
from core.workspace import manifest

if TYPE_CHECKING:
    from core.jobs.context import JobContext

#: An adapter on an adapter on …: more than anyone makes, and an end where two name each other.
DEPTH = 8
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
)


def bases(job: JobContext, artifact_id: str) -> tuple[Path, ...]:
    """Folders that an adapter stands on, the nearest first; empty for other models.

    Raises:
        InputError: A base is not known, or the chain has no end.
    """
    found: list[Path] = []
    said = records.describe(job.input(artifact_id))
    while said.format == "adapter":
        if said.base is None or len(found) >= DEPTH:
            raise InputError(
                f"The base of {said.name or artifact_id} is not known.",
                why="An adapter is only half a model.",
                fix="Add the base model, then make the adapter again.",
            )
        found.append(job.input(said.base))
        said = records.describe(found[-1])
    return tuple(found)


def root(job: JobContext, artifact_id: str) -> Path:
    """Folder of the whole model that an adapter stands on in the end; of a whole model, its own.

    Raises:
        InputError: As for `bases`.
    """
    return (job.input(artifact_id), *bases(job, artifact_id))[-1]


def root_shape(job: JobContext, artifact_id: str) -> Shape:
    """The sizes of that whole model.

    Raises:
        InputError: As for `bases`.
    """
    folder = root(job, artifact_id)
    said = records.describe(folder)
    return shape_of(folder, said.parameters, said.architecture)


def digest(job: JobContext, artifact_id: str) -> str:
    """Identifies the bytes of a model and of the bases below it."""
    folder = job.input(artifact_id)
    base = records.describe(folder).base
    own = manifest.read(folder).digest
    return f"{own}+{digest(job, base)}" if base else own


def load(folder: Path, bases: Sequence[Path] = ()) -> Any:
    """A transformers model in fp32; an adapter is merged into its base, and that into its own.

    Raises:
        JobError: The adapter's base is missing, or the files do not load.
    """
    import torch
    from transformers import AutoModelForCausalLM

    adapter = (folder / "adapter_config.json").exists()
    if adapter and not bases:
        raise JobError(
            f"The base model of {folder.name} is missing.",
            why="An adapter works only with its base.",
            fix="Add the base model again.",
        )
    if adapter:
        model: Any = load(bases[0], bases[1:])
    try:
        if adapter:
            from peft import PeftModel

            return PeftModel.from_pretrained(model, str(folder)).merge_and_unload()
        return AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, trust_remote_code=False, local_files_only=True, use_safetensors=True
        )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise JobError(
            f"{folder.name} cannot be loaded.",
            why=(str(error).splitlines() or [type(error).__name__])[0][:200],
            fix="Remove it and make it again from its run.",
            details=str(error),
        ) from error


def merge(folder: Path, bases: Sequence[Path], target: Path) -> Path:
    """Writes the merged model as a transformers folder, in fp32 so that merging itself loses nothing.

    Args:
        folder: An adapter; its tokenizer and chat template win over the base's.
        bases: What it stands on, the nearest first.
        target: An empty folder.

    Returns:
        `target`.
    """
    load(folder, bases).save_pretrained(target)
    copy_tokenizer((folder, *bases), target)
    return target


def copy_tokenizer(sources: Sequence[Path], target: Path) -> None:
    """Each tokenizer file from the first folder that has it."""
    for name in TOKENIZER_FILES:
        for source in sources:
            if (source / name).exists():
                shutil.copyfile(source / name, target / name)
                break
