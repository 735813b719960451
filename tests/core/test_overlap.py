"""Rows of a test that a model has learnt from after all."""

from __future__ import annotations

from pathlib import Path

from core import overlap
from core.data import dataset
from core.specs import FinetuneSpec, ImportDataSpec
from core.workspace import manifest
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


def kept(workspace: Workspace, name: str, path: Path, **shares: float) -> Artifact:
    """A data set of a file."""
    spec = ImportDataSpec(source=str(path), name=name, **shares)
    run = workspace.store.add_run(spec.kind, name, spec.model_dump(mode="json"), spec.inputs())
    folder = workspace.run_folder(run.id) / "out"
    folder.mkdir(parents=True)
    info = dataset.build(spec, folder)
    manifest.write(folder)
    return workspace.take_artifact(run.id, folder, "dataset", name, {"task": info.task})


def test_rows_that_other_data_taught_are_counted(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "work")
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "".join(f"question {n},{'ab'[n % 2]}\n" for n in range(40)))
    all_to_learn = kept(workspace, "whole", path, test_fraction=0.0, validation_fraction=0.0)
    divided = kept(workspace, "divided", path)
    for data, rows in ((all_to_learn, 4), (divided, 0)):
        spec = FinetuneSpec(model="x", data=data.id)
        run = workspace.store.add_run("finetune", f"by {data.name}", spec.model_dump(mode="json"), (data.id,))
        folder = workspace.run_folder(run.id) / "out"
        folder.mkdir(parents=True)
        manifest.write(folder)
        model = workspace.take_artifact(run.id, folder, "model", f"by {data.name}", {"format": "hf"})
        assert overlap.seen(workspace, model.id, divided, "test") == rows
    workspace.close()
