"""Where the files that ship with the program lie: a small data set and the starter model's tokenizer."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from core.errors import InputError

TRAIN = "banking77-train.csv"
TEST = "banking77-test.csv"
QUICK_TRAIN = "banking8-train.csv"
QUICK_TEST = "banking8-test.csv"
TOKENIZER = "tokenizer.json"


def path(name: str) -> Path:
    """The starter file of that name.

    Raises:
        InputError: The installation lacks it.
    """
    found = Path(str(resources.files("resources.starter").joinpath(name)))
    if not found.is_file():
        raise InputError(
            f"The program's own file {name} is missing.",
            why="The installation is incomplete.",
            fix="Install the program again.",
            code="data.starter",
        )
    return found


def train() -> Path:
    """1,500 bank customers' messages with their intents."""
    return path(TRAIN)


def test() -> Path:
    """300 further messages; none is in `train`."""
    return path(TEST)


def quick_train() -> Path:
    """Those rows of `train` that have one of eight intents."""
    return path(QUICK_TRAIN)


def quick_test() -> Path:
    """Those rows of `test` that have one of eight intents."""
    return path(QUICK_TEST)


def tokenizer() -> Path:
    """The tokenizer of SmolLM2, for counting tokens without a model."""
    return path(TOKENIZER)
