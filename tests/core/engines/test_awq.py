"""AWQ moves scales between weights: the model says what it said, and rounding costs less."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.engines import quantize
from core.engines.quantization import awq, folding, hqq, rounding, samples
from core.engines.quantization.damage import Meter, rounded_as
from core.engines.quantization.folding import Folds
from core.errors import InputError
from core.models import records
from core.models.quantizing import sizes
from core.models.quantizing.plan import Algorithm
from core.models.quantizing.recipes import RECIPES
from core.specs import QuantizeSpec
from tests.core.engines import families, tiny

_ROWS = tuple(tuple(range(3 + at, 43 + at)) for at in range(12))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model in which some inputs are far larger than others, as in trained ones."""
    folder = tiny.model_folder(tmp_path_factory.mktemp("models") / "tiny")
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    for layer in model.model.layers:
        for norm in (layer.input_layernorm, layer.post_attention_layernorm):
            norm.weight.data[::16] *= 30
        for matrix in (layer.self_attn.q_proj, layer.mlp.up_proj):
            matrix.weight.data[:, ::16] /= 10
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.data_folder(tmp_path_factory.mktemp("data") / "d", 60)


def _says(folder: Path) -> torch.Tensor:
    with torch.no_grad():
        return AutoModelForCausalLM.from_pretrained(folder)(torch.tensor([_ROWS[1]])).logits.log_softmax(-1)


@pytest.mark.parametrize("family", ["qwen2", "gemma3", "phi4mini"])  # biases; 1 + weight; joined matrices
def test_with_scales_moved_a_family_says_what_it_said(family: str, tmp_path: Path) -> None:
    base, scaled = families.model_folder(tmp_path / family, family), tmp_path / "scaled"
    scaled.mkdir()
    plan = RECIPES["int4-awq"].planned(sizes.read(base), "awq")

    folds = awq.scale(base, scaled, plan, _ROWS)

    assert folds.columns
    assert folds.offset == (1.0 if family == "gemma3" else 0.0)
    assert not torch.equal(_says(scaled), _says(base))
    torch.testing.assert_close(_says(scaled), _says(base), atol=1e-3, rtol=1e-3)


def test_where_some_inputs_are_large_it_costs_less_than_the_nearest_steps(
    source: Path, data: Path, tmp_path: Path
) -> None:
    drawn = samples.draw(AutoTokenizer.from_pretrained(source), data)
    model = AutoModelForCausalLM.from_pretrained(source).eval()
    modules, meter = dict(model.named_modules()), Meter(model, drawn.measuring)

    def cost(algorithm: Algorithm) -> float:
        plan = RECIPES["int4-awq"].planned(sizes.read(source), algorithm)
        (folder := tmp_path / algorithm).mkdir()
        rounding.round_weights(source, folder, plan, drawn.calibrating)
        with rounded_as(modules, rounding.rounded(folder, list(plan.matrices))):
            return meter.damage()

    assert cost("awq") < 0.8 * cost("k_quant")


def test_the_export_is_green_and_has_the_predicted_size(source: Path, data: Path, tmp_path: Path) -> None:
    job, _ = tiny.job(tmp_path / "run", m=source, d=data)

    quantize.run(QuantizeSpec(model="m", recipe="int4-awq", data="d", max_length=300), job)

    folder = job.folder / "out" / "model"
    said = json.loads((folder / "receipt.json").read_text())
    assert records.receipt_status(folder) == "green", said["reasons"]
    assert "were not compared" not in str(said["checks"])
    found = sizes.read(source)
    planned = RECIPES["int4-awq"].planned(found, "awq")
    assert (folder / "model.onnx.data").stat().st_size == sizes.weight_bytes(found, planned)


def test_an_adapter_beside_moved_scales_adds_what_it_added() -> None:
    dice = np.random.default_rng(4)
    inputs, moved, given = (dice.random(size, dtype=np.float32) + 0.5 for size in (8, 8, 6))
    folds = Folds(columns={"up": moved}, rows={"up": given})
    adapter = {
        "up.lora_A": dice.random((8, 2), dtype=np.float32),
        "up.lora_B": dice.random((2, 6), dtype=np.float32),
    }

    beside = folds.adapter(adapter)

    added = inputs @ adapter["up.lora_A"] @ adapter["up.lora_B"]
    there = (inputs / moved) @ beside["up.lora_A"] @ beside["up.lora_B"]
    np.testing.assert_allclose(there * given, added, rtol=1e-5)


def test_what_was_moved_is_read_again(tmp_path: Path) -> None:
    folds = Folds({"a.b": np.ones(3, np.float32)}, {"a.norm": np.full(3, 2, np.float32)}, 1.0)

    folding.write(tmp_path, folds)
    found = folding.read(tmp_path)

    assert (list(found.columns), list(found.rows), found.offset) == (["a.b"], ["a.norm"], 1.0)
    np.testing.assert_array_equal(found.apply("a.norm.weight", np.zeros(3, np.float32)), np.full(3, -0.5))
    assert not folding.read(tmp_path / "nowhere")


def test_a_layer_that_is_built_otherwise_is_refused() -> None:
    class Other:
        model_type = "parallel"

    with pytest.raises(InputError, match="AWQ cannot round this parallel"):
        awq.seams({"model.layers.0.mlp.down_proj": torch.nn.Linear(2, 2)}, "model.layers.0", Other())


def test_joined_matrices_are_read_again_as_they_count(tmp_path: Path) -> None:
    base, folder = families.model_folder(tmp_path / "phi", "phi4mini"), tmp_path / "rounded"
    folder.mkdir()
    plan = RECIPES["int4-awq"].planned(sizes.read(base), "awq")
    modules = dict(AutoModelForCausalLM.from_pretrained(base).named_modules())

    found = rounding.rounded(rounding.round_weights(base, folder, plan, _ROWS), list(plan.matrices))

    assert set(found) == set(plan.matrices)
    for name, matrix in found.items():
        wanted = modules[name].weight.data
        assert (matrix - wanted).norm() < 0.2 * wanted.norm()


def test_hqq_zero_points_are_those_that_four_bits_can_hold() -> None:
    from olive.common.quant.utils import WeightQuantizer

    weight = torch.randn(6, 64, generator=torch.Generator().manual_seed(2))
    weight[0] = weight[0].abs() + 1  # on one side of zero
    quantizer = WeightQuantizer(bits=4, symmetric=False, group_size=32)

    scales, zeros = hqq.steps(weight, quantizer)

    assert (scales.shape, zeros.shape) == ((6, 2), (6, 2))
    assert zeros.dtype == torch.int32
    assert 0 <= int(zeros.min()) <= int(zeros.max()) <= 15
    near = quantizer.fake_quantize(weight, scales, zeros)
    assert float((near - weight).norm() / weight.norm()) < 0.12
