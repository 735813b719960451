"""What cannot be exported is refused before a run exists, and the refusal says why and what else goes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError
from core.jobs import submission
from core.models import architectures
from core.models.quantizing import least, sizes
from core.specs import AddModelSpec, QuantizeSpec
from core.workspace import manifest
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace
from tests.core.models import hollow

CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 64,
    "intermediate_size": 96,
    "vocab_size": 400,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace(tmp_path / "workspace")
    yield made
    made.close()


def add(workspace: Workspace, name: str, base: str | None = None, **changes: Any) -> str:
    folder = workspace.artifact_folder(name)
    folder.mkdir()
    meta = {"format": "adapter" if base else "hf", "name": name, "base": base}
    (folder / "model.json").write_text(json.dumps(meta))
    if base is None:
        (folder / "config.json").write_text(json.dumps({**CONFIG, **changes}))
    sealed = manifest.write(folder)
    workspace.store.add_artifact(
        Artifact(name, "model", name, sealed.digest, sealed.total_bytes, time.time(), "", meta)
    )
    return name


@pytest.mark.parametrize(
    ("changes", "recipe", "words"),
    [
        ({"architectures": ["MambaForCausalLM"]}, "int8", "state-space"),
        ({"architectures": ["GPTNeoXForCausalLM"]}, "int8", "does not know"),
        ({"architectures": ["BloomForCausalLM"]}, "int8", "does not know"),
        ({"architectures": ["Gemma3ForConditionalGeneration"]}, "int8", "reads pictures"),
        ({"rope_parameters": {"rope_type": "dynamic", "factor": 2.0}}, "int8", "dynamic"),
        ({"intermediate_size": 100}, "int8", "intermediate_size is 100"),
    ],
)
def test_what_the_runtime_cannot_take_is_refused_with_the_reason(
    workspace: Workspace, changes: dict[str, Any], recipe: Any, words: str
) -> None:
    model = add(workspace, "odd", **changes)

    with pytest.raises(InputError) as refused:
        submission.submit(workspace, QuantizeSpec(model=model, recipe=recipe), "odd-small")

    assert words in refused.value.why
    assert refused.value.fix
    assert not workspace.store.runs()


def test_an_adapter_is_judged_by_the_model_beneath(workspace: Workspace) -> None:
    add(workspace, "odd", architectures=["MambaForCausalLM"])
    adapter = add(workspace, "tuned", base="odd")

    with pytest.raises(InputError, match="odd cannot be quantized"):
        submission.submit(workspace, QuantizeSpec(model=adapter), "small")


def test_a_size_below_what_4_bits_everywhere_take_is_refused_with_the_least_that_goes(
    workspace: Workspace,
) -> None:
    model = hollow.add(workspace)
    found = least.with_report(sizes.read(workspace.artifact_folder(model.id)))
    least_mb = least.least_bytes(found) / 1e6

    with pytest.raises(InputError, match="does not fit in 20 MB") as refused:
        submission.submit(workspace, QuantizeSpec(model=model.id, recipe="search", max_mb=20), "small")

    assert refused.value.code == "quantize.no_room"
    assert f"{least_mb:.3g} MB" in refused.value.why
    assert not workspace.store.runs()
    allowed = float(refused.value.fix.split()[3])
    assert least_mb <= allowed < least_mb + 0.1
    spec = QuantizeSpec(model=model.id, recipe="search", max_mb=allowed)
    assert submission.submit(workspace, spec, "small").state == "queued"


@pytest.mark.parametrize("changes", [{}, {"rope_parameters": {"rope_type": "llama3", "factor": 8.0}}])
def test_what_goes_is_queued(workspace: Workspace, changes: dict[str, Any]) -> None:
    model = add(workspace, "plain", **changes)

    assert submission.submit(workspace, QuantizeSpec(model=model), "small").state == "queued"


def test_a_folder_of_another_family_is_refused_before_it_is_copied(
    workspace: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "mamba"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({**CONFIG, "architectures": ["MambaForCausalLM"]}))

    with pytest.raises(InputError) as refused:
        submission.submit(workspace, AddModelSpec(source=str(folder), name="mamba"), "mamba")

    assert "state-space" in refused.value.why
    assert not workspace.store.runs()


def test_every_reason_ends_a_sentence_that_begins_with_it_is() -> None:
    for name in ("MambaForCausalLM", "T5ForConditionalGeneration", "BertLMHeadModel", "Unheard"):
        assert architectures.obstacle(name).split()[0] in ("a", "partly")
    assert not any(map(architectures.obstacle, architectures.SUPPORTED))
