"""Comparing by stored figures; that the others are measured first is in `test_jobs`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from core.cli.main import main
from core.workspace.workspace import Workspace
from tests.core.models import boards

DATA = "Banking questions"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    workspace = Workspace(tmp_path / "work")
    boards.add_lineage(workspace)
    workspace.close()
    return workspace.root


def test_stored_figures_are_used_and_the_verdict_is_a_sentence(capsys, root):
    asked = ["compare", "Tuned", "Tuned, int4-mixed", "--data", DATA, "--json", "--within-ms", "300"]
    assert main(["--workspace", str(root), *asked]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["run"] is None
    assert found["recommended"] == "Tuned, int4-mixed"
    assert found["verdict"].endswith("It meets all your limits.")
    tuned, small = found["models"]
    assert (tuned["over_limits"], tuned["against_best"]) == (["time"], None)
    assert small["against_best"]["difference"] == pytest.approx(-0.0133, abs=1e-3)
    assert small["quality"]["n"] == found["rows"] == 300


def test_people_see_a_table_with_a_star(capsys, root):
    assert main(["--workspace", str(root), "compare", "Tuned", "Tuned, int8", "--data", DATA]) == 0
    shown = capsys.readouterr().out
    assert "★ Tuned, int8" in shown
    assert "half the size" in shown


def test_an_evaluation_that_was_stopped_says_so_in_the_table_the_answer_and_the_files(capsys, tmp_path):
    workspace = Workspace(tmp_path / "other")
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, boards.SEVEN[:2], data)
    boards.add_report(workspace, boards.SEVEN[:1], models, data, range(300))
    boards.add_report(workspace, boards.SEVEN[1:2], models, data, range(40), asked=300)
    workspace.close()
    asked = ["--workspace", str(workspace.root), "compare", "Teacher", "Tuned", "--data", DATA]
    page, table = tmp_path / "page.html", tmp_path / "table.csv"
    assert main([*asked, "--out", str(page)]) == 0
    shown = capsys.readouterr().out
    assert "Tuned (stopped: 40 of 300 rows)" in shown
    assert "stopped half-way: Tuned (40 of 300 rows)" in shown
    assert "★ Teacher" in shown
    assert "<td>40 of 300, stopped</td>" in page.read_text(encoding="utf-8")
    assert main([*asked, "--out", str(table), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(item["rows_asked"], item["stopped"]) for item in found["models"]] == [(300, False), (300, True)]
    assert found["recommended"] == "Teacher"
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    assert [(row["rows"], row["rows asked"]) for row in rows] == [("300", "300"), ("40", "300")]


def test_a_file_is_written_and_a_wrong_one_is_refused_before_anything_is_measured(capsys, root, tmp_path):
    asked = ["--workspace", str(root), "compare", "Tuned", "Tuned, int8", "--data", DATA, "--out"]
    for ending in ("html", "csv", "png"):
        assert main([*asked, str(tmp_path / f"board.{ending}")]) == 0
        assert (tmp_path / f"board.{ending}").stat().st_size > 500
    assert main([*asked, str(tmp_path / "board.pdf")]) == 2
    assert main([*asked, str(tmp_path / "board.csv")]) == 2
    assert "exists already" in capsys.readouterr().err


def test_nothing_is_measured_without_a_yes_and_what_it_takes_is_said_before(capsys, tmp_path):
    workspace = Workspace(tmp_path / "other")
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, boards.SEVEN, data)
    boards.add_report(workspace, boards.SEVEN[:3], models, data, range(60))
    workspace.close()
    asked = ["--workspace", str(workspace.root), "compare", "Tuned", "Tuned, int8", "--data", DATA]
    assert main(asked) == 2
    said = capsys.readouterr().err
    assert "Not measured on these rows yet: Tuned, int8. To measure: 1 model × 300 rows, about " in said
    assert "Nobody is at the terminal" in said
    assert "Add --yes, or ask fewer rows of each: --limit 100 --yes." in said
    assert main([*asked, "--limit", "40"]) == 2
    said = capsys.readouterr().err
    assert "1 model × 40 rows" in said
    assert "Add --yes." in said
    assert main([*asked, "--limit", "0"]) == 2
    assert "--limit 0 is no number of rows." in capsys.readouterr().err


@pytest.mark.parametrize(
    "limit", [("--within-ms", "-3"), ("--disk-mb", "0"), ("--right", "nan"), ("--right", "200")]
)
def test_a_limit_that_says_nothing_is_refused(capsys, root, limit):
    assert main(["--workspace", str(root), "compare", "Tuned", "--data", DATA, *limit]) == 2
    assert f"{limit[0]} cannot be {limit[1]}." in capsys.readouterr().err
