"""The workspace that the benches of distilling share, and the published rows they measure on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.data import starter
from core.recipes import demo_distill
from core.workspace.workspace import Workspace
from tests.core.cli.terminal import ROOT, Terminal

#: Kept between calls, so that a bench that was interrupted goes on, and one teacher serves both.
FOLDER = ROOT / ".bench" / "headline"
DATA = Path(__file__).with_name("data")
ALL_TEST = DATA / "banking77-test-all.csv"
MORE = DATA / "banking77-more.csv"
TEACHER, STARTER = "demo-teacher", "starter-banking"


def terminal() -> Terminal:
    """A terminal in that workspace."""
    return Terminal(FOLDER)


def require(name: str, type: str, *command: str, timeout: float = 3600.0) -> None:
    """Runs the command, unless what it makes is there."""
    workspace = Workspace(FOLDER)
    try:
        found = workspace.store.find_artifact(name, type)
    finally:
        workspace.close()
    if found is None:
        answer = terminal().run(*command, "--name", name, timeout=timeout)
        assert answer.code == 0, answer.err + answer.out


def require_data(name: str, train: Path, test: Path) -> None:
    """A data set of these files, with the intents as labels."""
    require(
        name, "dataset", "data", "add", str(train), "--test", str(test), "--map", "user=text", "--map",
        "label=category",
    )  # fmt: skip


def require_demo() -> None:
    """What `demo --distill` makes."""
    answer = terminal().run("demo", "--distill", timeout=3 * 3600.0)
    assert answer.code == 0, answer.err + answer.out


def require_teacher() -> None:
    """The teacher of `demo --distill`, learnt in the same manner if that has not run."""
    require("starter", "model", "models", "add", "starter")
    require(STARTER, "dataset", "data", "add", "starter")
    fields = {"model": "starter", "data": STARTER, **demo_distill.scale_here(quick=False).teacher}
    said = {field: "" if value is None else value for field, value in fields.items()}
    options = [option for field, value in said.items() for option in ("--set", f"{field}={value}")]
    require(TEACHER, "model", "finetune", *options, timeout=2 * 3600.0)


def stored(name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """An evaluation's report and every model's answer to every row."""
    workspace = Workspace(FOLDER)
    try:
        folder = workspace.verified_folder(workspace.artifact(name, "report"))
    finally:
        workspace.close()
    lines = (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    return json.loads((folder / "report.json").read_text(encoding="utf-8")), [
        json.loads(line) for line in lines
    ]


def full_data() -> str:
    """The starter's training rows with all 3,080 published test rows."""
    require_data("banking-all", starter.train(), ALL_TEST)
    return "banking-all"
