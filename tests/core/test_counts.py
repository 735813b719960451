"""One of a thing is said as one."""

from __future__ import annotations

from core.counts import counted
from core.models import verdict
from core.models.report import Change, Comparison


def test_one_row_is_no_rows() -> None:
    assert [counted(count) for count in (0, 1, 2, 1200)] == ["0 rows", "1 row", "2 rows", "1,200 rows"]
    assert counted(1, "variant") == "1 variant"


def test_a_verdict_on_a_single_row_says_so() -> None:
    change = Change(value=1.0, ci95=(0.5, 1.0))
    found = Comparison(reference="base", model="tuned", measure="accuracy", rows=1, task=change)
    assert verdict.sentence(found).endswith("on 1 row.")
