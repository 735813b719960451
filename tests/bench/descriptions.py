"""One-line descriptions in twelve classes, from the package lists that apt keeps on a Debian machine.

Made here and not shipped: each description is under the licence of its own package, and nobody states one for
the collection. `python -m tests.bench.descriptions FOLDER` writes `train.csv` and `test.csv`.
"""

from __future__ import annotations

import csv
import random
import subprocess
import sys
from pathlib import Path

#: The largest sections of Debian's archive that name a subject, not a language, a desktop or a kind of file.
SECTIONS = (
    "science", "net", "admin", "games", "x11", "sound", "text", "fonts", "graphics", "web", "math", "editors",
)  # fmt: skip
TRAIN_ROWS, TEST_ROWS, SEED = 2000, 300, 17


def read() -> list[tuple[str, str]]:
    """Description and section of one package a source, each text once; empty where there is no apt.

    A source's packages share a description but for a few words, so they must not meet across the split.
    """
    try:
        listed = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    found: dict[str, tuple[str, str]] = {}
    for stanza in listed.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in stanza.split("\n") if ": " in line and not line.startswith(" ")
        )
        if "Description" not in fields or "Section" not in fields:
            continue
        source = fields.get("Source", fields["Package"]).split()[0]
        found.setdefault(source, (fields["Description"].strip(), fields["Section"].split("/")[-1]))
    sections = {text: section for text, section in sorted(found.values()) if section in SECTIONS}
    return sorted(sections.items())


def build(folder: Path) -> tuple[Path, Path] | None:
    """Writes 2,000 rows to learn from and 300 others, drawn at random; None where the machine has too few."""
    rows = read()
    if len(rows) < TRAIN_ROWS + TEST_ROWS:
        return None
    random.Random(SEED).shuffle(rows)
    paths = folder / "train.csv", folder / "test.csv"
    for path, part in zip(paths, (rows[TEST_ROWS : TEST_ROWS + TRAIN_ROWS], rows[:TEST_ROWS]), strict=True):
        with open(path, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("description", "section"), *part])
    return paths


if __name__ == "__main__":
    made = build(Path(sys.argv[1]))
    print(*made or ["apt's package lists have too few descriptions here."], sep="\n")
