"""The names of the ways to learn, and which of them this installation can run. Imports nothing heavy."""

from __future__ import annotations

from importlib.util import find_spec

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
