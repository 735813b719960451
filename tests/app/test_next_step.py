"""What a finished run leads to."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from app.models.run_record import Made
from app.pages import PAGES
from app.pages.runs.next_step import next_step
from core.jobs.registry import KINDS

#: They leave something to read, not something to go on with; a search has a page of its own.
_LAST = {"search", "inspect_data", "export"}


@pytest.mark.parametrize("kind", sorted(kind for kind, entry in KINDS.items() if entry.makes))
def test_every_job_that_leaves_something_to_go_on_with_says_how(qapp: QApplication, kind: str) -> None:
    step = next_step(kind, Made("id", KINDS[kind].makes, "Bank"))
    if kind in _LAST:
        assert step is None
        return
    assert step is not None
    for each in (step, *step.others):
        assert each.page in {record.key for record in PAGES}
        assert "Bank" in each.headline
        assert each.text
        assert each.action


def test_mended_data_can_be_looked_at_or_learnt_from(qapp: QApplication) -> None:
    step = next_step("fix_data", Made("id", "dataset", "Bank"))
    assert step is not None
    assert step.also is not None
    assert (step.page, step.also.page) == ("finetune", "data")


def test_what_was_cut_out_learns_from_what_it_was_cut_from(qapp: QApplication) -> None:
    step = next_step("prune", Made("id", "model", "Bank"))
    assert step is not None
    assert [each.page for each in (step, *step.others)] == ["distill", "finetune"]


def test_generated_data_is_read_first_and_then_learnt_from(qapp: QApplication) -> None:
    step = next_step("generate", Made("id", "dataset", "Bank"))
    assert step is not None
    assert [each.page for each in (step, *step.others)] == ["finetune", "data", "distill"]
