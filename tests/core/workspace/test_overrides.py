"""A red model is used only after a reason was written down, and only as long as it is the same bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InputError
from core.workspace import overrides
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

MODEL = Artifact("m1", "model", "small", "abc", 10, 0.0, "quantize-1")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace(tmp_path / "workspace")
    yield made
    made.close()


def test_a_decision_is_kept_with_time_reason_and_what_the_receipt_said(workspace: Workspace) -> None:
    overrides.add(workspace, MODEL, "  only a demo for myself ", ["KL 3.1"])

    found = overrides.find(Workspace(workspace.root), MODEL)

    assert found is not None
    assert (found.why, found.reasons, found.name) == ("only a demo for myself", ("KL 3.1",), "small")
    assert abs(found.at - time.time()) < 60
    assert overrides.used_anyway(workspace, [MODEL]) == ("m1",)


def test_a_word_is_no_reason(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="not used without a reason"):
        overrides.add(workspace, MODEL, "ok", ["KL 3.1"])

    assert not (workspace.root / overrides.NAME).exists()


def test_a_model_that_was_made_again_is_asked_about_anew(workspace: Workspace) -> None:
    overrides.add(workspace, MODEL, "only a demo", ["KL 3.1"])

    assert overrides.find(workspace, replace(MODEL, digest="def")) is None


def test_the_log_only_grows_and_a_line_cut_off_counts_for_nothing(workspace: Workspace) -> None:
    overrides.add(workspace, MODEL, "first reason", ["KL 3.1"])
    overrides.add(workspace, MODEL, "second reason", ["KL 3.1"])
    with open(workspace.root / overrides.NAME, "a", encoding="utf-8") as file:
        file.write('{"artifact": "m1", "na')

    assert [item.why for item in overrides.listed(workspace)] == ["first reason", "second reason"]
    found = overrides.find(workspace, MODEL)
    assert found is not None
    assert found.why == "second reason"
