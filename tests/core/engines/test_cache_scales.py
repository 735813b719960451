"""What was read of a conversation is kept in 8 bits, and the model says what it said with 32."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from core.engines import chat, quantize
from core.engines.quantization import awq, cache_scales, graph
from core.engines.quantization.folding import Folds
from core.engines.runtimes.runtime import Source, open_runtime
from core.models.quantizing import sizes
from core.models.quantizing.recipes import RECIPES
from core.specs import ChatSpec, QuantizeSpec
from tests.core.engines import families, tiny

_ROWS = tuple(tuple(range(3 + at, 43 + at)) for at in range(12))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that looks at few places, so that keys matter; those of a new one hardly do."""
    folder = tiny.model_folder(tmp_path_factory.mktemp("models") / "tiny")
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    for layer in model.model.layers:
        for matrix in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj):
            matrix.weight.data *= 6
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def exported(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    job, _ = tiny.job(tmp_path_factory.mktemp("run") / "q", m=source)
    quantize.run(QuantizeSpec(model="m", recipe="fp32", kv_cache="int8", max_length=400), job)
    return job.folder / "out" / "model"


def test_the_export_keeps_8_bits_in_one_buffer_and_is_green(exported: Path) -> None:
    said = json.loads((exported / "receipt.json").read_text())
    settings = json.loads((exported / "genai_config.json").read_text())["search"]

    assert said["status"] == "green", said["reasons"]
    assert graph.shape(graph.load(exported / "model.onnx")).cache_bits == 8
    assert settings["past_present_share_buffer"] is True


def test_it_says_what_the_source_says_at_places_that_no_sample_row_reaches(
    source: Path, exported: Path
) -> None:
    ids = np.random.default_rng(0).integers(3, 390, 300).tolist()
    with torch.no_grad():
        model = AutoModelForCausalLM.from_pretrained(source)
        wanted = model(torch.tensor([ids])).logits[0].log_softmax(-1).numpy()

    runtime = open_runtime(Source("onnx", exported, (), (), 1))
    found = runtime.log_probabilities(ids)

    kl = (np.exp(wanted) * (wanted - found)).sum(-1)
    assert kl.max() < 0.01
    choices = [ids[280:290], ids[290:300]]  # read one after another, going back between them
    own = runtime.score([ids[:280]], [choices])[0]
    assert own[0] == pytest.approx(-wanted[range(279, 289), choices[0]].sum(), abs=0.2)
    assert own == pytest.approx(runtime.score([ids[:280]], [choices])[0])


def test_it_talks(exported: Path, tmp_path: Path) -> None:
    job, out = tiny.job(tmp_path / "talk", m=exported)
    for text in ("where is my card", "and now?"):
        job.take({"cmd": "ask", "messages": [{"role": "user", "content": text}]})
    job.take({"cmd": "stop"})

    chat.run(ChatSpec(model="m", max_new_tokens=8), job)

    answers = [event for event in map(json.loads, out.getvalue().splitlines()) if event["ev"] == "answer"]
    assert len(answers) == 2
    assert not any("error" in answer for answer in answers)


@pytest.mark.parametrize("family", ["llama", "phi4mini"])  # values apart; joined with queries and keys
def test_scales_of_values_are_those_of_the_model_that_awq_has_made(
    family: str, source: Path, tmp_path: Path
) -> None:
    base = source if family == "llama" else families.model_folder(tmp_path / family, family)
    (scaled := tmp_path / "scaled").mkdir()
    folds = awq.scale(base, scaled, RECIPES["int4-awq"].planned(sizes.read(base), "awq"), _ROWS)

    found = cache_scales.measure(base, folds, _ROWS)

    for one, other in zip(found, cache_scales.measure(scaled, Folds(), _ROWS), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-2, atol=1e-6)


def test_it_is_refused_where_the_runtime_has_none() -> None:
    with pytest.raises(ValueError, match="kv_cache=int8"):
        QuantizeSpec(model="m", kv_cache="int8", target="dml")
