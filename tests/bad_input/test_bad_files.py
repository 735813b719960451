"""No bad file ends in a traceback, none is taken in silence, and every refusal says where and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.data import check, dataset, reading
from core.errors import InputError
from core.specs import ImportDataSpec
from tests.bad_input.bad_files import FILES, BadFile


@pytest.mark.parametrize("bad", FILES, ids=lambda bad: bad.name)
def test_every_bad_file_has_the_stated_outcome(bad: BadFile, tmp_path: Path) -> None:
    path = tmp_path / bad.name
    path.write_bytes(bad.content())

    report = check.check(path, bad.roles)

    if bad.code:
        assert [refusal.code for refusal in report.refusals][:1] == [bad.code], report.refusals
        refusal = report.refusals[0]
        assert refusal.line == bad.line
        assert refusal.file == bad.name
        assert refusal.reason.strip()
        assert refusal.fix.strip()
        return
    assert report.refusals == []
    assert report.rows == bad.rows
    assert bad.warning in " ".join(report.warnings)
    if bad.first is not None:
        assert next(reading.open_table(path).rows()).values == bad.first


@pytest.mark.parametrize("bad", [bad for bad in FILES if bad.code][::4], ids=lambda bad: bad.name)
def test_a_refused_file_leaves_no_data_set(bad: BadFile, tmp_path: Path) -> None:
    path, folder = tmp_path / bad.name, tmp_path / "out"
    path.write_bytes(bad.content())
    folder.mkdir()

    with pytest.raises(InputError) as caught:
        dataset.build(ImportDataSpec(source=str(path), name="x", roles=bad.roles or {}), folder)

    assert caught.value.code == bad.code
    assert caught.value.why
    assert caught.value.fix
    assert list(folder.iterdir()) == []


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "none.csv", tmp_path, tmp_path / "pipe.csv"):
        assert [refusal.code for refusal in check.check(path).refusals] == ["data.unreadable"]


def test_a_person_sees_several_ragged_rows_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "a,x\nb,x,y\n" * 30)
    report = check.check(path)
    assert [refusal.line for refusal in report.refusals] == list(range(3, 43, 2))


def test_the_table_covers_enough() -> None:
    assert len({bad.name for bad in FILES}) == len(FILES) >= 300
