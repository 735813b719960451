"""Every way to learn beside a frozen model: attached, saved, loaded by PEFT, continued, refused."""

from __future__ import annotations

import json

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from core.engines import finetune, merging
from core.engines.training import adapters, four_bit, lora
from core.errors import InputError
from core.models import records
from core.specs import FinetuneSpec
from tests.core.engines import tiny

FAST = {"batch_size": 8, "max_steps": 3, "precision": "fp32", "sample_prompts": 0, "lora_rank": 4}
IDS = torch.arange(3, 51).view(2, 24)


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("artifacts")
    return {"m": tiny.model_folder(folder / "m"), "d": tiny.data_folder(folder / "d", 48)}


def learn(folder, artifacts, **fields):
    job, out = tiny.job(folder, **artifacts)
    finetune.run(FinetuneSpec(**{"model": "m", "data": "d", **FAST, **fields}), job)
    return folder / "out" / "model", out.getvalue()


@pytest.mark.parametrize("method", ["lora", "dora", "ia3", "qlora"])
def test_every_method_learns_and_leaves_an_adapter_that_peft_loads(tmp_path, artifacts, method):
    model, _events = learn(tmp_path / "run", artifacts, method=method, use_rslora=method == "lora")

    said = records.describe(model)
    assert (said.format, said.base, said.method) == ("adapter", "m", method)
    assert said.rank == (None if method == "ia3" else 4)
    config = (model / "adapter_config.json").read_text()
    assert "{'" not in config
    assert str(tmp_path) not in config
    assert json.loads(config)["base_model_name_or_path"] == "tiny"
    base = AutoModelForCausalLM.from_pretrained(artifacts["m"])
    before = base(input_ids=IDS).logits
    after = PeftModel.from_pretrained(base, model)(input_ids=IDS).logits
    assert not torch.allclose(after, before, atol=1e-5)
    merged = merging.load(model, (artifacts["m"],))
    assert torch.allclose(merged(input_ids=IDS).logits, after, atol=1e-4)


def test_an_adapter_learns_on_and_stays_over_its_base(tmp_path, artifacts):
    first, _ = learn(tmp_path / "first", artifacts, method="dora")
    chain = {**artifacts, "a": first}
    fields = {"model": "a", "continue_adapter": True, "lora_rank": 64}
    second, events = learn(tmp_path / "second", chain, **fields)

    said = records.describe(second)
    assert (said.base, said.method, said.rank) == ("m", "dora", 4)
    assert "learns on" in events
    loaded = [PeftModel.from_pretrained(merging.load(artifacts["m"]), path) for path in (first, second)]
    names = [name for name, _ in loaded[0].named_parameters() if "lora_" in name]
    ours, theirs = (dict(model.named_parameters()) for model in loaded)
    moved = [torch.norm(ours[name] - theirs[name]) / torch.norm(theirs[name]) for name in names]
    assert 0 < max(moved) < 0.9  # learnt on from where it was, not from chance


def test_a_stacked_adapter_resolves_through_its_chain(tmp_path, artifacts):
    first, _ = learn(tmp_path / "first", artifacts)
    chain = {**artifacts, "a": first}
    second, _ = learn(tmp_path / "second", chain, model="a")
    job, _out = tiny.job(tmp_path / "job", **chain, b=second)

    assert merging.bases(job, "b") == (first, artifacts["m"])
    merged = merging.load(second, (first, artifacts["m"]))
    alone = merging.load(first, (artifacts["m"],))
    assert not torch.allclose(merged(input_ids=IDS).logits, alone(input_ids=IDS).logits, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "fields", "said"),
    [
        ("m", {}, "whole model"),
        ("a", {"method": "full"}, "Full fine-tuning cannot continue"),
        ("a", {"method": "ia3"}, "cannot be continued with (IA)³"),
    ],
)
def test_what_cannot_be_continued_is_refused_before_the_model_is_loaded(tmp_path, model, fields, said):
    adapter, base = tmp_path / "a", tmp_path / "m"
    for folder, kind in ((adapter, "adapter"), (base, "hf")):
        folder.mkdir()
        records.write(folder, records.Description(format=kind, name="it", base="m"))
    (adapter / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    job, _out = tiny.job(tmp_path / "job", m=base, a=adapter)
    spec = FinetuneSpec(model=model, data="d", continue_adapter=True, **fields)

    with pytest.raises(InputError) as caught:
        adapters.choose_method(spec, job)
    assert said in str(caught.value)
    assert caught.value.code == "method.mismatch"


def test_four_bits_are_a_tenth_of_the_bytes_and_learn_along_the_same_gradients():
    plain, small = tiny.model(400), tiny.model(400)
    assert four_bit.shrink(small, torch.float32) == 14
    stored = small.model.layers[0].mlp.up_proj.weight
    assert stored.numel() * stored.element_size() == 64 * 96 // 2

    spec = FinetuneSpec(model="m", data="d", lora_rank=4)
    gradients = []
    for model in (plain, small):
        adapted = adapters.attach(model, spec, "lora", "b")
        adapted(input_ids=IDS, labels=IDS).loss.backward()
        gradients.append(torch.cat([p.grad.flatten() for p in adapted.parameters() if p.requires_grad]))
    assert torch.cosine_similarity(*gradients, dim=0) > 0.9


def test_qlora_is_refused_where_its_kernels_are_missing(monkeypatch):
    monkeypatch.setattr(four_bit, "missing", lambda _method: "bitsandbytes")
    with pytest.raises(InputError, match="cannot run here") as caught:
        four_bit.require()
    assert caught.value.code == "method.unavailable"
    assert "Use LoRA" in caught.value.fix


def test_rank_stabilized_scaling_is_the_same_in_the_fused_layer():
    spec = FinetuneSpec(model="m", data="d", lora_rank=4, lora_alpha=8, use_rslora=True)
    plain, fused = (adapters.attach(tiny.model(400), spec, "lora", "b") for _ in range(2))
    for model in (plain, fused):
        generator = torch.Generator().manual_seed(2)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.data = torch.randn(parameter.shape, generator=generator) * 0.1
    assert lora.fuse(fused) == 14
    assert plain.base_model.model.model.layers[0].mlp.up_proj.scaling["default"] == 4.0
    assert torch.allclose(fused(input_ids=IDS).logits, plain(input_ids=IDS).logits, atol=1e-4)


def test_dora_keeps_pefts_own_layer():
    spec = FinetuneSpec(model="m", data="d", lora_rank=4)
    assert lora.fuse(adapters.attach(tiny.model(400), spec, "dora", "b")) == 0
