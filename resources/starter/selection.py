"""How the starter subset was chosen, so that anyone can make it again from the published files.

    python -m resources.starter.selection ORIGINAL_FOLDER

reads `train.csv` and `test.csv` there and writes the two subsets beside this file. No random numbers: rows
are ordered by the SHA-256 of their text, so the choice is the same on every machine and Python version.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections import defaultdict
from pathlib import Path

TRAIN_ROWS = 1500
TEST_ROWS = 300

#: For the quick demo: intents that a few minutes' reading, or a minute's training, tells apart.
EIGHT_INTENTS = frozenset(
    {
        "age_limit",
        "apple_pay_or_google_pay",
        "atm_support",
        "card_arrival",
        "change_pin",
        "exchange_rate",
        "lost_or_stolen_card",
        "terminate_account",
    }
)
Example = dict[str, str]


def normalised(text: str) -> str:
    """The text as far as it decides whether two rows ask the same."""
    return " ".join(text.casefold().split())


def _rank(example: Example) -> str:
    return hashlib.sha256(example["text"].encode()).hexdigest()


def select(examples: list[Example], rows: int, taken: set[str]) -> list[Example]:
    """Equally many rows of each intent (they differ by at most one), no text twice, none of `taken`.

    Args:
        examples: The published rows with `text` and `category`.
        rows: How many to choose.
        taken: Normalised texts that must not be chosen; the chosen ones are added.
    """
    by_intent: dict[str, list[Example]] = defaultdict(list)
    for example in sorted(examples, key=_rank):
        text = normalised(example["text"])
        if text not in taken:
            taken.add(text)
            by_intent[example["category"]].append(example)
    rounds = [
        (place, intent, example)
        for intent, ranked in by_intent.items()
        for place, example in enumerate(ranked)
    ]
    # One row of every intent a round; the last, partial round spreads over the intents by their name's hash.
    rounds.sort(key=lambda entry: (entry[0], hashlib.sha256(entry[1].encode()).hexdigest()))
    chosen = [example for _place, _intent, example in rounds[:rows]]
    return sorted(chosen, key=_rank)


def main(original: Path, target: Path) -> None:
    """Writes `banking77-*.csv` to `target`, and what the quick demo takes of them, `banking8-*.csv`."""
    taken: set[str] = set()
    for name, rows in (("test", TEST_ROWS), ("train", TRAIN_ROWS)):
        with open(original / f"{name}.csv", encoding="utf-8", newline="") as file:
            examples = list(csv.DictReader(file))
        with open(target / f"banking77-{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["text", "category"], lineterminator="\n")
            writer.writeheader()
            writer.writerows(chosen := select(examples, rows, taken))
        with open(target / f"banking8-{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["text", "category"], lineterminator="\n")
            writer.writeheader()
            writer.writerows(row for row in chosen if row["category"] in EIGHT_INTENTS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent)
