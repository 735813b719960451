from __future__ import annotations

import pytest

from core.data.dataset import Dataset
from core.engines.training import examples
from core.errors import InputError
from tests.core.engines import tiny


def encoded(folder, max_length=512, split="train"):
    *_, found = examples.encode(Dataset(folder), split, tiny.tokenizer(), max_length)
    return found


def test_all_rows_of_a_clean_split_are_usable(tmp_path):
    folder = tiny.data_folder(tmp_path / "d", 40)
    found = encoded(folder)
    assert len(found.usable) == Dataset(folder).count("train")
    assert found.remarks(512) == []
    assert all(example.targets >= 2 for example in found.usable)


def test_what_is_lost_is_counted_and_said(tmp_path):
    rows = tiny.rows(40)
    for row in rows[:39:3]:
        row["text"] += " far away" * 60
    for row in rows[1:39:3]:
        row["text"] += " <|im_end|>"
    found = encoded(tiny.data_folder(tmp_path / "d", chosen=rows), max_length=80)
    said = " ".join(found.remarks(80))
    assert 0 < found.cut <= 13
    assert 0 < found.special_text <= 13
    assert f"{found.cut} of {found.rows} rows are longer than 80 tokens" in said
    assert f"{found.special_text} of {found.rows} rows hold text that looks like a control token" in said
    assert all(len(example.ids) <= 80 for example in found.usable)


def test_data_of_which_nothing_is_left_is_refused_with_the_numbers(tmp_path):
    rows = [{"text": row["text"], "category": row["category"] * 60} for row in tiny.rows(12)]
    found = encoded(tiny.data_folder(tmp_path / "d", chosen=rows), max_length=40)
    assert found.usable == []
    with pytest.raises(InputError, match="No row can be learnt from") as caught:
        examples.require_some(found, 40)
    assert str(found.too_long) in caught.value.why
    assert "max_length" in caught.value.fix


def test_the_digest_follows_what_training_reads_and_nothing_else(tmp_path):
    folder = tiny.data_folder(tmp_path / "d", 40)
    before = examples.digest(folder)
    (folder / "test.jsonl").write_text("changed")
    assert examples.digest(folder) == before
    (folder / "train.jsonl").open("a").write("\n")
    assert examples.digest(folder) != before
