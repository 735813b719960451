"""How long measuring takes, told before it begins."""

from __future__ import annotations

import pytest

from core.models.board import board, evidence, forecast
from core.workspace.workspace import Workspace
from tests.core.models import boards
from tests.core.models.boards import SEVEN


def figures_of(workspace: Workspace) -> list:
    reports = [board.report_of(workspace, item) for item in evidence.evaluations(workspace)]
    return [figures for found in reports if found is not None for figures in found.models]


def test_a_model_goes_on_at_its_own_pace_and_another_at_that_of_its_kind_by_bytes(
    workspace: Workspace,
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN, data)
    boards.add_report(workspace, SEVEN[:4], models, data, range(60))
    known = figures_of(workspace)
    tuned, int8 = known[1], known[3]
    own = forecast.seconds(workspace, [models["Tuned"].id], 260, known)
    assert own == pytest.approx(tuned.seconds / 60 * 300), "260 rows, and 40 answers that are timed"
    small = forecast.seconds(workspace, [models["Tuned, int4"].id], 260, known)
    size = models["Tuned, int4"].bytes / int8.bytes_on_disk
    assert small == pytest.approx(int8.seconds / 60 * 300 * size)


def test_where_nothing_was_measured_no_time_is_made_up(workspace: Workspace) -> None:
    models = boards.add_models(workspace, SEVEN, boards.add_data(workspace))
    assert forecast.seconds(workspace, [models["Tuned"].id], 300, []) is None


def test_a_limit_asks_no_more_rows_than_there_are(workspace: Workspace) -> None:
    data = boards.add_data(workspace, rows=300)
    assert [forecast.rows_of(data, "test", limit) for limit in (None, 40, 500)] == [300, 40, 300]
