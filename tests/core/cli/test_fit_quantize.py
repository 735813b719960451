"""`fit quantize`: what an export takes and keeps, told before it is made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.cli.main import main
from core.workspace.workspace import Workspace
from tests.core.models import hollow

At = tuple[str, str]


@pytest.fixture
def at(tmp_path: Path) -> At:
    workspace = Workspace(tmp_path)
    hollow.add(workspace, "starter")
    workspace.close()
    return "--workspace", str(tmp_path)


def test_size_time_and_likeness_are_told_with_where_they_come_from(
    at: At, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "quantize", "starter", "--recipe", "int8", *at]) == 0
    said = capsys.readouterr().out
    for text in (
        "size after",
        "disk on the way",
        "next word the same",
        "98%",
        "135 M parameters",
        "small server",
    ):
        assert text in said
    assert (
        main(["fit", "quantize", "starter", "--recipe", "search", "--set", "max_mb=115", *at, "--json"]) == 0
    )
    answer = json.loads(capsys.readouterr().out)
    assert (answer["bytes_after"], answer["agreement"], answer["warnings"]) == (115e6, 0.90, [])
    assert answer["seconds"] > 60
    workspace = Workspace(Path(at[1]))
    assert workspace.store.runs() == []
    workspace.close()


def test_what_was_never_measured_is_not_promised(at: At, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--recipe", "int8", "--set", "algorithm=hqq"]
    assert main(["fit", "quantize", "starter", *settings, *at]) == 0
    said = capsys.readouterr().out
    assert "Nobody has measured what such rounding keeps; the receipt will say." in said
    assert "next word the same" not in said


def test_what_quantize_refuses_is_refused(at: At, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "quantize", "nothing", *at]) == 2
    assert "There is no model 'nothing'" in capsys.readouterr().err
