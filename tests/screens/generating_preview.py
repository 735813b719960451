"""The generate page after its preview, asked of a real endpoint on the loopback; for `shoot.py`."""

from __future__ import annotations

import csv
import time
from pathlib import Path

from PySide6.QtTest import QTest

from app.context import Context
from app.job_bridge import JobBridge
from app.main_window import MainWindow
from app.pages.generate.page import GeneratePage
from app.settings import SettingsFile
from app.theme import theme
from core.data import dataset
from core.models import endpoints, records
from core.models.endpoints import Endpoint
from core.offers import few
from core.specs import ImportDataSpec
from core.workspace import manifest
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace
from tests.core.endpoint_server import EndpointServer

_STARTER = Path(__file__).resolve().parents[2] / "resources" / "starter" / "banking77-train.csv"
_SETTLE_MS = 600


def shoot(out: Path, root: Path, settings: SettingsFile, size: tuple[int, int]) -> None:
    """Writes `generate-<step>-<theme>.png` of the last two steps."""
    with open(_STARTER, encoding="utf-8", newline="") as file:
        right = {row["text"]: row["category"] for row in csv.DictReader(file)}
    server = EndpointServer(answer=lambda messages: right.get(messages[-1]["content"], "I am not sure."))
    workspace = Workspace(root)
    with server.serve() as url:
        teacher, data = _fill(workspace, url)
        window = MainWindow(Context(workspace, JobBridge(workspace, settings), settings))
        window.resize(*size)
        window.show()
        window.show_page("generate", teacher)
        page = window.page("generate")
        assert isinstance(page, GeneratePage)
        page.open_with(data)
        model = page.view_model
        while model.trial.offer is None:
            QTest.qWait(50)
        spec = model.spec()
        assert spec is not None
        model.trial.start(few(spec))
        while model.trial.trial is None:
            QTest.qWait(50)
        for name in ("light", "dark"):
            theme().apply(name)
            for step, picture in (("ask", "generate-ask"), ("check", "generate-tried")):
                page._go_to(step)
                QTest.qWait(_SETTLE_MS)
                window.grab().save(str(out / f"{picture}-{name}.png"))
        window.close()
    workspace.close()


def _fill(workspace: Workspace, url: str) -> tuple[str, str]:
    """A data set and an endpoint that can really be asked; returns the ids of the endpoint and the data."""
    data, far = workspace.artifact_folder("dataset-starter"), workspace.artifact_folder("model-far")
    for folder in (data, far):
        folder.mkdir()
    info = dataset.build(ImportDataSpec(source=str(_STARTER), name="Bank questions"), data)
    endpoint = Endpoint(url=url, model="large", price_in=1.0, price_out=4.0)
    endpoints.write(far, endpoint)
    records.write(far, records.Description(format=endpoints.FORMAT, name="Large model", source=url))
    about = {"format": "endpoint", "note": f"answers at {endpoint.host}; your prompts are sent there"}
    facts = {"task": info.task, "counts": info.counts, "labels": len(info.labels or [])}
    for folder, type, name, meta in (
        (data, "dataset", "Bank questions", facts),
        (far, "model", "Large model", {**about, "endpoint": endpoint.model_dump()}),
    ):
        sealed = manifest.write(folder)
        workspace.store.add_artifact(
            Artifact(folder.name, type, name, sealed.digest, sealed.total_bytes, time.time(), "", meta)
        )
    return far.name, data.name
