"""A workspace with a model and a data set, as small as they can be, and the real bridge, not started."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.context import Context
from app.job_bridge import JobBridge
from core.data import dataset
from core.models import endpoints
from core.models.endpoints import Endpoint
from core.specs import ImportDataSpec
from core.workspace import manifest
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

MODEL = {
    "format": "hf",
    "architecture": "LlamaForCausalLM",
    "parameters": 134515008,
    "context": 8192,
    "licence": "apache-2.0",
    "dtype": "f32",
    "note": "",
}
CONFIG = {"hidden_size": 576, "num_hidden_layers": 30, "intermediate_size": 1536, "vocab_size": 49152}
ROWS = [
    ("My card has not come", "card arrival"),
    ("I lost my card", "lost card"),
    ("<b>Where</b> is it", "lost card"),
    ("Still no card", "card arrival"),
    ("It is gone", "lost card"),
    ("When does it come", "card arrival"),
    ("Somebody stole it", "lost card"),
    ("No card in the post", "card arrival"),
    ("I dropped it", "lost card"),
    ("The card is late", "card arrival"),
    ("Cannot find it", "lost card"),
    ("Waiting for it", "card arrival"),
]
AddModel = Callable[..., Artifact]
AddData = Callable[..., Artifact]


@pytest.fixture
def bridge(context: Context) -> JobBridge:
    """Takes jobs and leaves them waiting."""
    return context.bridge


def _keep(
    workspace: Workspace, type: str, name: str, meta: dict[str, Any], files: dict[str, str]
) -> Artifact:
    folder = workspace.artifact_folder(f"{type}-{name}".replace(" ", "-"))
    folder.mkdir(exist_ok=True)
    for path, text in files.items():
        (folder / path).write_text(text, encoding="utf-8")
    sealed = manifest.write(folder)
    artifact = Artifact(
        id=folder.name,
        type=type,
        name=name,
        digest=sealed.digest,
        bytes=sealed.total_bytes,
        created_at=time.time(),
        run_id=meta.pop("run_id", ""),
        meta=meta,
    )
    workspace.store.add_artifact(artifact)
    return artifact


@pytest.fixture
def add_model(workspace: Workspace) -> AddModel:
    """Adds a model's small files; keyword arguments change what is said of it."""

    def add(name: str = "SmolLM2", **changes: Any) -> Artifact:
        meta = {**MODEL, **changes}
        files = {
            "chat_template.jinja": "{{ messages }}",
            "config.json": json.dumps(CONFIG),
            "model.json": json.dumps({"version": 1, "name": name, **meta}),
        }
        if meta["format"] == "adapter":
            method = changes.get("method", "lora")
            config = {"peft_type": "IA3" if method == "ia3" else "LORA", "use_dora": method == "dora", "r": 8}
            files["adapter_config.json"] = json.dumps(config)
        if "receipt" in changes:
            files["receipt.json"] = json.dumps(changes["receipt"])
        return _keep(workspace, "model", name, meta, files)

    return add


def write_csv(path: Path, rows: list[tuple[str, str]] = ROWS) -> Path:
    """A small file of bank questions and their labels."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "category"), *rows])
    return path


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """A file as a person has it."""
    return write_csv(tmp_path / "questions.csv")


@pytest.fixture
def add_data(workspace: Workspace, tmp_path: Path) -> AddData:
    """Adds a small data set of bank questions, built as the job builds it."""

    def add(name: str = "Banking questions") -> Artifact:
        spec = ImportDataSpec(source=str(write_csv(tmp_path / "source.csv")), name=name)
        folder = workspace.artifact_folder(f"dataset-{name}".replace(" ", "-"))
        folder.mkdir()
        info = dataset.build(spec, folder)
        meta = {"task": info.task, "counts": info.counts, "labels": len(info.labels or [])}
        return _keep(workspace, "dataset", name, meta, {})

    return add


@pytest.fixture
def add_questions(workspace: Workspace, tmp_path: Path) -> AddData:
    """Adds questions without answers, built as the job builds them."""

    def add(name: str = "unanswered") -> Artifact:
        path = tmp_path / "unanswered.csv"
        path.write_text("question\n" + "".join(f"{text}\n" for text, _label in ROWS), encoding="utf-8")
        folder = workspace.artifact_folder(f"dataset-{name}")
        folder.mkdir()
        info = dataset.build(ImportDataSpec(source=str(path), name=name), folder)
        meta = {"task": info.task, "counts": info.counts, "labels": None}
        return _keep(workspace, "dataset", name, meta, {})

    return add


@pytest.fixture
def add_endpoint(workspace: Workspace, add_model: AddModel) -> AddModel:
    """Adds an endpoint as its job leaves it."""

    def add(address: str = "https://api.example.com/v1", name: str = "far", **prices: float) -> Artifact:
        said = Endpoint(url=address, model="big", **prices)
        note = f"answers at {said.host}; your prompts are sent there"
        artifact = add_model(
            name, format="endpoint", endpoint=said.model_dump(), note=note, parameters=0, licence=""
        )
        folder = workspace.artifact_folder(artifact.id)
        endpoints.write(folder, said)
        sealed = manifest.write(folder)
        changed = Artifact(**{**vars(artifact), "digest": sealed.digest, "bytes": sealed.total_bytes})
        workspace.store.remove_artifact(artifact.id)
        workspace.store.add_artifact(changed)
        return changed

    return add
