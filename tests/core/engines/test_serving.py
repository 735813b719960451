"""One export serves its base and adapters of different rank and layers, each as torch computes it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from peft import LoraConfig

from core.engines import chat, evaluate, quantize
from core.engines.runtimes import dialect
from core.engines.runtimes.runtime import Source, open_runtime
from core.errors import InputError
from core.models import records
from core.specs import ChatSpec, EvaluateSpec, QuantizeSpec
from tests.core.engines import tiny
from tests.core.engines.test_merge import make_adapter

CHAT = [{"role": "user", "content": "where is my card"}]


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    base = tiny.model_folder(folder / "base")
    narrow = LoraConfig(r=8, target_modules=["q_proj", "down_proj"], use_rslora=True, init_lora_weights=False)
    dora = LoraConfig(r=4, target_modules=["q_proj"], use_dora=True, init_lora_weights=False)
    return {
        "base": base,
        "a": make_adapter(folder / "a", base, 1),
        "b": make_adapter(folder / "b", base, 2, narrow),
        "dora": make_adapter(folder / "dora", base, 3, dora),
    }


def export(folder, parts, recipe, adapters):
    job, _out = tiny.job(folder, **parts)
    quantize.run(QuantizeSpec(model="base", recipe=recipe, adapters=adapters), job)
    return folder / "out" / "model"


@pytest.fixture(scope="module")
def exported(tmp_path_factory, parts):
    return export(tmp_path_factory.mktemp("export") / "run", parts, "fp32", ("a", "b"))


def ask(parts, folder, format="onnx", bases=(), adapter=None):
    spoken = dialect.load(parts["base"])
    runtime = open_runtime(Source(format, folder, bases, spoken.stop_ids, 1, adapter))
    return runtime.log_probabilities(spoken.prompt(CHAT))


def test_base_and_every_adapter_compute_what_torch_computes(parts, exported):
    receipt = json.loads((exported / records.RECEIPT).read_text())
    assert receipt["status"] == "green"
    assert receipt["adapters"].keys() == {"a", "b"}
    assert records.describe(exported).adapters == ("a", "b")

    torch_base = ask(parts, parts["base"], "hf")
    assert np.abs(ask(parts, exported) - torch_base).max() < 1e-3
    for name in ("a", "b"):
        wanted = ask(parts, parts[name], "adapter", (parts["base"],))
        found = ask(parts, exported, adapter=records.adapter_file(exported, name))
        assert np.abs(found - wanted).max() < 1e-3
        assert np.abs(wanted - torch_base).max() > 0.1


def test_a_rounded_base_serves_adapters_too(tmp_path, parts):
    folder = export(tmp_path / "run", parts, "int4-mixed", ("a",))
    assert records.receipt_status(folder) in ("green", "amber")
    bits = json.loads((folder / records.RECEIPT).read_text())["weights_by_bits"]
    assert set(bits) == {"4", "8"}


def test_an_adapter_that_scales_weights_is_refused(tmp_path, parts):
    job, _out = tiny.job(tmp_path / "run", **parts)
    with pytest.raises(InputError, match="cannot be served") as caught:
        quantize.run(QuantizeSpec(model="base", recipe="fp32", adapters=("dora",)), job)
    assert caught.value.code == "adapter.kind"


def test_chat_lets_the_named_adapter_answer_and_refuses_unknown_ones(tmp_path, parts, exported):
    answers = []
    for name in ("", "a"):
        job, out = tiny.job(tmp_path / f"chat-{name}", m=exported)
        job.take({"cmd": "ask", "messages": CHAT})
        job.take({"cmd": "stop"})
        chat.run(ChatSpec(model="m", adapter=name, max_new_tokens=12), job)
        answers.append(
            [e["text"] for e in map(json.loads, out.getvalue().splitlines()) if e["ev"] == "answer"]
        )
    assert answers[0] != answers[1]

    job, _out = tiny.job(tmp_path / "unknown", m=exported)
    with pytest.raises(InputError, match="serves no adapter 'c'") as caught:
        chat.run(ChatSpec(model="m", adapter="c"), job)
    assert "a, b" in caught.value.why


def test_an_evaluation_measures_base_and_adapters_of_one_export(tmp_path, parts, exported):
    data = tiny.data_folder(tmp_path / "d", 30)
    job, _out = tiny.job(tmp_path / "run", m=exported, d=data)
    spec = EvaluateSpec(models=("m", "m:b"), data="d", limit=2, latency_prompts=1)
    assert spec.inputs() == ("m", "d")
    evaluate.run(spec, job)
    base, adapted = job.final_result["models"]
    assert adapted["model"] == f"{base['model']}:b"
    assert adapted["quality"]["perplexity"] != base["quality"]["perplexity"]
