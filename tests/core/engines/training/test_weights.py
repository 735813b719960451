"""Weights in another number format, and what is loaded from their files."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from core.engines.training import weights


def test_a_model_saved_in_16_bits_says_what_is_loaded_from_its_files(tmp_path: Path) -> None:
    torch.manual_seed(3)
    shape = LlamaConfig(
        vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=512, tie_word_embeddings=True,
    )  # fmt: skip
    model = LlamaForCausalLM(shape).eval()
    weights.save_full(model, tmp_path, torch.bfloat16)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    assert model.lm_head.weight is model.model.embed_tokens.weight

    ids = torch.randint(0, 97, (1, 400))
    loaded = LlamaForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16).eval()
    with torch.no_grad():
        assert torch.equal(model(ids).logits, loaded(ids).logits)
