"""Changes that stand in a table name rows by their numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.data import changes
from core.data.dataset import Dataset
from core.errors import InputError
from core.specs.editing import RowEdit, RowPlace, RowRating
from tests.core.data.test_editing import CHATS, ROWS, built


def said(data: Dataset, file: Path) -> changes.Changes:
    return changes.read(file, changes.Numbers(data), data.info.columns, data.info.roles.get("messages"))


def first(data: Dataset, split: Any = "train") -> int:
    return next(data.rows(split)).row


def test_a_cell_is_written_anew_and_an_empty_one_stays(tmp_path: Path) -> None:
    data = built(tmp_path, ROWS)
    file = tmp_path / "changes.csv"
    lines = [
        f"{first(data)},,better words,,4",
        f"{first(data, 'validation')},,,b,",
        ",2,,a,",
    ]
    file.write_text("row,dropped,text,category,rating\n" + "\n".join(lines) + "\n")
    found = said(data, file)
    assert found.edits == (
        RowEdit(place=1, column="text", text="better words"),
        RowEdit(split="validation", place=1, column="category", text="b"),
        RowEdit(split="dropped", place=2, column="category", text="a"),
    )
    assert found.ratings == (RowRating(place=1, stars=4),)
    assert found.taken_back == (2,), "a dropped row that is named is taken back"


def test_of_a_chat_only_the_messages_that_differ_are_written(tmp_path: Path) -> None:
    data = built(tmp_path, CHATS)
    row = next(data.rows("train"))
    messages = [*row.values["messages"][:1], {"role": "assistant", "content": "good evening"}]
    file = tmp_path / "changes.jsonl"
    file.write_text(json.dumps({"row": row.row, "messages": messages}) + "\n")
    assert said(data, file).edits == (RowEdit(place=1, column="messages", message=1, text="good evening"),)
    file.write_text(json.dumps({"row": row.row, "messages": [*messages, *messages]}) + "\n")
    with pytest.raises(InputError, match="line 1"):
        said(data, file)


@pytest.mark.parametrize("line", ["999,x,", "one,x,", ",x,", "1,,7", "{test},x,"])
def test_a_line_that_names_no_row_or_no_rating_is_refused(tmp_path: Path, line: str) -> None:
    data = built(tmp_path, ROWS)
    file = tmp_path / "changes.csv"
    file.write_text("row,text,rating\n" + line.format(test=first(data, "test")) + "\n")
    with pytest.raises(InputError):
        said(data, file)


def test_a_number_stands_for_each_copy_of_its_row(tmp_path: Path) -> None:
    data = built(tmp_path, ROWS)
    path = data.folder / "train.jsonl"
    line, *rest = path.read_text().splitlines()
    path.write_text("\n".join([line, line, *rest]) + "\n")
    known = changes.Numbers(data)
    assert known.equal_places(first(data)) == [RowPlace(place=1), RowPlace(place=2)]
    path.write_text("\n".join([line, line.replace("question", "qeustion"), *rest]) + "\n")
    known = changes.Numbers(data)
    assert len(known.places(first(data))) == 2, "dropping means them all"
    with pytest.raises(InputError, match="2 different forms"):
        known.equal_places(first(data))


def test_rows_are_named_one_by_one_or_from_to() -> None:
    assert changes.numbers("3, 7,10-12,7") == [3, 7, 10, 11, 12]
    for wrong in ("0", "x", "5-2", "-1"):
        with pytest.raises(InputError):
            changes.numbers(wrong)
