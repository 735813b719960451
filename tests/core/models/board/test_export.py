"""A board as a file: nothing of a person's or a model's text becomes markup or a formula."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from core.errors import InputError
from core.models.board import export
from core.models.board.axes import Limits
from core.models.report import ANSWERS
from core.workspace import manifest, spreadsheet
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace
from tests.core.models import boards
from tests.core.models.board.conftest import ReadBoard

EVIL = "</dd><script>alert(1)</script>=HYPERLINK"


def poison(workspace: Workspace) -> None:
    """Puts markup in every question and answer of the newest report."""
    old = workspace.store.artifacts("report")[0]
    folder = workspace.artifact_folder(old.id)
    lines = [json.loads(line) for line in (folder / ANSWERS).read_text().splitlines()]
    for line in lines:
        line["prompt"] = line["expected"] = EVIL
        line["answers"] = dict.fromkeys(line["answers"], EVIL)
    (folder / ANSWERS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    sealed = manifest.write(folder)
    workspace.store.remove_artifact(old.id)
    workspace.store.add_artifact(Artifact(**{**old.__dict__, "digest": sealed.digest}))


def test_the_page_holds_everything_and_escapes_it(workspace: Workspace, read: ReadBoard) -> None:
    boards.add_lineage(workspace)
    poison(workspace)
    text = export.page(read(), Limits(time_ms=300))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "Take Tuned, int4-mixed" in text
    assert "Limits: answers within 300 ms." in text
    assert "<td>−2.0 [−4.4 to +0.4], p = 0.15</td>" in text
    assert "Teacher<br>misses: time of an answer</td>" in text
    assert "<svg" in text
    assert not re.search(r"""(?:src|href)\s*=\s*["']?\s*(?:https?:)?//""", text), "it needs nothing beside it"


def test_the_table_has_a_row_a_variant(workspace: Workspace, read: ReadBoard, tmp_path: Path) -> None:
    boards.add_lineage(workspace)
    path = tmp_path / "board.csv"
    export.write(read(), Limits(right=0.7), path)
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert len(rows) == 7
    assert [row["variant"] for row in rows if row["recommended"]] == ["Tuned, int4-mixed"]
    assert [row["misses limits"] for row in rows] == ["", "", "", "", "", "", "quality"]
    assert {row["limits"] for row in rows} == {"Limits: right at least 70 %."}
    assert rows[0]["less the best"] == "", "it is the best itself"
    small = rows[4]
    assert float(small["less the best"]) == pytest.approx(-0.02)
    assert float(small["less the best 95 % low"]) < -0.02 < float(small["less the best 95 % high"])
    assert 0.1 < float(small["p value"]) < 0.2
    assert small["verdict"].startswith("Take Tuned, int4-mixed: 2.0 points [")
    assert rows[6]["verdict"].endswith("its 95 % interval reaches 73.0 %.")
    assert float(rows[0]["answer p50 ms"]) == 612


@pytest.mark.parametrize("text", ["=1+1", "+1", "-x", "@SUM(A1)", "  =1", "\t=1", "\r=1", "＝1"])
def test_no_text_becomes_a_formula(text: str) -> None:
    assert spreadsheet.safe(text) == f"'{text}"


def test_numbers_stay_numbers_and_plain_text_as_it_is() -> None:
    assert spreadsheet.as_csv(["a", "b"], [["plain", -1.5], [None, 0]]) == "a,b\nplain,-1.5\n,0\n"


def test_a_picture_is_drawn_without_a_window(workspace: Workspace, read: ReadBoard, tmp_path: Path) -> None:
    boards.add_lineage(workspace, boards.many(20), rows=30)
    path = tmp_path / "board.png"
    export.write(read(), Limits(time_ms=200, right=0.7), path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_an_unknown_ending_and_a_file_that_is_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written to board"):
        export.check(tmp_path / "board.pdf")
    there = tmp_path / "board.html"
    there.write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        export.check(there)
    assert export.check(there, replace=True) == there
    with pytest.raises(InputError, match="There is no folder"):
        export.check(tmp_path / "typo" / "board.html")
    assert not (tmp_path / "typo").exists()
