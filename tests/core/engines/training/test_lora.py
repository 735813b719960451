from __future__ import annotations

import pytest
import torch

from core.engines.training import adapters, lora
from core.specs import FinetuneSpec
from tests.core.engines import tiny


def adapted(dtype=torch.float32, dropout=0.0):
    spec = FinetuneSpec(model="m", data="d", lora_rank=4, lora_alpha=8, lora_dropout=dropout)
    model = adapters.attach(tiny.model(400).to(dtype), spec, "lora", "b")
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model


def loss_and_gradients(model, bf16):
    ids = torch.arange(3, 51).view(2, 24)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        loss = model(input_ids=ids, labels=ids).loss
    loss.backward()
    return loss, {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(("bf16", "tolerance"), [(False, 1e-5), (True, 0.05)])
def test_the_fused_layer_computes_what_peft_computes(bf16, tolerance):
    dtype = torch.bfloat16 if bf16 else torch.float32
    plain, fused = adapted(dtype), adapted(dtype)
    assert lora.fuse(fused) == 14

    expected, gradients = loss_and_gradients(plain, bf16)
    loss, ours = loss_and_gradients(fused, bf16)

    assert torch.allclose(loss, expected, rtol=tolerance)
    assert ours.keys() == gradients.keys()
    for name, gradient in gradients.items():
        assert torch.norm(ours[name] - gradient) <= tolerance * torch.norm(gradient) + 1e-6, name


def test_a_layer_with_dropout_keeps_pefts_own_way():
    assert lora.fuse(adapted(dropout=0.1)) == 0
