"""Adapters become one model: into their base, or with each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from peft import IA3Config, LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from core.engines import merge, merging
from core.engines.training import adapters
from core.errors import InputError
from core.models import records
from core.specs import MergeSpec
from core.workspace import manifest
from tests.core.engines import tiny

IDS = torch.arange(3, 51).view(2, 24)


def make_adapter(folder: Path, base: Path, seed: int, config=None, over: str = "base") -> Path:
    """A LoRA adapter whose every matrix is random, as the library keeps it."""
    folder.mkdir()
    torch.manual_seed(seed)
    config = config or LoraConfig(
        r=4, lora_alpha=8, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM"
    )
    adapters.save(get_peft_model(AutoModelForCausalLM.from_pretrained(base), config), folder)
    merging.copy_tokenizer((base,), folder)
    said = records.Description(
        format="adapter", name=folder.name, base=over, architecture="LlamaForCausalLM", context=512
    )
    records.write(folder, said)
    return folder


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    base = tiny.model_folder(folder / "base")
    return {
        "base": base,
        "a": make_adapter(folder / "a", base, 1),
        "b": make_adapter(folder / "b", base, 2),
        "large": make_adapter(
            folder / "large",
            base,
            3,
            LoraConfig(r=8, target_modules=["q_proj"], use_rslora=True, init_lora_weights=False),
        ),
        "scales": make_adapter(
            folder / "scales",
            base,
            4,
            IA3Config(target_modules=["k_proj"], feedforward_modules=[], task_type="CAUSAL_LM"),
        ),
        "stacked": make_adapter(folder / "stacked", base, 5, over="a"),
    }


def run(folder, parts, *models, **fields):
    job, out = tiny.job(folder, **parts)
    merge.run(MergeSpec(models=models, **fields), job)
    artifact = next(
        event for event in map(json.loads, out.getvalue().splitlines()) if event["ev"] == "artifact"
    )
    return folder / artifact["folder"], job.final_result


def deltas(parts, adapter: Path) -> dict[str, torch.Tensor]:
    """What an adapter adds to each of the base's matrices."""
    base = dict(AutoModelForCausalLM.from_pretrained(parts["base"]).named_parameters())
    merged = dict(merging.load(adapter, (parts["base"],)).named_parameters())
    return {name: (merged[name] - base[name]).detach() for name in base if "proj" in name}


def test_one_adapter_becomes_a_whole_model(tmp_path, parts):
    folder, result = run(tmp_path / "run", parts, "a")

    manifest.verify(folder)
    said = records.inspect(folder)
    assert (said.format, said.base, result["into"]) == ("hf", None, "hf")
    whole = AutoModelForCausalLM.from_pretrained(folder)
    expected = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(parts["base"]), parts["a"])
    assert torch.allclose(whole(input_ids=IDS).logits, expected(input_ids=IDS).logits, atol=1e-4)
    assert (folder / "chat_template.jinja").exists()


@pytest.mark.parametrize(("how", "rank", "exact"), [("cat", 12, True), ("svd", 8, False)])
def test_adapters_of_any_rank_become_one_with_their_weights(tmp_path, parts, how, rank, exact):
    folder, result = run(tmp_path / "run", parts, "large", "a", weights=[0.75, -0.5], how=how)

    assert result["rank"] == records.describe(folder).rank == rank
    assert records.describe(folder).base == "base"
    large, a, merged = (deltas(parts, path) for path in (parts["large"], parts["a"], folder))
    for name, found in merged.items():
        wanted = 0.75 * large[name] - 0.5 * a[name]
        error = torch.norm(found - wanted) / torch.norm(wanted)
        assert error < (1e-3 if exact else 0.9), name


@pytest.mark.parametrize("how", ["linear", "ties", "dare_ties"])
def test_the_rough_ways_keep_the_rank_and_repeat_with_their_seed(tmp_path, parts, how):
    first, result = run(tmp_path / "one", parts, "a", "b", how=how)
    second, _ = run(tmp_path / "two", parts, "a", "b", how=how)
    assert result["rank"] == 4
    weights = [(folder / "adapter_model.safetensors").read_bytes() for folder in (first, second)]
    assert weights[0] == weights[1]


def test_several_adapters_can_become_a_whole_model(tmp_path, parts):
    folder, _ = run(tmp_path / "run", parts, "a", "b", into="model")
    assert records.describe(folder).format == "hf"
    a, b = (deltas(parts, parts[name]) for name in "ab")
    base = dict(AutoModelForCausalLM.from_pretrained(parts["base"]).named_parameters())
    for name, weight in AutoModelForCausalLM.from_pretrained(folder).named_parameters():
        if name in a:
            assert torch.allclose(weight, base[name] + 0.5 * a[name] + 0.5 * b[name], atol=1e-4)


@pytest.mark.parametrize(
    ("models", "fields", "code"),
    [
        (("base",), {}, "merge.not_adapter"),
        (("a", "stacked"), {}, "merge.other_base"),
        (("a", "scales"), {}, "merge.kind"),
        (("a", "large"), {"how": "linear"}, "merge.rank"),
    ],
)
def test_what_does_not_go_together_is_refused_with_the_reason(tmp_path, parts, models, fields, code):
    with pytest.raises(InputError) as caught:
        run(tmp_path / "run", parts, *models, **fields)
    assert caught.value.code == code
    assert caught.value.why
    assert caught.value.fix


def test_the_spec_wants_one_weight_for_each():
    with pytest.raises(ValueError, match="2 adapters and 1 weights"):
        MergeSpec(models=("a", "b"), weights=(1.0,))
    assert MergeSpec(models=("a",)).makes_model
    assert MergeSpec(models=("a", "b")).shares == (0.5, 0.5)
