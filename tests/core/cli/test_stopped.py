"""What a stop has kept is said with the command that goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.cli.commands.jobs import finish
from core.cli.console import Output
from core.workspace.workspace import Workspace


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({}, "Stopped and kept. `{resume}` begins anew: nothing had been kept yet."),
        (
            {"answers_kept": 1280, "answers_wanted": 1500},
            "Stopped and kept: 1,280 of 1,500 answers of the teacher. "
            "`{resume}` asks only for what is missing.",
        ),
        (
            {"answers_kept": 1500, "answers_wanted": 1500},
            "Stopped and kept: 1,500 of 1,500 answers of the teacher. "
            "`{resume}` goes on without asking again.",
        ),
        (
            {"answers_kept": 1},
            "Stopped and kept: 1 answer of the teacher. `{resume}` asks only for what is missing.",
        ),
    ],
)
def test_a_stop_says_what_is_kept_and_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], result: dict[str, Any], said: str
) -> None:
    workspace = Workspace(tmp_path)
    run = workspace.store.add_run("distill", "student", {}, [])
    workspace.store.set_state(run.id, "stopped", result=result)

    assert finish(workspace, workspace.store.run(run.id), Output()) == 0

    workspace.close()
    out = capsys.readouterr().out
    resume = out.split("`")[1]
    assert resume.endswith(f"slm-workbench runs resume {run.id}")
    assert out.strip() == said.format(resume=resume)
