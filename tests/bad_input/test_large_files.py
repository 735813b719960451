"""A large file streams: memory stays small however long it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_CHECK = """
import json, re, sys, time
import psutil
from pathlib import Path
from core.data import check
started, peak = time.monotonic(), 0
def progress(done, total):
    global peak
    peak = max(peak, psutil.Process().memory_info().rss)
report = check.check(Path(sys.argv[1]), progress=progress)
progress(0, 0)
if Path("/proc/self/status").exists():  # the system's own high-water mark sees what falls between two looks
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
print(json.dumps({"rows": report.rows, "refusals": len(report.refusals), "duplicates": report.duplicates,
                  "peak": peak, "seconds": time.monotonic() - started}))
"""
_ROW = (
    '{{"text": "Question {number}: my card number {card} was declined in the shop near the station and I '
    'would like to know why, please.", "label": "intent_{label}"}}\n'
)


def write_jsonl(path: Path, size: int) -> int:
    """Fills a file with unlike rows of about 200 bytes up to `size`; gives their number."""
    written = rows = 0
    with open(path, "w", encoding="utf-8") as file:
        while written < size:
            block = [
                _ROW.format(number=rows + n, card=(rows + n) * 7919 % 1000003, label=(rows + n) % 77)
                for n in range(1000)
            ]
            rows += len(block)
            written += file.write("".join(block))
    return rows


def measure(path: Path) -> dict[str, float]:
    """Checks the file in a child process; gives its figures."""
    done = subprocess.run(
        [sys.executable, "-c", _CHECK, str(path)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def test_60_mb_are_checked_in_little_memory(tmp_path: Path) -> None:
    rows = write_jsonl(tmp_path / "a.jsonl", 60_000_000)
    figures = measure(tmp_path / "a.jsonl")
    assert figures["rows"] == rows
    assert figures["refusals"] == figures["duplicates"] == 0
    assert figures["peak"] < 250_000_000


@pytest.mark.bench
@pytest.mark.timeout(600)
def test_1_gb_is_checked_below_500_mb(tmp_path: Path) -> None:
    rows = write_jsonl(tmp_path / "a.jsonl", 1_000_000_000)
    figures = measure(tmp_path / "a.jsonl")
    (tmp_path / "a.jsonl").unlink()
    print(figures)
    assert figures["rows"] == rows
    assert figures["peak"] < 500_000_000
