"""A planted fault turns the receipt red, and the reason names it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest

from core.engines import receipt
from core.engines.quantization import building
from core.models.quantizing.recipes import RECIPES, Recipe
from tests.core.engines import tiny


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def wanted(source: Path) -> receipt.Reference:
    return receipt.reference(source, (), 1)


def _export(source: Path, wanted: receipt.Reference, folder: Path, recipe: Recipe) -> Path:
    building.build(source, folder, recipe, folder.parent / "cache")
    building.settle(
        folder,
        template=source / "chat_template.jinja",
        max_length=256,
        stop_ids=wanted.stop_ids,
        pad_id=wanted.pad_id,
    )
    return folder


@pytest.fixture(scope="module")
def good(source: Path, wanted: receipt.Reference, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _export(source, wanted, tmp_path_factory.mktemp("good") / "int4", RECIPES["int4"])


@pytest.fixture
def export(good: Path, tmp_path: Path) -> Path:
    return shutil.copytree(good, tmp_path / "export")


def _settings(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "genai_config.json"
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))


def test_a_good_export_is_green_and_says_what_it_is(export: Path, wanted: receipt.Reference) -> None:
    made = receipt.make(export, RECIPES["int4"], wanted, 1)

    assert (made.status, made.reasons) == ("green", ())
    assert made.mean_bits == 4
    assert made.operators["MatMulNBits"] > 0
    assert made.tokens_per_s
    assert made.kl is not None
    assert made.kl < 0.05


def test_fp32_under_the_name_of_int4_is_red(source: Path, wanted: receipt.Reference, tmp_path: Path) -> None:
    export = _export(source, wanted, tmp_path / "fp32", RECIPES["fp32"])

    made = receipt.make(export, RECIPES["int4"], wanted, 1)

    assert made.status == "red"
    assert "32" in made.reasons[0]


def test_a_wrong_template_is_red(export: Path, wanted: receipt.Reference) -> None:
    path = export / "chat_template.jinja"
    path.write_text(path.read_text().replace("tiny assistant", "large assistant"))

    made = receipt.make(export, RECIPES["int4"], wanted, 1)

    assert made.status == "red"
    assert "template" in made.reasons[0]


def test_a_truncated_data_file_is_red(export: Path, wanted: receipt.Reference) -> None:
    path = export / "model.onnx.data"
    path.write_bytes(path.read_bytes()[:-2000])

    made = receipt.make(export, RECIPES["int4"], wanted, 1)

    assert made.status == "red"
    assert "cut off" in made.reasons[0]


def test_a_wrong_stop_token_is_red(export: Path, wanted: receipt.Reference) -> None:
    _settings(export, lambda said: said["model"].update(eos_token_id=0))

    made = receipt.make(export, RECIPES["int4"], wanted, 1)

    assert made.status == "red"
    assert "end at the tokens [0]" in made.reasons[0]


def test_a_damaged_graph_is_red(export: Path, wanted: receipt.Reference) -> None:
    (export / "model.onnx").write_bytes(b"\x00\xffno graph")

    assert receipt.make(export, RECIPES["int4"], wanted, 1).status == "red"


def test_weights_outside_the_folder_are_red(export: Path, wanted: receipt.Reference) -> None:
    model = onnx.load(str(export / "model.onnx"), load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = "../model.onnx.data"
    (export / "model.onnx").write_bytes(model.SerializeToString())

    made = receipt.make(export, RECIPES["int4"], wanted, 1)

    assert made.status == "red"
    assert "outside" in made.reasons[0]


def test_another_models_weights_are_red(wanted: receipt.Reference, tmp_path: Path) -> None:
    other = tiny.model_folder(tmp_path / "other", seed=9)
    export = _export(other, wanted, tmp_path / "export", RECIPES["int4"])
    sharp = _sharpened(wanted)

    made = receipt.make(export, RECIPES["int4"], sharp, 1)

    assert made.status == "red"
    assert "does not compute" in made.reasons[0]


def _sharpened(wanted: receipt.Reference) -> receipt.Reference:
    """The reference of a model that is sure of itself, as trained models are and random ones are not."""
    from dataclasses import replace

    import numpy as np

    sharp = []
    for scores in wanted.log_probabilities:
        values = scores.astype(np.float32) * 200
        values -= values.max(-1, keepdims=True)
        sharp.append((values - np.log(np.exp(values).sum(-1, keepdims=True))).astype(np.float16))
    return replace(wanted, log_probabilities=tuple(sharp))


def test_only_red_blocks(export: Path, wanted: receipt.Reference) -> None:
    made = receipt.make(export, RECIPES["int4"], wanted, 1)
    receipt.write(export, made)
    assert not receipt.blocked(export)

    receipt.write(export, made.model_copy(update={"status": "red", "reasons": ("because",)}))

    assert receipt.blocked(export) == ("because",)
