"""A closer look at data by command: what was found, which rows, and a better version as told."""

from __future__ import annotations

import csv
import shlex
from pathlib import Path

from tests.core.cli.terminal import Terminal


def test_a_closer_look_tells_how_to_see_the_rows_and_to_mend_them(tmp_path: Path) -> None:
    file = tmp_path / "mails.csv"
    with open(file, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["text", "label"])
        writer.writerows(
            [f"Where is parcel {number} that I ordered?", "parcel" if number % 2 else "order"]
            for number in range(40)
        )
        writer.writerow(["Write to me at ann.lee@example.com please.", "contact"])
    terminal = Terminal(tmp_path / "work")
    terminal.must("data", "add", str(file), "--name", "mails")

    told = terminal.must("data", "inspect", "mails").out
    assert "ann.lee" not in told
    hint = next(line for line in told.splitlines() if line.startswith("Which rows: "))
    better = next(line for line in told.splitlines() if line.startswith("A better version: "))

    shown = terminal.must(*shlex.split(hint.partition("slm-workbench ")[2])).out
    assert "ann.lee" in shown
    assert "Which rows: " not in shown
    terminal.must(*shlex.split(better.partition("slm-workbench ")[2]))
    assert "mails-2" in terminal.must("data", "list").out
