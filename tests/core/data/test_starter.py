"""The starter data is what its notice says."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from core.data import starter


def _read(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_starter_rows_are_spread_over_all_intents() -> None:
    train, test = _read(starter.train()), _read(starter.test())
    assert (len(train), len(test)) == (1500, 300)
    for rows in (train, test):
        counts = Counter(row["category"] for row in rows)
        assert len(counts) == 77
        assert max(counts.values()) - min(counts.values()) <= 1


def test_no_starter_text_occurs_twice_or_in_both_files() -> None:
    texts = [
        " ".join(row["text"].casefold().split()) for row in _read(starter.train()) + _read(starter.test())
    ]
    assert len(set(texts)) == len(texts)


def test_starter_licences_ship_with_the_files() -> None:
    assert "Casanueva" in starter.path("NOTICE.md").read_text(encoding="utf-8")
    assert "Attribution 4.0" in starter.path("LICENSE-CC-BY-4.0.txt").read_text(encoding="utf-8")
    assert "Apache License" in starter.path("LICENSE-APACHE-2.0.txt").read_text(encoding="utf-8")
