"""What suits which model and task: the files are whole, within bounds, and do what they say."""

from __future__ import annotations

from typing import get_args

import pytest

from core.data.roles import Task
from core.models import presets
from core.models.presets import Facts
from core.specs import FinetuneSpec
from core.specs.data import QUESTIONS

TASKS = {  # those of `core.data.roles`
    "classification", "extraction", "question_answering", "summarization", "generation", "chat",
    "pretraining",
}  # fmt: skip
BASES = {
    "SmolLM2": Facts("SmolLM2-360M-Instruct", "LlamaForCausalLM", 361_821_120, 8192),
    "SmolLM3": Facts("anything", "SmolLM3ForCausalLM", 3_075_098_624, 65536),
    "Qwen2.5": Facts("Qwen2.5-0.5B-Instruct", "Qwen2ForCausalLM", 494_032_768, 32768),
    "Qwen3": Facts("qwen3 1.7b", "Qwen3ForCausalLM", 1_720_574_976, 40960),
    "Llama 3.2": Facts("meta Llama-3.2-1B", "LlamaForCausalLM", 1_235_814_400, 131072),
    "Gemma 3": Facts("gemma-3-1b-it", "Gemma3ForCausalLM", 999_885_952, 32768),
    "Phi-4-mini": Facts("Phi-4-mini-instruct", "Phi3ForCausalLM", 3_836_021_760, 131072),
    "": Facts("my own", "LlamaForCausalLM", 90_000, 512),
}


def test_every_base_is_known_by_what_the_library_says_of_it():
    assert {base.title for base in presets.bases()} == set(BASES)
    for title, facts in BASES.items():
        assert presets.base_of(facts).title == title, facts


def test_every_task_is_covered():
    assert set(presets.tasks()) == TASKS
    assert set(get_args(Task)) - {QUESTIONS} <= TASKS  # nothing learns from questions without answers


@pytest.mark.parametrize("title", list(BASES))
def test_every_choice_is_a_valid_spec_with_a_reason(title):
    for task in TASKS:
        for patience in presets.PATIENCES:
            for method in get_args(FinetuneSpec.model_fields["method"].annotation):
                preset = presets.choose(BASES[title], task, patience, method)
                FinetuneSpec(model="m", data="d", method=method, **preset.values())
                assert all(len(setting.why) > 8 for setting in preset.settings)


@pytest.mark.parametrize("task", sorted(TASKS))
def test_more_patience_never_learns_less(task):
    quick, balanced, thorough = (
        presets.choose(BASES["SmolLM2"], task, patience).values() for patience in presets.PATIENCES
    )
    assert quick["epochs"] < balanced["epochs"] < thorough["epochs"]
    assert quick["lora_rank"] <= balanced["lora_rank"] <= thorough["lora_rank"]


@pytest.mark.parametrize(("method", "rate"), [("auto", 1e-3), ("full", 5e-5)])
def test_balanced_on_the_starter_model_is_what_the_spec_says_by_itself(method, rate):
    starter = Facts("starter SmolLM2-135M-Instruct by Hugging Face", "LlamaForCausalLM", 134_515_008, 8192)
    values = presets.choose(starter, "classification", "balanced", method).values()
    assert values.pop("learning_rate") == rate
    assert FinetuneSpec(model="m", data="d", **values) == FinetuneSpec(model="m", data="d")


def test_a_model_that_reads_little_gets_rows_as_long_as_it_reads():
    assert presets.choose(BASES[""], "summarization").values()["max_length"] == 512


def test_what_was_set_by_hand_is_not_said_to_be_chosen():
    preset = presets.choose(BASES["SmolLM2"], "classification")
    assert preset.sentence() == (
        "Chosen for SmolLM2 362M, classification: 3 passes, learning rate 0.0005, rows up to 512 tokens."
    )
    assert "passes" not in preset.sentence({"epochs": 2})
