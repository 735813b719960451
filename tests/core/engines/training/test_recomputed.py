from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from transformers import AutoModelForCausalLM

from core.engines.training import adapters, lora, packing, recomputed
from core.engines.training.examples import Example
from core.specs import FinetuneSpec
from tests.core.engines.families import FAMILIES

IDS = torch.arange(3, 51).view(2, 24)


def made(family="llama", **changed):
    config = FAMILIES[family]()
    config.update({"vocab_size": 60, **changed})
    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():  # norms begin as ones or zeros; let their weights matter
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return model


def learn(model, bf16=False):
    """Loss, gradients by name, and bytes kept for the way back besides weights."""
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept: dict[int, int] = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(note, lambda tensor: tensor):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = model(input_ids=IDS, labels=IDS).loss
        size = sum(kept.values())
        loss.backward()
    return loss.detach(), {n: p.grad for n, p in model.named_parameters() if p.grad is not None}, size


def require_alike(ours, theirs, tolerance):
    assert ours.keys() == theirs.keys()
    for name, gradient in theirs.items():
        assert torch.norm(ours[name] - gradient) <= tolerance * torch.norm(gradient) + 1e-7, name


@pytest.mark.parametrize("family", FAMILIES)
def test_less_is_kept_and_loss_and_gradients_stay(family):
    plain, leaner = made(family), made(family)
    assert recomputed.keep_less(leaner) > 0
    loss, gradients, whole = learn(plain)
    ours, found, less = learn(leaner)
    assert torch.equal(ours, loss)
    require_alike(found, gradients, 1e-5)
    assert less < 0.85 * whole


@pytest.mark.parametrize("family", ["llama", "gemma3", "phi4mini"])
def test_also_where_products_run_in_bf16(family):
    plain, leaner = made(family), made(family)
    recomputed.keep_less(leaner)
    loss, gradients, whole = learn(plain, bf16=True)
    ours, found, less = learn(leaner, bf16=True)
    assert torch.equal(ours, loss)
    require_alike(found, gradients, 0.02)
    assert less < whole


@pytest.mark.parametrize(
    ("dropout", "dtype"), [(0.0, torch.float32), (0.5, torch.float32), (0, torch.bfloat16)]
)
def test_an_add_on_learns_the_same_too(dropout, dtype):
    spec = FinetuneSpec(model="m", data="d", lora_rank=4, lora_alpha=8, lora_dropout=dropout)
    found = []
    for leaner in (False, True):
        model = adapters.attach(made().to(dtype), spec, "lora", "b").train()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if "lora_B" in name:
                    parameter.fill_(0.05)
        lora.fuse(model)
        torch.manual_seed(3)
        if leaner:
            assert recomputed.keep_less(model) == 2 * 3 + 1
        found.append(learn(model))
    (loss, gradients, whole), (ours, theirs, less) = found
    assert torch.equal(ours, loss), "trying a part out drew no random number"
    require_alike(theirs, gradients, 1e-5 if dtype == torch.float32 else 0.02)
    assert less < 0.85 * whole


def test_a_part_that_computes_something_else_keeps_its_own_way():
    class OddRMSNorm(nn.RMSNorm):
        variance_epsilon = 0.5

    class OddMLP(nn.Module):
        def __init__(self):
            super().__init__()
            self.gate_proj, self.up_proj, self.down_proj = (nn.Linear(8, 8) for _ in range(3))
            self.act_fn = nn.SiLU()

        def forward(self, x):
            return self.down_proj(self.act_fn(self.up_proj(x)) * self.gate_proj(x))

    odd = nn.Sequential(OddRMSNorm(8), OddMLP())
    assert recomputed.keep_less(odd) == 0


def test_with_all_activations_computed_twice_nothing_is_switched():
    model = made()
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    assert recomputed.keep_less(model) == 0


def test_without_learning_a_switched_model_says_the_same():
    plain, leaner = made().eval(), made().eval()
    recomputed.keep_less(leaner)
    with torch.no_grad():
        assert torch.equal(plain(input_ids=IDS).logits, leaner(input_ids=IDS).logits)


@pytest.mark.parametrize("family", FAMILIES)
def test_packed_rows_have_the_same_gradients(family):
    rows = [Example([2, 3, *range(5, 3 + n)], [-100] * 3 + list(range(6, 3 + n))) for n in (9, 30, 12)]
    plain, leaner = made(family, pad_token_id=2), made(family, pad_token_id=2)
    for row in rows:
        output = plain(input_ids=torch.tensor([row.ids]), labels=torch.tensor([row.labels]))
        (output.loss * row.targets).backward()
    assert packing.prepare(leaner, rows)
    recomputed.keep_less(leaner)
    packing.answer_loss(leaner, packing.pack(rows)).backward()
    gradients = ({n: p.grad for n, p in model.named_parameters()} for model in (leaner, plain))
    require_alike(*gradients, 1e-4)
