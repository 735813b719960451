"""A model's receipt by command: its colour, why, what was looked at, and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.cli.commands.jobs import finish
from core.cli.console import Output
from core.cli.main import main
from core.workspace import manifest
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

_CIRCLES = "2 of 10 answers go round in circles, and those of its source do not"
_AMBER = {
    "status": "amber",
    "reasons": [_CIRCLES],
    "checks": [
        {"name": "precision", "status": "green", "text": "8.00 bits a weight on average"},
        {"name": "repetition", "status": "amber", "text": _CIRCLES},
    ],
}
_GREEN = {"status": "green", "reasons": [], "checks": _AMBER["checks"][:1]}
_RED = {"status": "red", "reasons": ["The stop token is missing"], "checks": []}


@pytest.fixture
def made(tmp_path: Path) -> Callable[[dict[str, Any]], str]:
    """Puts a quantized model `small` of `big` into the workspace, with this receipt; gives its run."""

    def make(receipt: dict[str, Any]) -> str:
        workspace = Workspace(tmp_path)
        folder = workspace.artifact_folder("m2")
        folder.mkdir(parents=True)
        (folder / "receipt.json").write_text(json.dumps(receipt))
        sealed = manifest.write(folder)
        for id, type, name in (("m1", "model", "big"), ("d1", "dataset", "bank mails")):
            workspace.store.add_artifact(Artifact(id, type, name, "0" * 64, 5_000, 0.0, "", {}))
        spec = {"model": "m1", "recipe": "int4"}
        run = workspace.store.add_run("quantize", "small", spec, ["m1"])
        meta = {"receipt": receipt["status"], "taught_on": ["d1", "d0"]}
        workspace.store.add_artifact(
            Artifact("m2", "model", "small", sealed.digest, sealed.total_bytes, 0.0, run.id, meta)
        )
        workspace.store.set_state(run.id, "succeeded", result={})
        workspace.close()
        return run.id

    return make


def test_show_says_the_colour_why_what_was_looked_at_and_what_to_do(
    tmp_path: Path, made: Callable[[dict[str, Any]], str], capsys: pytest.CaptureFixture[str]
) -> None:
    made(_AMBER)

    assert main(["--workspace", str(tmp_path), "models", "show", "small"]) == 0

    said = capsys.readouterr().out
    assert "amber: it may be used, but know this" in said
    assert said.count(_CIRCLES) == 2, "as the reason, and among the checks"
    assert "green  precision         8.00 bits a weight on average" in said
    assert "evaluate big small --data 'bank mails'" in said
    assert "receipt_" not in said


def test_show_gives_a_script_status_reasons_and_checks(
    tmp_path: Path, made: Callable[[dict[str, Any]], str], capsys: pytest.CaptureFixture[str]
) -> None:
    made(_AMBER)

    assert main(["--workspace", str(tmp_path), "models", "show", "small", "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert (shown["receipt"], shown["receipt_reasons"]) == ("amber", [_CIRCLES])
    assert shown["receipt_checks"] == _AMBER["checks"]


def test_what_it_learnt_from_is_named_and_what_was_removed_left_out(
    tmp_path: Path, made: Callable[[dict[str, Any]], str], capsys: pytest.CaptureFixture[str]
) -> None:
    made(_GREEN)

    assert main(["--workspace", str(tmp_path), "models", "show", "small"]) == 0

    said = capsys.readouterr().out
    assert "learnt from    bank mails\n" in said
    assert "taught_on" not in said


@pytest.mark.parametrize(
    ("receipt", "lines", "next_follows"),
    [
        (_GREEN, ["Its receipt is green: it does what its source does."], True),
        (
            _AMBER,
            ["Its receipt is amber", f"  {_CIRCLES}", "  Do: ", "evaluate big small --data 'bank mails'"],
            True,
        ),
        (
            _RED,
            [
                "Its receipt is red",
                "  The stop token is missing",
                "quantize big --recipe int8",
                "--anyway WHY",
            ],
            False,
        ),
    ],
)
def test_after_making_the_receipt_is_said_and_a_red_one_is_not_sent_to_the_chat(
    tmp_path: Path,
    made: Callable[[dict[str, Any]], str],
    capsys: pytest.CaptureFixture[str],
    receipt: dict[str, Any],
    lines: list[str],
    next_follows: bool,
) -> None:
    run = made(receipt)
    workspace = Workspace(tmp_path)

    finish(workspace, workspace.store.run(run), Output())
    workspace.close()

    said = capsys.readouterr().out
    assert all(line in said for line in lines), said
    assert ("Next:" in said) == next_follows


def test_a_receipt_that_cannot_be_read_is_red(
    tmp_path: Path, made: Callable[[dict[str, Any]], str], capsys: pytest.CaptureFixture[str]
) -> None:
    made({"status": "red", "reasons": "none", "checks": "none"})

    assert main(["--workspace", str(tmp_path), "models", "show", "small"]) == 0

    assert "Its receipt gives no reasons." in capsys.readouterr().out
