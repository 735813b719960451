"""What `prune` says before a run is queued, from the small files alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.cli.main import main
from core.errors import InputError
from core.jobs import submission
from core.models.pruning import refusal, sizes
from core.models.pruning.sizes import Cut
from core.specs import PruneSpec
from core.workspace.workspace import Workspace
from tests.core.models import hollow


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace(tmp_path / "work")
    hollow.keep(opened, "dataset", "d", "d", {"task": "classification", "counts": {"train": 9}})
    yield opened
    opened.close()


def refused(workspace: Workspace, model: str, data: str = "d", **fields: Any) -> InputError:
    """What was said; nothing may be queued."""
    with pytest.raises(InputError) as caught:
        submission.submit(workspace, PruneSpec(model=model, data=data, **fields), "small")
    assert not workspace.store.runs()
    assert caught.value.why
    assert caught.value.fix
    return caught.value


def test_the_starter_models_sizes_are_read_from_its_header(tmp_path: Path) -> None:
    found = sizes.read(hollow.write(tmp_path / "m"), "it")
    assert found.whole == Cut(30, 1536, 49152)
    assert found.parameters(found.whole) == 134_515_008
    assert found.bytes(found.whole) == 134_515_008
    assert found.parameters(Cut(20, 1536, 49152)) == 134_515_008 - 10 * 3_540_096
    own = sizes.read(hollow.write(tmp_path / "own", shapes=hollow.llama(tied=False)), "it")
    assert own.parameters(own.whole) == 134_515_008 + hollow.TOKENS * hollow.HIDDEN
    assert own.bytes(own.whole) == own.parameters(own.whole) + 3 * hollow.TOKENS * hollow.HIDDEN


def test_a_stored_output_that_is_the_token_table_counts_once(tmp_path: Path) -> None:
    folder = hollow.write(tmp_path / "m", shapes=hollow.llama(tied=False))
    (folder / "config.json").write_text(json.dumps({"tie_word_embeddings": True}), encoding="utf-8")
    found = sizes.read(folder, "it")
    assert found.parameters(found.whole) == 134_515_008


def test_what_can_be_cut_is_queued(workspace: Workspace) -> None:
    model = hollow.add(workspace)
    for number, fields in enumerate(({"keep_layers": 20}, {"target_mb": 80.0}, {"vocabulary": "data"})):
        submission.submit(workspace, PruneSpec(model=model.id, data="d", **fields), f"small-{number}")
    assert len(workspace.store.runs()) == 3


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"keep_layers": 31}, "prune.layers"),
        ({"keep_layers": 30}, "prune.nothing"),
        ({"target_mb": 200.0}, "prune.nothing"),
        ({"target_mb": 5.0}, "prune.target"),
        ({"target_mb": 15.0, "vocabulary": "data"}, "prune.target"),
    ],
)
def test_sizes_that_it_cannot_have(workspace: Workspace, fields: dict[str, Any], code: str) -> None:
    assert refused(workspace, hollow.add(workspace).id, **fields).code == code


def test_exported_models_and_endpoints(workspace: Workspace) -> None:
    exported = hollow.add(workspace, "export", format="onnx")
    assert refused(workspace, exported.id, keep_layers=20).code == "model.exported"
    far = hollow.keep(workspace, "model", "far", "far", {"format": "endpoint"})
    assert refused(workspace, far.id, keep_layers=20).code == "model.endpoint"


def test_an_add_on_is_looked_at_through_its_base(workspace: Workspace) -> None:
    base = hollow.add(workspace)
    tuned = hollow.add(workspace, "tuned", format="adapter", base=base.id, shapes={})
    assert refused(workspace, tuned.id, keep_layers=31).code == "prune.layers"
    lost = hollow.add(workspace, "lost", format="adapter", base="gone", shapes={})
    assert refused(workspace, lost.id, keep_layers=20).code == "model.base"
    ring = hollow.add(workspace, "ring", format="adapter", base="model-ring", shapes={})
    assert refused(workspace, ring.id, keep_layers=20).code == "model.base"


def test_models_that_are_built_otherwise(workspace: Workspace) -> None:
    whole = hollow.llama()
    fused = {name.replace("gate_proj", "gate_up_proj"): shape for name, shape in whole.items()}
    others = {
        "gpt2": {"transformer.wte.weight": (9, 9), "transformer.h.0.mlp.c_fc.weight": (9, 9)},
        "phi": fused,
        "uneven": {**whole, **hollow.layer(3, neurons=768)},
        "gap": {name: shape for name, shape in whole.items() if ".layers.7." not in name},
    }
    for name, shapes in others.items():
        found = refused(workspace, hollow.add(workspace, name, shapes=shapes).id, keep_layers=20)
        assert found.code == "prune.structure", name
    sharing = hollow.add(workspace, "sharing")
    config = workspace.artifact_folder(sharing.id) / "config.json"
    config.write_text(json.dumps({"num_kv_shared_layers": 4}), encoding="utf-8")
    assert "share keys" in refused(workspace, sharing.id, keep_layers=20).why


def test_a_tokenizer_that_cannot_be_cut_forbids_only_the_vocabulary(workspace: Workspace) -> None:
    model = hollow.add(workspace)
    tokenizer = workspace.artifact_folder(model.id) / "tokenizer.json"
    tokenizer.write_text(json.dumps({"model": {"type": "Unigram", "vocab": []}}), encoding="utf-8")
    assert refused(workspace, model.id, vocabulary="data").code == "prune.vocabulary"
    refusal.refuse(workspace, PruneSpec(model=model.id, data="d", keep_layers=20))


def test_data_that_cannot_show_what_the_model_needs(workspace: Workspace) -> None:
    model = hollow.add(workspace)
    hollow.keep(workspace, "dataset", "empty", "empty", {"counts": {"train": 0}})
    assert refused(workspace, model.id, "empty", keep_layers=20).code == "prune.rows"
    assert refused(workspace, model.id, "empty", keep_layers=99).code == "prune.rows", "no layers mend that"
    (workspace.artifact_folder(model.id) / "chat_template.jinja").unlink()
    assert refused(workspace, model.id, keep_layers=20).code == "model.template"
    hollow.keep(workspace, "dataset", "texts", "texts", {"task": "pretraining", "counts": {"train": 3}})
    refusal.refuse(workspace, PruneSpec(model=model.id, data="texts", keep_layers=20))


@pytest.mark.parametrize(
    ("meta", "said"),
    [({"counts": {"train": 0}}, "no training rows"), ({"task": "questions"}, "questions have no answers")],
)
def test_what_no_setting_mends_is_said_before_the_settings(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], meta: dict[str, Any], said: str
) -> None:
    model = hollow.add(workspace)
    hollow.keep(workspace, "dataset", "useless", "useless", meta)
    assert main(["--workspace", str(workspace.root), "prune", model.name, "--data", "useless"]) == 2
    assert said in capsys.readouterr().err
    assert main(["--workspace", str(workspace.root), "prune", model.name, "--data", "d"]) == 2
    assert "nothing is left out" in capsys.readouterr().err
