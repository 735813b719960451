"""Example data sets that ship with the program, by name: `starter`, `example:gsm8k`."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from core.data import starter
from core.errors import InputError

_PREFIX = "example:"
NAMES = ("gsm8k",)


def is_example(source: str) -> bool:
    """Whether a person named an example instead of a file; a file of that name comes first."""
    return (source == "starter" or source.startswith(_PREFIX)) and not Path(source).exists()


def files(source: str) -> tuple[Path, Path]:
    """Rows to learn from, and rows kept for the test.

    Raises:
        InputError: There is no such example.
    """
    if source == "starter":
        return starter.train(), starter.test()
    name = source.removeprefix(_PREFIX)
    if name not in NAMES:
        known = ", ".join(["starter", *(f"{_PREFIX}{known}" for known in NAMES)])
        raise InputError(f"There is no example {name!r}.", fix=f"Examples are {known}.", code="data.example")
    folder = resources.files(f"resources.examples.{name}")
    train, test = (Path(str(folder.joinpath(f"{split}.jsonl"))) for split in ("train", "test"))
    return train, test


def name_of(source: str) -> str:
    """What it is called in the library unless a person names it."""
    return "starter-banking" if source == "starter" else source.removeprefix(_PREFIX)
