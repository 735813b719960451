"""A model becomes an ONNX folder with a receipt, whatever the recipe; an adapter is merged on the way."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from core.engines import quantize
from core.engines.quantization import graph
from core.models import records
from core.specs import QuantizeSpec
from core.workspace import manifest
from tests.core.engines import tiny


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.model_folder(tmp_path_factory.mktemp("models") / "tiny")


def _events(out: io.StringIO, name: str) -> list[dict[str, Any]]:
    return [event for event in map(json.loads, out.getvalue().splitlines()) if event["ev"] == name]


@pytest.mark.parametrize(
    ("recipe", "bits"),
    [("fp32", {32}), ("int8", {8}), ("int4", {4}), ("int4-mixed", {4, 8}), ("int4-hqq", {4, 8})],
)
def test_every_recipe_gives_a_green_model(source: Path, tmp_path: Path, recipe: Any, bits: set[int]) -> None:
    job, out = tiny.job(tmp_path / "run", m=source)

    quantize.run(QuantizeSpec(model="m", recipe=recipe, max_length=300), job)

    (artifact,) = _events(out, "artifact")
    folder = job.folder / artifact["folder"]
    assert artifact["meta"]["receipt"] == records.receipt_status(folder) == "green"
    assert set(graph.inspect(folder / "model.onnx").matmul) == bits
    assert (folder / "chat_template.jinja").read_bytes() == (source / "chat_template.jinja").read_bytes()
    assert json.loads((folder / "genai_config.json").read_text())["search"]["max_length"] == 300
    assert records.inspect(folder).recipe == recipe
    assert not list(job.folder.glob("work-*"))


def test_an_adapter_is_merged_into_a_copy(source: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    tuned = get_peft_model(
        AutoModelForCausalLM.from_pretrained(source),
        LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False),
    )
    tuned.save_pretrained(adapter)
    words = tiny.tokenizer()
    words.chat_template = (
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + "
        "'<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    )
    words.save_pretrained(adapter)
    said = records.Description(format="adapter", name="tuned", base="base", architecture="LlamaForCausalLM")
    records.write(adapter, said)
    manifest.write(adapter)
    job, out = tiny.job(tmp_path / "run", tuned=adapter, base=source)

    quantize.run(QuantizeSpec(model="tuned", recipe="int8"), job)

    (artifact,) = _events(out, "artifact")
    folder = job.folder / artifact["folder"]
    assert artifact["meta"]["receipt"] == "green"
    assert (folder / "chat_template.jinja").read_bytes() == (adapter / "chat_template.jinja").read_bytes()
    assert [event["name"] for event in _events(out, "phase")] == [
        "loading",
        "merging",
        "rounding",
        "building",
        "checking",
        "saving",
    ]
