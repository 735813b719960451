"""The names of the ways to learn, and which of them this installation can run. Imports nothing heavy."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from core.errors import InputError, IntegrityError
from core.models import records

_CONFIG = "adapter_config.json"
NAMES = {
    "auto": "LoRA",
    "lora": "LoRA",
    "dora": "DoRA",
    "qlora": "QLoRA",
    "ia3": "(IA)³",
    "full": "full fine-tuning",
}


def missing(method: str) -> str:
    """What a method needs and this installation has not; empty when it runs."""
    if method == "qlora" and find_spec("bitsandbytes") is None:
        return "bitsandbytes"
    return ""


def kind_of(folder: Path) -> str:
    """lora, dora or ia3, from an adapter's configuration.

    Raises:
        InputError: It is of another kind.
        IntegrityError: The configuration is missing, or is none.
    """
    try:
        config = records.read_json(folder / _CONFIG)
    except (OSError, ValueError) as error:
        raise IntegrityError(
            f"{_CONFIG} of {folder.name} cannot be read.",
            why=str(error),
            fix="Make the adapter again from the run that made it.",
        ) from error
    if config.get("peft_type") == "IA3":
        return "ia3"
    if config.get("peft_type") == "LORA":
        return "dora" if config.get("use_dora") else "lora"
    raise InputError(
        f"The adapter in {folder.name} is of an unknown kind.",
        why=f"It says {config.get('peft_type')!r}.",
        fix="Use a LoRA, DoRA or (IA)³ adapter.",
    )
