"""What a command says while its run works, and when it ends without anything to use."""

from __future__ import annotations

import pytest

from core.cli.console import Output
from core.cli.running import RunDisplay, require_kept
from core.errors import CancelledError
from core.jobs.events import Event
from core.workspace.records import Run


def test_a_resumed_run_says_where_it_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    with RunDisplay(Output(), "Fine-tune") as display:
        phase = {"name": "training", "total": 14, "unit": "steps", "done": 3}
        display.take(Event("phase", 1, 100.0, phase))
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "Continues after step 3 of 14."
    assert said[1].startswith("Fine-tune: training  3 of 14 steps")


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (None, "The run r1 was cancelled."),
        ({"kind": "cancelled", "what": "w"}, "The run r1 was stopped before there was anything to use."),
    ],
)
def test_a_stop_that_kept_nothing_is_not_called_a_cancel(error: dict[str, str] | None, what: str) -> None:
    run = Run(
        1, "r1", "distill", "student", {}, "cancelled", False, 0.0, None, None, error=error
    )  # fmt: skip
    with pytest.raises(CancelledError) as ended:
        require_kept(run)
    assert ended.value.what == what
    assert "runs resume r1" in ended.value.fix
