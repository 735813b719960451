"""What a person changes in rows becomes a version that knows its origin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from core.data import dataset, dropped, editing
from core.data.dataset import Dataset
from core.data.dropped import DroppedRow
from core.errors import InputError
from core.specs import EditDataSpec, ImportDataSpec

ROWS = [{"text": f"question {at}", "category": "ab"[at % 2]} for at in range(20)]
CHATS = [
    {"messages": [{"role": "user", "content": f"hello {at}"}, {"role": "assistant", "content": "good day"}]}
    for at in range(12)
]


def built(folder: Path, rows: list[dict[str, Any]]) -> Dataset:
    source = folder / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "data").mkdir()
    dataset.build(ImportDataSpec(source=str(source), name="rows"), folder / "data")
    return Dataset(folder / "data")


def edited(data: Dataset, folder: Path, **changes: Any) -> Dataset:
    spec = EditDataSpec(data="dataset-1", name="better", **changes)
    (folder / "new").mkdir(parents=True)
    editing.write(data, spec, "d" * 64, folder / "new", lambda _done, _total: None)
    return Dataset(folder / "new")


def test_changed_and_dropped_rows_make_a_version_that_says_so(tmp_path: Path) -> None:
    data = built(tmp_path, ROWS)
    before = list(data.rows("train"))
    new = edited(
        data,
        tmp_path,
        edits=[
            {"place": 2, "column": "text", "text": "a better question"},
            {"place": 2, "column": "category", "text": "c"},
        ],
        dropped=[{"place": 1}, {"split": "validation", "place": 1}],
    )
    after = list(new.rows("train"))
    assert [row.row for row in after] == [row.row for row in before[1:]]
    assert after[0].values == {"text": "a better question", "category": "c"}
    assert after[1:] == before[2:]
    assert new.count("validation") == data.count("validation") - 1
    assert list(new.rows("test")) == list(data.rows("test"))
    assert new.info.labels == ["a", "b", "c"]
    made = new.info.made_from
    assert made is not None
    assert (made.id, made.name, made.steps[0].sentence) == (
        "dataset-1",
        "rows",
        "1 row changed and 2 rows dropped by hand.",
    )
    assert new.info.split.left_out["by_hand"] == 2


def test_ratings_are_a_column_and_low_ones_can_be_left_out(tmp_path: Path) -> None:
    data = built(tmp_path, ROWS)
    new = edited(
        data, tmp_path, ratings=[{"place": 1, "stars": 2}, {"place": 3, "stars": 5}], least_stars=3
    )  # fmt: skip
    after = list(new.rows("train"))
    assert len(after) == data.count("train") - 1
    assert [row.values["rating"] for row in after][:3] == ["", "5", ""]
    assert new.info.columns == ["text", "category", "rating"]
    assert new.info.made_from is not None
    sentence = new.info.made_from.steps[0].sentence
    assert sentence == "2 rows rated and 1 row left out below 3 of 5 by hand."


def test_what_was_dropped_can_be_taken_back_into_its_place(tmp_path: Path) -> None:
    data = built(tmp_path, ROWS)
    before = list(data.rows("train"))
    less = edited(
        data,
        tmp_path / "first",
        dropped=[{"place": 3}, {"split": "validation", "place": 1}],
        ratings=[{"place": 5, "stars": 1}],
        least_stars=2,
    )
    kept = dropped.read(less.folder)
    assert [(row.reason, row.home) for row in kept.values()] == [
        ("by_hand", "train"),
        ("low", "train"),
        ("by_hand", "validation"),
    ]
    again = edited(
        less,
        tmp_path,
        taken_back=[1, 2],
        edits=[{"split": "dropped", "place": 1, "column": "text", "text": "said better"}],
    )
    after = list(again.rows("train"))
    assert [row.row for row in after] == [row.row for row in before]
    assert after[2].values["text"] == "said better"
    assert after[4].values == {**before[4].values, "rating": "1"}
    assert again.info.made_from is not None
    assert again.info.made_from.steps[0].sentence == "2 rows taken back by hand."
    assert again.info.split.left_out["by_hand"] == 1, "of three, two are in again"
    assert [row.home for row in dropped.read(again.folder).values()] == ["validation"]


def left_by_filters(data: Dataset, *rows: DroppedRow) -> None:
    text = '{"prompt_row":1,"answer":0,"reason":"refusal","text":"I cannot help"}\n'
    (data.folder / dropped.DROPPED).write_text(text + "".join(map(dropped.line, rows)))


def test_an_answer_that_a_filter_dropped_becomes_a_row_to_learn_from(tmp_path: Path) -> None:
    data = built(tmp_path, ROWS)
    left_by_filters(data, DroppedRow("no_label", {"text": "a new question", "category": "I think it is a."}))
    assert list(dropped.read(data.folder)) == [2], "of the first only a text was kept, no row"
    corrected = {"split": "dropped", "place": 2, "column": "category", "text": "a"}
    new = edited(data, tmp_path, taken_back=[2], edits=[corrected])
    *_others, last = new.rows("train")
    assert last.values == {"text": "a new question", "category": "a"}
    assert last.row > 20, "a number that no other row has"
    assert dropped.read(new.folder) == {}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"text": "a question", "category": " "}, "data.edit.blank"),
        ({"text": "{test}", "category": "a"}, "data.edit.leakage"),
    ],
)
def test_a_row_that_must_not_be_learnt_stays_dropped(
    tmp_path: Path, values: dict[str, str], code: str
) -> None:
    data = built(tmp_path, ROWS)
    test = str(next(data.rows("test")).values["text"])
    left_by_filters(data, DroppedRow("cut", {name: text.format(test=test) for name, text in values.items()}))
    with pytest.raises(InputError) as refused:
        edited(data, tmp_path, taken_back=[2])
    assert refused.value.code == code


def test_a_row_that_was_dropped_for_its_label_is_not_taken_back_with_it(tmp_path: Path) -> None:
    data = built(tmp_path, ROWS)
    left_by_filters(data, DroppedRow("no_label", {"text": "a new question", "category": "I think it is a."}))
    with pytest.raises(InputError) as refused:
        edited(data, tmp_path / "as-it-is", taken_back=[2])
    assert refused.value.code == "data.edit.label"
    assert refused.value.what == "The dropped row 2 of rows cannot be taken back as it is."
    assert "'I think it is a.', which is none of the data's 2 labels (a, b)" in refused.value.why
    assert "`--changes FILE`" in refused.value.fix
    wanted = {"split": "dropped", "place": 2, "column": "category", "text": "c"}
    new = edited(data, tmp_path / "wanted", taken_back=[2], edits=[wanted])
    assert editing.new_labels(data.info, new.info) == ["c"], "a person who writes it wants it"


def test_the_only_row_of_a_label_that_was_dropped_by_hand_can_be_taken_back(tmp_path: Path) -> None:
    data = built(tmp_path, ROWS)
    rare = edited(data, tmp_path / "rare", edits=[{"place": 1, "column": "category", "text": "c"}])
    without = edited(rare, tmp_path / "without", dropped=[{"place": 1}])
    assert without.info.labels == ["a", "b"]
    assert edited(without, tmp_path / "again", taken_back=[1]).info.labels == ["a", "b", "c"]


def test_one_message_of_a_chat_is_written_anew(tmp_path: Path) -> None:
    new = edited(
        built(tmp_path, CHATS),
        tmp_path,
        edits=[{"place": 1, "column": "messages", "message": 1, "text": "good evening"}],
    )
    first = next(new.rows("train")).values["messages"]
    assert [item["content"] for item in first][1] == "good evening"
    assert first[0]["content"].startswith("hello")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"edits": [{"place": 999, "column": "text", "text": "x"}]}, "data.edit.misfit"),
        ({"edits": [{"place": 1, "column": "nothing", "text": "x"}]}, "data.edit.misfit"),
        ({"edits": [{"place": 1, "column": "text", "message": 0, "text": "x"}]}, "data.edit.misfit"),
        ({"edits": [{"place": 1, "column": "text", "text": "  "}]}, "data.edit.blank"),
        ({"dropped": [{"place": at} for at in range(1, 17)]}, "data.edit.empty"),
        ({"taken_back": [1]}, "data.edit.misfit"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, Any], code: str) -> None:
    data = built(tmp_path, ROWS)
    if code == "data.edit.empty":
        changes = {"dropped": [{"place": at} for at in range(1, data.count("train") + 1)]}
    with pytest.raises(InputError) as refused:
        edited(data, tmp_path, **changes)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"dropped": [{"place": 1}, {"place": 1}]},
        {"dropped": [{"place": 1}], "edits": [{"place": 1, "column": "text", "text": "x"}]},
        {"dropped": [{"split": "test", "place": 1}]},
        {"dropped": [{"split": "dropped", "place": 1}]},
        {"taken_back": [1, 1]},
        {"ratings": [{"split": "dropped", "place": 1, "stars": 3}]},
    ],
)
def test_changes_that_contradict_each_other_are_no_spec(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EditDataSpec(data="d", name="better", **changes)
