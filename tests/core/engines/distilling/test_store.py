from __future__ import annotations

import numpy as np
import pytest

from core.engines.distilling import store
from core.engines.distilling.store import Said
from core.errors import IntegrityError


def said(seed, tokens=5, top_k=4, vocabulary=1000):
    random = np.random.default_rng(seed)
    return Said(
        random.integers(0, vocabulary, tokens),
        random.integers(0, vocabulary, (tokens, top_k)),
        -random.random((tokens, top_k)).astype(np.float32) * 9,
        -random.random(tokens).astype(np.float32) * 9,
    )


@pytest.mark.parametrize("vocabulary", [1000, 200_000])
def test_what_was_said_comes_back_row_by_row(tmp_path, vocabulary):
    rows = [said(number, tokens=number + 1, vocabulary=vocabulary) for number in range(6)]
    places = [(10 + number, number % 2) for number in range(6)]
    store.write(tmp_path, "train-0", places[:4], rows[:4], vocabulary)
    store.write(tmp_path, "train-4", places[4:], rows[4:], vocabulary)
    found = store.read(tmp_path, ["train-0", "train-4"])
    assert list(found) == places
    for place, row in zip(places, rows, strict=True):
        assert (found[place].labels == row.labels).all()
        assert (found[place].ids == row.ids).all()
        assert np.allclose(found[place].logs, row.logs, rtol=1e-3)
        assert np.allclose(found[place].tail, row.tail, rtol=1e-3)


def test_a_token_takes_no_more_than_said(tmp_path):
    from core.engines.distilling.soft import BYTES_A_TOKEN, entries

    for vocabulary in (49_152, 151_936):
        rows = [said(1, tokens=8, top_k=entries(63, vocabulary), vocabulary=vocabulary)] * 256
        written = store.write(tmp_path, f"part-{vocabulary}", [(n, 0) for n in range(256)], rows, vocabulary)
        # A row's own place and length are 12 bytes, and a part has a heading and a manifest.
        assert written <= 256 * (8 * BYTES_A_TOKEN + 12) + 2000


def test_a_changed_byte_is_noticed(tmp_path):
    store.write(tmp_path, "part", [(1, 0)], [said(1)], 1000)
    assert store.complete(tmp_path, "part")
    path = tmp_path / "part" / "answers.safetensors"
    content = bytearray(path.read_bytes())
    content[-3] ^= 4
    path.write_bytes(content)
    assert not store.complete(tmp_path, "part")
    with pytest.raises(IntegrityError):
        store.read(tmp_path, ["part"])


def test_a_part_that_was_not_finished_is_asked_again(tmp_path):
    assert not store.complete(tmp_path, "part")
    (tmp_path / ".part.tmp").mkdir()
    store.write(tmp_path, "part", [(1, 0)], [said(1)], 1000)
    assert [path.name for path in tmp_path.iterdir()] == ["part"]


def test_the_oldest_make_room(tmp_path, monkeypatch):
    import os

    monkeypatch.setattr(store, "ROOM_BYTES", 3000)
    for number, name in enumerate(("old", "newer", "newest")):
        folder = store.open_store(tmp_path, name, {"teacher": name})
        (folder / "filling").write_bytes(bytes(1400))
        os.utime(folder / "teacher.json", (1000 + number, 1000 + number))
    store.open_store(tmp_path, "now", {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["newer", "newest", "now"]


def test_the_key_knows_every_fact():
    facts = {"teacher": "a", "temperature": 2.0, "top_k": 48}
    assert store.key(**facts) == store.key(**dict(reversed(facts.items())))
    assert store.key(**facts) != store.key(**{**facts, "temperature": 1.0})
