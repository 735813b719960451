"""Makes this folder's rows from the published files: `python -m` this module with their folder."""

from __future__ import annotations

import random
import sys
from pathlib import Path

ROWS = {"train": 400, "test": 100}
SEED = 17


def choose(lines: list[str], count: int) -> list[str]:
    """So many rows at random, in the order of the file."""
    places = sorted(random.Random(SEED).sample(range(len(lines)), count))
    return [lines[place] for place in places]


def main(published: Path, out: Path) -> None:
    """Reads `train.jsonl` and `test.jsonl` and writes the chosen rows under the same names."""
    for name, count in ROWS.items():
        lines = (published / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        text = "\n".join(choose(lines, count)) + "\n"
        (out / f"{name}.jsonl").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent)
