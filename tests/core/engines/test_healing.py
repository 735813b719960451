"""A rounded model is mended by what it said before it was rounded, and only if that brings it nearer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from olive.common.quant.utils import WeightQuantizer

from core.engines import quantize
from core.engines.quantization import healing
from core.engines.quantization.healing import Rounded
from core.errors import InputError
from core.models.quantizing.plan import Part
from core.specs import QuantizeSpec
from tests.core.engines import tiny


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny.model_folder(tmp_path_factory.mktemp("models") / "tiny")
    weights = folder / "model.safetensors"
    from safetensors.torch import load_file, save_file

    stirred = {name: tensor * (6 if tensor.ndim == 2 else 1) for name, tensor in load_file(weights).items()}
    save_file(stirred, weights, metadata={"format": "pt"})  # so that rounding changes what it says
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.data_folder(tmp_path_factory.mktemp("data") / "d", 60)


@pytest.mark.parametrize("bits", [4, 8])
def test_training_rounds_as_the_export_does(bits: int) -> None:
    weight = torch.randn(24, 64, generator=torch.Generator().manual_seed(3))
    quantizer = WeightQuantizer(bits=bits, symmetric=False, group_size=32)

    rounded = Rounded(Part(bits=bits, block=32))(weight)

    assert torch.allclose(rounded, quantizer.fake_quantize(weight), atol=1e-6)


def test_its_gradient_is_that_of_the_unrounded_weight() -> None:
    weight = torch.randn(4, 32, requires_grad=True)
    Rounded(Part(bits=4, block=32))(weight).sum().backward()
    assert weight.grad is not None
    assert torch.equal(weight.grad, torch.ones(4, 32))


def test_healing_brings_it_nearer_and_the_run_says_by_how_much(
    source: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(healing, "_RATE", 2e-3)  # a tiny model with large weights learns in large steps
    job, out = tiny.job(tmp_path / "run", m=source, d=data)

    quantize.run(QuantizeSpec(model="m", recipe="int4-kquant", block=32, data="d", heal=30), job)

    result = job.final_result
    assert result["receipt"] == "green"
    assert result["healed_to"] < 0.9 * result["healed_from"]
    phases = [
        event["name"] for event in map(json.loads, out.getvalue().splitlines()) if event["ev"] == "phase"
    ]
    assert phases[1:4] == ["healing", "rounding", "building"]


def test_healing_that_brings_nothing_is_not_kept(
    source: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(healing, "_RATE", 5.0)
    job, out = tiny.job(tmp_path / "run", m=source, d=data)

    quantize.run(QuantizeSpec(model="m", recipe="int4-kquant", data="d", heal=2), job)

    assert job.final_result["healed_to"] > job.final_result["healed_from"]
    assert job.final_result["receipt"] == "green"
    assert "Healing brought nothing" in out.getvalue()


def test_what_gptq_rounds_is_mended_only_beyond_that(source: Path, data: Path, tmp_path: Path) -> None:
    job, out = tiny.job(tmp_path / "run", m=source, d=data)

    quantize.run(QuantizeSpec(model="m", recipe="int4-mixed", data="d", heal=1), job)

    result = job.final_result
    phases = [
        event["name"] for event in map(json.loads, out.getvalue().splitlines()) if event["ev"] == "phase"
    ]
    assert result["healed_to"] > result["healed_from"]  # a step from the nearest steps is less than GPTQ
    assert result["rounded_by"] == "gptq"
    assert phases[1:4] == ["rounding", "healing", "building"]


def test_what_the_builder_rounds_cannot_be_healed(source: Path, tmp_path: Path) -> None:
    job, _ = tiny.job(tmp_path / "run", m=source)
    with pytest.raises(InputError, match="cannot be healed"):
        quantize.run(QuantizeSpec(model="m", recipe="int4", heal=5), job)
