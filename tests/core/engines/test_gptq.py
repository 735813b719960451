"""GPTQ: later columns make up for earlier ones, inputs that are shared are gathered once, layers are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from olive.common.quant.utils import WeightQuantizer
from olive.passes.pytorch import quant_utils
from torch import nn
from transformers import AutoModelForCausalLM

from core.engines.keeping import Kept
from core.engines.quantization import damage, gptq
from core.models.quantizing.plan import Part
from tests.core.engines import families


def _inputs(rows: int = 400, columns: int = 64) -> torch.Tensor:
    """Rows whose columns go together, as hidden states do."""
    dice = torch.Generator().manual_seed(3)
    few = torch.randn(rows, 12, generator=dice)
    return few @ torch.randn(12, columns, generator=dice) + 0.1 * torch.randn(rows, columns, generator=dice)


@pytest.mark.parametrize("bits", [4, 8])
def test_it_loses_less_of_the_results_than_the_nearest_step(bits: int) -> None:
    weight = torch.randn(96, 64, generator=torch.Generator().manual_seed(4))
    inputs = _inputs()
    inverse = gptq._inverse(inputs.t() @ inputs)

    levels, scales, zeros = gptq.compensate(weight, inverse, bits, 32)

    whole = WeightQuantizer(bits=bits, symmetric=False, group_size=32).dequantize(
        levels.int(), scales, zeros.int()
    )
    nearest = damage.round_off(weight, Part(bits=bits, block=32))
    lost = (inputs @ (whole - weight).t()).square().mean()
    assert lost < 0.5 * (inputs @ (nearest - weight).t()).square().mean()


def test_matrices_that_are_rounded_together_are_rounded_as_each_alone() -> None:
    inputs = _inputs()
    inverse = gptq._inverse(inputs.t() @ inputs)
    weight = torch.randn(80, 64, generator=torch.Generator().manual_seed(5))

    together = gptq.compensate(weight, inverse, 4, 32)
    alone = [gptq.compensate(part, inverse, 4, 32) for part in weight.split([64, 16])]

    for number, part in enumerate(together[:1]):
        assert torch.equal(part, torch.cat([one[number] for one in alone]))


def test_a_row_that_is_led_far_away_is_rounded_to_the_nearest_step() -> None:
    torch.manual_seed(0)
    weight = torch.randn(8, 64)
    rounded = gptq.compensate(weight, torch.eye(64), 4, 32)
    rounded[0][3] = 15 - rounded[0][3]  # as if what was lost had grown on its way
    before = [part.clone() for part in rounded]

    found = gptq.kept_near(weight, rounded, 4, 32)

    plain = gptq.nearest(weight, 4, 32)
    for part, near, was in zip(found, plain, before, strict=True):
        assert torch.equal(part[3], near[3])
        others = [0, 1, 2, 4, 5, 6, 7]
        assert torch.equal(part[others], was[others])


def test_a_column_that_no_row_uses_is_rounded_to_the_nearest_step() -> None:
    inputs = _inputs()
    inputs[:, 7] = 0.0
    weight = torch.randn(8, 64, generator=torch.Generator().manual_seed(6))

    levels, scales, zeros = gptq.compensate(weight, gptq._inverse(inputs.t() @ inputs), 4, 32)

    whole = (levels[:, 7].float() - zeros[:, 0]) * scales[:, 0]
    assert (whole - weight[:, 7]).abs().max() <= scales[:, 0].max()


def test_what_two_matrices_read_is_gathered_once() -> None:
    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.query, self.key, self.out = (nn.Linear(8, 8, bias=False) for _ in range(3))

        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            return self.out(self.query(hidden) + self.key(hidden))

    layer = Layer()
    inputs = gptq._Inputs(dict(layer.named_children()))

    with inputs:
        layer(torch.ones(1, 5, 8))
        layer(torch.ones(1, 7, 8))

    assert inputs.shared == {"query": "query", "key": "query", "out": "out"}
    assert torch.equal(inputs.products("key"), torch.full((8, 8), 12.0))


@pytest.mark.parametrize("family", ["llama", "gemma3"])
def test_every_kind_of_layer_is_given_what_the_whole_model_gives_it(family: str) -> None:
    config = families.FAMILIES[family]()
    config.vocab_size, config.use_cache = 300, False
    torch.manual_seed(5)
    model = AutoModelForCausalLM.from_config(config).eval()
    kinds = list(getattr(config, "layer_types", None) or ["", ""])
    ids = torch.arange(3, 150)[None]  # longer than Gemma's window
    seen: list[torch.Tensor] = []
    model.model.norm.register_forward_pre_hook(lambda _norm, given: seen.append(given[0]))

    with torch.no_grad():
        rows = [{"input_ids": ids, "attention_mask": torch.ones_like(ids)}]
        hidden, beside = gptq._beginnings(model, model.model.layers, kinds, rows)
        assert not seen
        for kind, layer in zip(kinds, model.model.layers, strict=True):
            hidden = quant_utils.run_layer(
                layer, hidden, beside[kind].given, beside[kind].named, return_output=True
            )
        model(**rows[0])

    assert len(beside) == (2 if family == "gemma3" else 1)
    assert torch.equal(hidden[0], seen[0])


def test_what_is_kept_comes_back_to_the_bit_and_what_is_damaged_does_not(tmp_path: Path) -> None:
    facts = {"spec": "s", "model": "m", "data": ""}
    kept = Kept(tmp_path, **facts)
    layers = gptq.Layers(kept, "plan", lambda done, total: None)
    tensors = {"q.levels": torch.arange(6, dtype=torch.uint8), "q.scales": torch.rand(2, 3)}
    kept.put("damage", {"sums": [0.1 + 0.2, 1e-17]})

    layers.keep(3, tensors)

    again = gptq.Layers(Kept(tmp_path, **facts), "plan", lambda done, total: None)
    found = again.find(3)
    assert found is not None
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
    assert Kept(tmp_path, **facts).value("damage") == {"sums": [0.1 + 0.2, 1e-17]}
    assert not again.has(2)
    assert Kept(tmp_path, **{**facts, "model": "another"}).is_empty

    (place,) = tmp_path.rglob("gptq-*")
    data = bytearray(place.read_bytes())
    data[-1] ^= 1
    place.write_bytes(data)
    assert not again.has(3)


def test_eight_bits_are_rounded_to_the_nearest_step_of_their_own_block():
    weight = torch.randn(6, 64, generator=torch.Generator().manual_seed(3))
    weight[2, 40] = 9.0  # widens the steps of its own block alone
    found = gptq.nearest(weight, 8, 32)
    alone = gptq.compensate(weight, torch.eye(64), 8, 32)
    for ours, theirs in zip(found, alone, strict=True):
        assert ours.shape == theirs.shape
        assert torch.allclose(ours.float(), theirs.float())
