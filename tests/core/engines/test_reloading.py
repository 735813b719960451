"""What a merge or a cut saved is loaded again elsewhere and says the same; where it does not, that is red."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.engines import merge
from core.engines.checking import reloading
from core.models import records
from core.specs import MergeSpec
from tests.core.engines import tiny
from tests.core.engines.test_merge import make_adapter


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    reloading.warm_up()
    return tiny.model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def said(folder: Path) -> reloading.Said:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return reloading.listen(model, AutoTokenizer.from_pretrained(folder), (folder,))


def _weights(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, {"format": "pt"})


def _zero(tensors: dict[str, Any]) -> None:
    tensors["model.embed_tokens.weight"].normal_()


def _swap_words(folder: Path) -> None:
    said = json.loads((folder / "tokenizer.json").read_text())
    words = said["model"]["vocab"]
    words["a"], words["e"] = words["e"], words["a"]
    (folder / "tokenizer.json").write_text(json.dumps(said))


FAULTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "weights changed": (lambda f: _weights(f, _zero), "does not say what was there before"),
    "weights missing": (lambda f: (f / "model.safetensors").unlink(), "does not load again"),
    "template missing": (lambda f: (f / "chat_template.jinja").unlink(), "chat template is not the same"),
    "tokenizer changed": (_swap_words, "reads the sample prompts otherwise"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_lost_in_saving_is_red(
    folder: Path, said: reloading.Said, tmp_path: Path, fault: str
) -> None:
    plant, words = FAULTS[fault]
    saved = shutil.copytree(folder, tmp_path / "saved")
    plant(saved)

    made = reloading.make(saved, (), "prune", said, 1)

    assert made.status == "red"
    assert any(words in reason for reason in made.reasons)


def test_a_merge_leaves_a_green_receipt(folder: Path, tmp_path: Path) -> None:
    adapter = make_adapter(tmp_path / "adapter", folder, 1)
    job, out = tiny.job(tmp_path / "run", mine=adapter, base=folder)

    merge.run(MergeSpec(models=("mine",)), job)

    (artifact,) = (json.loads(line) for line in out.getvalue().splitlines() if '"artifact"' in line)
    made = job.folder / artifact["folder"]
    assert artifact["meta"]["receipt"] == records.receipt_status(made) == "green"
    assert json.loads((made / "receipt.json").read_text())["agreement"] > 0.9
