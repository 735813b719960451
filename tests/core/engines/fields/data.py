"""How the jobs that make data sets are looked at."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import Any

from core.data import dropped
from core.data.dataset import Dataset
from core.data.quality.findings import FILE
from core.engines import augment, download_data, edit_data, fix_data, import_data, inspect_data
from core.errors import InputError
from core.specs import Spec
from core.workspace import manifest
from tests.core.engines.fields.rig import Rig, Seen, Sight, child_threads, content, events


def imported(rig: Rig, spec: Spec) -> Seen:
    """The data set and what is said of it, or the refusal."""
    job, out = rig.job()
    try:
        import_data.run(spec, job)
    except InputError as error:
        return {"refused": error.code}
    return _kept(job, out)


def downloaded(rig: Rig, spec: Spec) -> Seen:
    """A data set from the hub on the loopback."""
    job, out = rig.job()
    with rig.online():
        try:
            download_data.run(spec, job)
        except InputError as error:
            return {"refused": error.code}
    return _kept(job, out)


def _kept(job: Any, out: Any) -> Seen:
    folder = job.folder / "out" / "dataset"
    (artifact,) = [event for event in events(out) if event["ev"] == "artifact"]
    data = Dataset(folder)
    return {
        **content(folder),
        "name": artifact["name"],
        "task": data.info.task,
        "messages": [data.messages(row) for row in data.rows("train")],
    }


def augmented(rig: Rig, spec: Spec) -> Seen:
    """The rows that were added, and what a model was asked for them."""
    job, out = rig.job()
    augment.run(spec, job)
    said = events(out)
    lines = (job.folder / "out" / "dataset" / "train.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    rewriting = [event for event in said if event["ev"] == "phase" and event["name"] == "rewriting"]
    return {
        "rows": [row for row in rows if "made" in row],
        "before": [row for row in rows if "made" not in row],
        "to rewrite": [event["total"] for event in rewriting],
        "rewritten": [event["answer"] for event in said if event["ev"] == "sample"],
        "first batch": [event["done"] for event in said if event["ev"] == "progress"][:1],
    }


def inspected(rig: Rig, spec: Spec) -> Seen:
    """What was found; what a fix would be set to only repeats the spec."""
    job, _ = rig.job()
    inspect_data.run(spec, job)
    report = json.loads((job.folder / FILE).read_text())
    return {f"found.{item['id']}": (item["count"], item["examples"]) for item in report["findings"]}


def fixed(rig: Rig, spec: Spec) -> Seen:
    """The better version."""
    job, out = rig.job()
    fix_data.run(spec, job)
    return _kept(job, out)


def edited(rig: Rig, spec: Spec) -> Seen:
    """The version with a person's changes."""
    _with_dropped(rig)
    job, out = rig.job()
    edit_data.run(spec, job)
    return _kept(job, out)


def _with_dropped(rig: Rig) -> None:
    """Data beside which two dropped rows lie."""
    if "left" in rig.inputs:
        return
    rig.inputs["left"] = folder = rig.root / "left"
    shutil.copytree(rig.inputs["d"], folder)
    rows = (dropped.DroppedRow("cut", {"text": f"dropped {at}", "category": "top_up"}) for at in range(2))
    (folder / dropped.DROPPED).write_text("".join(map(dropped.line, rows)))
    manifest.write(folder)


def _edit(text: str) -> dict[str, Any]:
    return {"place": 1, "column": "text", "text": text}


def _import(rig: Rig) -> dict[str, Any]:
    return {"source": rig.table("first"), "name": "one", "roles": {"user": "text", "label": "category"}}


_REWRITTEN = {"paraphrase_model": "b"}

#: What a spec needs to be one, by kind.
BASES = {
    "import_data": _import,
    "augment": lambda _rig: {"data": "d"},
    "inspect_data": lambda _rig: {"data": "d"},
    "fix_data": lambda _rig: {"data": "d", "name": "one", "fixes": ({"fix": "near_duplicates"},)},
    "edit_data": lambda _rig: {"data": "d", "name": "one", "edits": (_edit("one"),)},
    "download_data": lambda rig: {**_import(rig), "source": "hf:org/data:first.csv"},
}

SIGHTS: dict[str, dict[str, Sight]] = {
    "import_data": {
        "source": Sight(imported, lambda rig: rig.table("second"), "train.jsonl"),
        "source_sha256": Sight(imported, "0" * 64, "refused"),
        "name": Sight(imported, "two", "name"),
        "roles": Sight(imported, {"user": "text", "label": "other"}, "messages"),
        "task": Sight(imported, "summarization", "task", {"roles": {"user": "text", "assistant": "other"}}),
        "instruction": Sight(imported, "Say a or b.", "messages"),
        "test_source": Sight(imported, lambda rig: rig.table("test"), "test.jsonl"),
        "test_sha256": Sight(imported, "0" * 64, "refused", {"test_source": lambda rig: rig.table("test")}),
        "validation_fraction": Sight(imported, 0.3, "validation.jsonl"),
        "test_fraction": Sight(imported, 0.3, "test.jsonl"),
        "seed": Sight(imported, 18, "train.jsonl"),
    },
    "augment": {
        "data": Sight(augmented, "e", "before"),
        "typos": Sight(augmented, 0.5, "rows"),
        "typo_rate": Sight(augmented, 0.3, "rows"),
        "paraphrase_model": Sight(augmented, "b", "rewritten"),
        "paraphrase": Sight(augmented, 0.1, "to rewrite", _REWRITTEN),
        "batch_size": Sight(augmented, 2, "first batch", {**_REWRITTEN, "paraphrase": 0.1}),
        "seed": Sight(augmented, 18, "rows"),
        "threads": Sight(child_threads, 3, "threads"),
    },
    "inspect_data": {
        "data": Sight(inspected, "e", "found."),
        "similarity": Sight(inspected, 0.5, "found.near_duplicates"),
        "max_length": Sight(inspected, 16, "found.too_long"),
        "model": Sight(inspected, "plain", "found.too_long", {"max_length": 24}),
    },
    "fix_data": {
        "data": Sight(fixed, "e", "train.jsonl"),
        "name": Sight(fixed, "two", "name"),
        "fixes": Sight(fixed, ({"fix": "near_duplicates", "similarity": 0.5},), "train.jsonl"),
        "model": Sight(fixed, "plain", "train.jsonl", {"fixes": ({"fix": "too_long", "max_length": 42},)}),
    },
    "edit_data": {
        "data": Sight(edited, "e", "train.jsonl"),
        "name": Sight(edited, "two", "name"),
        "edits": Sight(edited, (_edit("other"),), "train.jsonl"),
        "dropped": Sight(edited, ({"place": 2},), "train.jsonl"),
        "taken_back": Sight(edited, (1,), "train.jsonl", {"data": "left"}),
        "ratings": Sight(edited, ({"place": 2, "stars": 4},), "train.jsonl"),
        "least_stars": Sight(edited, 3, "train.jsonl", {"ratings": ({"place": 2, "stars": 2},)}),
    },
}

#: A download is the same job after the file has come.
SIGHTS["download_data"] = {
    name: replace(sight, look=downloaded) for name, sight in SIGHTS["import_data"].items()
} | {"source": Sight(downloaded, "hf:org/data:second.csv", "train.jsonl")}
