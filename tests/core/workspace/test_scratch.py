"""Folders of a moment go with their process, at the latest when the next one comes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from core.workspace import scratch

_LEAVES_ONE = """
import os, pathlib, sys
from core.workspace import scratch
(scratch.make(pathlib.Path(sys.argv[1]), "chat") / "worker.log").write_text("killed")
os._exit(1)
"""


def test_what_a_dead_process_left_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _LEAVES_ONE, str(tmp_path)], check=False)
    (left,) = tmp_path.iterdir()
    (tmp_path / "artifacts").mkdir()
    mine = scratch.make(tmp_path, "look")
    with scratch.lent(tmp_path, "look") as lent:
        assert mine.is_dir(), "its process lives"
        assert lent.is_dir()
    assert not left.exists()
    assert sorted(tmp_path.iterdir()) == sorted([mine, tmp_path / "artifacts"])
