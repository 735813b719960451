"""Small random models of the families that people bring, built from their own configurations.

Two layers of 64 numbers; the sizes fit blocks of 32, and what is particular to a family stays: biases, norms
of queries and keys, windows, two rotations, joined matrices, scaled and partial rotation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    Phi3Config,
    PretrainedConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

from core.data import starter
from tests.core.engines import tiny

_SIZES: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}
#: Phi-4-mini turns three quarters of each head, by factors that change beyond the length it first learnt.
_LONG = {"rope_type": "longrope", "type": "longrope", "rope_theta": 10000.0, "partial_rotary_factor": 0.75}
FAMILIES: dict[str, Any] = {
    "llama": lambda: LlamaConfig(**_SIZES, tie_word_embeddings=True),
    "qwen2": lambda: Qwen2Config(**_SIZES, tie_word_embeddings=True),
    "qwen3": lambda: Qwen3Config(**_SIZES, head_dim=32, tie_word_embeddings=True),
    "gemma3": lambda: Gemma3TextConfig(
        **_SIZES,
        head_dim=32,
        query_pre_attn_scalar=32,
        sliding_window=128,
        layer_types=["sliding_attention", "full_attention"],
        rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
            "full_attention": {"rope_type": "linear", "rope_theta": 1000000.0, "factor": 8.0},
        },
    ),
    "phi4mini": lambda: Phi3Config(
        **{**_SIZES, "hidden_size": 128, "num_attention_heads": 2, "num_key_value_heads": 1},
        original_max_position_embeddings=256,
        partial_rotary_factor=0.75,
        sliding_window=512,
        rope_parameters={
            **_LONG,
            "short_factor": [1.0] * 24,
            "long_factor": [1.0 + at / 4 for at in range(24)],
        },
        tie_word_embeddings=True,
    ),
}


def _words() -> PreTrainedTokenizerFast:
    """The starter's tokenizer with a template that adds a system line of its own, as the starter's does."""
    made = PreTrainedTokenizerFast(
        tokenizer_file=str(starter.tokenizer()),
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
    )
    made.chat_template = tiny.TEMPLATE
    return made


def model_folder(folder: Path, family: str, *, seed: int = 5) -> Path:
    """A model artifact of a family as the library keeps it. Returns its folder."""
    words = _words()
    config: PretrainedConfig = FAMILIES[family]()
    config.vocab_size = len(words)
    torch.manual_seed(seed)
    made: Any = AutoModelForCausalLM.from_config(config)
    return tiny.keep(folder, made, words, family)
