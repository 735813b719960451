"""The tokenizer of a model's folder, loaded from its own files alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedTokenizerBase


def load(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer with its chat template. Raises whatever its reader raises where a file is damaged."""
    from transformers import AutoTokenizer

    found: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
        folder, trust_remote_code=False, local_files_only=True
    )
    return found
