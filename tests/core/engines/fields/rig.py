"""What every look shares: two tiny models, their data, the files they come from, and a place to work."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants
from safetensors.torch import load_file, save_file

from core.jobs.supervisor import Supervisor
from core.models import records
from core.specs import Spec
from core.workspace import manifest
from core.workspace.workspace import Workspace
from tests.core.engines import tiny
from tests.core.engines.test_merge import make_adapter
from tests.core.models.hub_server import Hub

Seen = dict[str, Any]
CSV = "text,category,other\n" + "".join(f"question {n},{'ab'[n % 2]},{'xy'[n // 2 % 2]}\n" for n in range(40))


@dataclass(frozen=True)
class Sight:
    """How a field is observed.

    Attributes:
        look: Does the work of a spec and gives what was seen.
        other: Another value of the field.
        key: Where the difference must show; a part of it suffices, such as `plan.`.
        base: Values of other fields, the same on both sides, that make the field matter.
    """

    look: Callable[[Rig, Spec], Seen]
    other: Any
    key: str
    base: dict[str, Any] = field(default_factory=dict)


class Rig:
    """Tiny models, one of them with four layers, adapters, two tiny data sets, and a place to work."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs = 0
        self.inputs = {
            "a": tiny.model_folder(root / "a"),
            "b": tiny.model_folder(root / "b", seed=6),
            "deep": tiny.model_folder(root / "deep", layers=4),
            "d": tiny.data_folder(root / "d"),
            "e": tiny.data_folder(root / "e", 60),
        }
        _stir(self.inputs["b"] / "model.safetensors")
        said = records.describe(self.inputs["b"])
        records.write(self.inputs["b"], said.model_copy(update={"name": "tiny-b"}))
        (self.inputs["b"] / manifest.NAME).unlink()
        manifest.write(self.inputs["b"])
        self.inputs["plain"] = root / "plain"  # the first one, whose template adds nothing by itself
        shutil.copytree(self.inputs["a"], self.inputs["plain"])
        template = self.inputs["plain"] / records.TEMPLATE
        template.write_text(template.read_text().replace("message['role']", "message['role'] + '!'"))
        for at, name in enumerate(("one", "two", "three"), start=1):  # add-ons to the first model
            self.inputs[name] = make_adapter(root / name, self.inputs["a"], at, over="a")
            manifest.write(self.inputs[name])
        self._files()
        self.seen: dict[tuple[Any, str], Seen] = {}

    def _files(self) -> None:
        """What is imported, added and downloaded, outside any library."""
        tables = self.root / "tables"
        tables.mkdir()
        (tables / "first.csv").write_text(CSV)
        (tables / "second.csv").write_text(CSV.replace("question", "message"))
        (tables / "test.csv").write_text("text,category,other\nnever seen,a,x\nnor this,b,y\n")
        for name in ("a", "b"):
            outside = self.root / f"outside-{name}"
            shutil.copytree(self.inputs[name], outside)
            (outside / records.NAME).unlink()
            (outside / manifest.NAME).unlink()

    def table(self, name: str) -> str:
        """The path of a file of examples."""
        return str(self.root / "tables" / f"{name}.csv")

    def job(self, *, stopped: bool = False) -> tuple[Any, Any]:
        """A fresh run with every input; `stopped`: a stop was asked before it began."""
        self.runs += 1
        job, out = tiny.job(self.root / f"run-{self.runs}", **self.inputs)
        if stopped:
            job.take({"cmd": "stop"})
        return job, out

    def look(self, look: Callable[[Rig, Spec], Seen], spec: Spec) -> Seen:
        """What a spec does, looked at once."""
        known = (look, spec.digest())
        if known not in self.seen:
            self.seen[known] = look(self, spec)
        return self.seen[known]

    @contextlib.contextmanager
    def online(self) -> Iterator[None]:
        """A hub on the loopback, open to this process."""
        served = Hub()
        for name in ("a", "b"):
            served.repos["models", f"org/{name}"] = self.root / f"outside-{name}"
        served.repos["datasets", "org/data"] = self.root / "tables"
        with served.serve() as address, pytest.MonkeyPatch.context() as patch:
            patch.setenv("HF_ENDPOINT", address)
            patch.setattr(constants, "HF_HUB_OFFLINE", False)
            patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
            yield


def _stir(path: Path) -> None:
    """Lets the layers outweigh the embedding: small random models all repeat what they read last."""
    tensors = load_file(path)
    for name, tensor in tensors.items():
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            tensors[name] = tensor * 40
    save_file(tensors, path, metadata={"format": "pt"})


def events(out: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def content(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def child_threads(rig: Rig, spec: Spec) -> Seen:
    """The threads that the job's process is given, seen by the process itself."""
    rig.runs += 1
    workspace = Workspace(rig.root / f"workspace-{rig.runs}")
    run = workspace.store.add_run(spec.kind, "n", spec.model_dump(mode="json"), ())
    script = (
        "import json, os, pathlib, sys; p = pathlib.Path(sys.argv[1]); "
        "(p / 'seen').write_text(os.environ['OMP_NUM_THREADS'] + ' ' "
        "+ str(json.loads((p / 'job.json').read_text())['threads']))"
    )
    supervisor = Supervisor(workspace, run, command=[sys.executable, "-S", "-c", script])
    supervisor.start()
    assert supervisor.wait(20)
    seen = (workspace.run_folder(run.id) / "seen").read_text()
    workspace.close()
    return {"threads": seen}
