"""A model's record comes from its small files and headers alone."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import IntegrityError
from core.models import gguf_header, records
from core.workspace import manifest
from core.workspace.workspace import Workspace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    header = json.dumps({"w": {"dtype": "BF16", "shape": [3, 5], "data_offsets": [0, 30]}}).encode()
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(30))
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    records.write(tmp_path, records.Description(format="hf", name="m", architecture="LlamaForCausalLM"))
    return tmp_path


def test_parameters_and_type_are_counted_from_the_weights(folder: Path) -> None:
    record = records.inspect(folder)

    assert (record.parameters, record.dtype, record.format) == (15, "bf16", "hf")
    assert record.template_sha256 is not None
    assert record.receipt is None


def test_damaged_weights_are_an_integrity_error(folder: Path) -> None:
    with open(folder / "model.safetensors", "ab") as file:
        file.write(b"x")

    with pytest.raises(IntegrityError, match="damaged"):
        records.inspect(folder)


def test_a_folder_without_description_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="not a model"):
        records.inspect(tmp_path)


@pytest.mark.parametrize(("text", "status"), [('{"status": "green"}', "green"), ("{", "red"), ("{}", "red")])
def test_an_unreadable_receipt_counts_as_red(folder: Path, text: str, status: str) -> None:
    (folder / "receipt.json").write_text(text)

    assert records.inspect(folder).receipt == status


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GGUF",
        struct.pack("<4sIQQ", b"GGML", 3, 1, 1),
        struct.pack("<4sIQQ", b"GGUF", 9, 1, 1),
        struct.pack("<4sIQQ", b"GGUF", 3, 0, 1),
        struct.pack("<4sIQQ", b"GGUF", 3, 1 << 60, 1),
    ],
    ids=["empty", "cut", "magic", "version", "no tensors", "more tensors than bytes"],
)
def test_what_is_no_gguf_is_refused_by_its_first_bytes(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m.gguf").write_bytes(data)

    with pytest.raises(gguf_header.HeaderError):
        gguf_header.check(tmp_path / "m.gguf")


def test_listing_models_loads_no_heavy_library() -> None:
    code = (
        "import sys; from core.models import records, foreign, report; "
        "print([n for n in ('torch', 'transformers', 'onnx', 'onnxruntime', 'numpy') if n in sys.modules])"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"


def test_a_model_whose_folder_is_gone_is_called_by_its_name_never_by_its_id(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "work")
    run = workspace.store.add_run("finetune", "tuned", {}, [])
    staged = workspace.run_folder(run.id) / "out"
    staged.mkdir(parents=True)
    records.write(staged, records.Description(format="hf", name="tuned"))
    manifest.write(staged)
    model = workspace.take_artifact(run.id, staged, "model", "tuned", {})
    assert records.describe_stored(workspace, model.id).name == "tuned"
    folder = workspace.artifact_folder(model.id)

    (folder / records.NAME).unlink()
    with pytest.raises(IntegrityError, match="tuned is not what it was") as damaged:
        records.describe_stored(workspace, model.id)
    assert damaged.value.why == "Its model.json is missing or cannot be read."
    shutil.rmtree(folder)
    with pytest.raises(IntegrityError, match="tuned is not what it was") as gone:
        records.describe_stored(workspace, model.id)
    assert gone.value.why == "Its folder is gone."
    workspace.store.remove_artifact(model.id)
    with pytest.raises(IntegrityError, match="a model that was removed") as removed:
        records.describe_stored(workspace, model.id)
    workspace.close()
    assert model.id not in str(removed.value)
