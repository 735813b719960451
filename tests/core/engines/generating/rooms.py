"""A place to generate in: a run with a teacher, its data, and what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.data.dataset import Dataset
from core.engines import generate
from core.models import endpoints, records
from core.models.endpoints import Endpoint
from core.specs import GenerateSpec
from core.workspace import manifest
from tests.core.engines import tiny

#: Nothing is filtered away, whatever is answered.
OPEN = {"drop_near_duplicates": None, "drop_refusals": False, "drop_cut": False, "task": "generation"}


def endpoint_folder(folder: Path, url: str, **prices: float) -> Path:
    """An endpoint as the library keeps it. Returns its folder."""
    folder.mkdir(parents=True)
    endpoints.write(folder, Endpoint(url=url, model="big", **prices))
    records.write(folder, records.Description(format="endpoint", name="far", source=url))
    manifest.write(folder)
    return folder


class Room:
    """Runs `generate` in this process, as often as one likes in the same run folder."""

    def __init__(self, root: Path, teacher: Path, data: Path | None = None, key: str | None = None) -> None:
        self.folder = root / "run"
        self.inputs = {"t": teacher, "d": data or tiny.data_folder(root / "data")}
        self.key = key
        self.events: list[dict[str, Any]] = []

    def run(self, *, stopped: bool = False, **settings: Any) -> Dataset:
        """One execution; raises what the job raises, after its events were kept."""
        job, out = tiny.job(self.folder, **self.inputs)
        job.take({"cmd": "key", "of": "t", "key": self.key})
        if stopped:
            job.take({"cmd": "stop"})
        try:
            generate.run(GenerateSpec(teacher="t", data="d", **settings), job)
        finally:
            self.events = [json.loads(line) for line in out.getvalue().splitlines()]
            self.result, self.state = job.final_result, job.final_state
        return Dataset(self.folder / "out" / "dataset")

    def answers(self) -> list[dict[str, Any]]:
        """The answers on the disk."""
        return [json.loads(line) for line in (self.folder / "answers.jsonl").read_text().splitlines()]

    def made(self) -> list[dict[str, Any]]:
        """All rows of the new data set."""
        folder = self.folder / "out" / "dataset"
        lines = [
            json.loads(line)
            for split in ("train", "validation", "test")
            for line in (folder / f"{split}.jsonl").read_text().splitlines()
        ]
        return [row["values"] for row in sorted(lines, key=lambda row: row["row"])]

    def warnings(self) -> list[str]:
        return [event["text"] for event in self.events if event["ev"] == "warning"]
