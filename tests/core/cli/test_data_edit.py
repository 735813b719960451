"""Rows by command: dropped, corrected, and taken back."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.core.cli.terminal import Terminal


def test_rows_are_dropped_corrected_and_taken_back_by_their_numbers(tmp_path: Path) -> None:
    file = tmp_path / "mails.csv"
    with open(file, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["text", "label"])
        writer.writerows([f"Where is parcel {at}?", "ab"[at % 2]] for at in range(30))
    terminal = Terminal(tmp_path / "work")
    terminal.must("data", "add", str(file), "--name", "mails")
    rows = terminal.must("data", "show", "mails", "--rows", "100", "--json").json["rows"]
    one, other = (row["row"] for row in rows[:2])

    table = tmp_path / "changes.csv"
    table.write_text(f"row,text\n{other},Is parcel 1 lost?\n")
    edit = ("data", "edit", "mails", "--drop", str(one), "--changes", str(table), "--name", "better")
    made = terminal.must(*edit).out
    assert "1 row changed and 1 row dropped by hand." in made
    shown = terminal.must("data", "show", "better", "--dropped", "--json").json
    assert [(row["dropped"], row["row"], row["reason"]) for row in shown] == [(1, one, "by_hand")]

    odd = tmp_path / "odd.csv"
    odd.write_text(f"row,label\n{other},aa\n")
    made = terminal.must("data", "edit", "mails", "--changes", str(odd), "--name", "odd")
    assert "A new label: 'aa'." in made.err

    back = terminal.must("data", "edit", "better", "--take-back", "1", "--name", "whole", "--json").json
    assert back["counts"]["train"] == sum(row["split"] == "train" for row in rows)
    assert terminal.run("data", "edit", "whole").code == 2
