"""The compare page with 20 variants of 3,000 rows: how fast it opens, and how fast a slider filters."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from core.workspace.workspace import Workspace
from tests.core.cli.terminal import ROOT
from tests.core.models import boards

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]
PROBE = Path(__file__).with_name("compare_probe.py")
VARIANTS, ROWS, RUNS, MOVES = 20, 3000, 5, 5


def probe(workspace: Path) -> dict:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(PROBE), str(workspace), str(MOVES)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=ROOT,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("reports", [1, VARIANTS])
def test_twenty_variants_of_three_thousand_rows_open_and_filter_at_once(tmp_path, reports):
    """All variants in one evaluation, and each in an evaluation of its own."""
    workspace = Workspace(tmp_path / "work")
    sketches = boards.many(VARIANTS)
    data = boards.add_data(workspace, rows=ROWS)
    models = boards.add_models(workspace, sketches, data)
    for start in range(0, VARIANTS, VARIANTS // reports):
        part = sketches[start : start + VARIANTS // reports]
        boards.add_report(workspace, part, models, data, range(ROWS))
    workspace.close()

    found = [probe(tmp_path / "work") for _ in range(RUNS)]

    filtered = [statistics.median(item["filtered_ms"]) for item in found]
    print(f"\n{VARIANTS} variants × {ROWS} rows in {reports} evaluation(s), {RUNS} windows")
    for name, unit, values in (
        ("first paint", "s", [item["first_paint_s"] for item in found]),
        ("open", "s", [item["opened_s"] for item in found]),
        ("open, processor", "s", [item["opened_work_s"] for item in found]),
        ("rows where they disagree", "s", [item["rows_there_s"] for item in found]),
        (f"filter (median of {MOVES} moves)", "ms", filtered),
        ("filter, processor", "ms", [statistics.median(item["filtered_work_ms"]) for item in found]),
        ("slowest filter", "ms", [max(item["filtered_ms"]) for item in found]),
    ):
        shown = ", ".join(f"{value:.3g}" for value in values)
        print(f"{name:28} median {statistics.median(values):6.3g} {unit:2} of {shown}")
    assert all((item["variants"], item["rows"]) == (VARIANTS, ROWS) for item in found)
    assert not any(item["torch"] for item in found)
    assert statistics.median(item["opened_s"] for item in found) < 1.0
    assert statistics.median(filtered) < 50
