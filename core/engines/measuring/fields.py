"""Extraction: the fields of a JSON answer against those of the expected one."""

from __future__ import annotations

import collections
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Field = tuple[str, str]
Fields = collections.Counter[Field]


@dataclass(frozen=True)
class FieldScore:
    """One row.

    Attributes:
        valid: Whether the answer is JSON as it stands; a program that reads it would stumble otherwise.
        matched: Fields that are said and wanted.
        said: Fields of the answer; none when it is no JSON.
        wanted: Fields of the expected answer.
    """

    valid: bool
    matched: int
    said: int
    wanted: int

    @property
    def exact(self) -> bool:
        """Whether every field is there and no other."""
        return self.valid and self.matched == self.said == self.wanted


def score(answer: str, expected: str) -> FieldScore:
    """Compares field by field: a value counts when it stands under the same names; order does not."""
    said, wanted = _read(answer), _read(expected)
    if wanted is None:  # the data's own answer is plain text: then it is one field
        wanted = collections.Counter([("", expected.strip())])
    found = said if said is not None else collections.Counter[Field]()
    return FieldScore(said is not None, (found & wanted).total(), found.total(), wanted.total())


def _read(text: str) -> Fields | None:
    try:
        return collections.Counter(_flat(json.loads(text), ""))
    except (ValueError, RecursionError):
        return None


def _flat(value: Any, path: str) -> Iterator[Field]:
    """Leaves with the names that lead to them: `order.items[]` and its value."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _flat(inner, f"{path}[]")
    elif isinstance(value, str):
        yield path, f"text {value.strip()}"
    elif isinstance(value, float) and value.is_integer():
        yield path, json.dumps(int(value))
    else:
        yield path, json.dumps(value)
