"""A workspace with a model and a data set, as small as they can be, and the real bridge, not started."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from app.job_bridge import JobBridge
from core.workspace import manifest
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

MODEL = {
    "format": "hf", "architecture": "LlamaForCausalLM", "parameters": 134515008, "context": 8192,
    "licence": "apache-2.0", "dtype": "f32", "note": "",
}
CONFIG = {"hidden_size": 576, "num_hidden_layers": 30, "intermediate_size": 1536, "vocab_size": 49152}
DATA = {
    "version": 1, "source": "banking.csv", "columns": ["text", "category"],
    "roles": {"user": "text", "label": "category"}, "task": "classification", "labels": ["card arrival", "lost card"],
    "counts": {"train": 3, "validation": 1, "test": 1}, "split": {"how": "random", "seed": 17}, "check": {},
}
ROWS = {
    "train": [("My card has not come", "card arrival"), ("I lost my card", "lost card"), ("<b>Where</b>", "lost card")],
    "validation": [("Still no card", "card arrival")],
    "test": [("It is gone", "lost card")],
}
AddModel = Callable[..., Artifact]
AddData = Callable[..., Artifact]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """An empty workspace."""
    opened = Workspace(tmp_path / "workspace")
    yield opened
    opened.close()


@pytest.fixture
def bridge(qapp: QApplication, workspace: Workspace) -> JobBridge:
    """Takes jobs and leaves them waiting."""
    return JobBridge(workspace)


def _keep(workspace: Workspace, type: str, name: str, meta: dict[str, Any], files: dict[str, str]) -> Artifact:
    folder = workspace.artifact_folder(f"{type}-{name}".replace(" ", "-"))
    folder.mkdir()
    for path, text in files.items():
        (folder / path).write_text(text, encoding="utf-8")
    sealed = manifest.write(folder)
    artifact = Artifact(
        id=folder.name, type=type, name=name, digest=sealed.digest, bytes=sealed.total_bytes,
        created_at=time.time(), run_id="", meta=meta,
    )
    workspace.store.add_artifact(artifact)
    return artifact


@pytest.fixture
def add_model(workspace: Workspace) -> AddModel:
    """Adds a model's small files; keyword arguments change what is said of it."""

    def add(name: str = "SmolLM2", **changes: Any) -> Artifact:
        meta = {**MODEL, **changes}
        files = {"config.json": json.dumps(CONFIG), "model.json": json.dumps({"version": 1, "name": name, **meta})}
        if "receipt" in changes:
            files["receipt.json"] = json.dumps(changes["receipt"])
        return _keep(workspace, "model", name, meta, files)

    return add


@pytest.fixture
def add_data(workspace: Workspace) -> AddData:
    """Adds a small data set of bank questions."""

    def add(name: str = "Banking questions", **changes: Any) -> Artifact:
        info = {**DATA, "name": name, **changes}
        files = {"dataset.json": json.dumps(info)}
        for split, rows in ROWS.items():
            lines = [
                json.dumps({"row": number, "values": {"text": text, "category": label}})
                for number, (text, label) in enumerate(rows, start=1)
            ]
            files[f"{split}.jsonl"] = "\n".join(lines) + "\n"
        return _keep(workspace, "dataset", name, info, files)

    return add
