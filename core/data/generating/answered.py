"""The files in which a run keeps what its teacher answered, and taking them to another run of the same spec.

answers.jsonl   an answer a line, flushed to the disk
asked.jsonl     what was sent to an endpoint, written before: what was lost on the way may have to be paid too
"""

from __future__ import annotations

from pathlib import Path

from core.workspace import durable

ANSWERS, ASKED = FILES = "answers.jsonl", "asked.jsonl"


def taken(folder: Path) -> dict[str, str]:
    """What a preview was answered, by the file's name; a line that was cut off is left out."""
    found = {name: durable.whole_lines(folder / name) for name in (ANSWERS, ASKED)}
    return {name: "".join(f"{line}\n" for line in lines) for name, lines in found.items() if lines}
