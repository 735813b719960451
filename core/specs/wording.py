"""Why a value is not possible, in words of our own instead of the library's that found it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_BETWEEN = re.compile(r", | or ")
_LIMITS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a number that is not infinite",
    "bool": "true or false",
    "string": "a text",
    "tuple": "a list",
    "list": "a list",
    "dict": "a table of names and values",
}


def reason(error: Mapping[str, Any]) -> str:
    """A sentence about one of a `ValidationError`'s errors.

    Args:
        error: As pydantic gives it, with `type`, `msg` and perhaps `ctx`.
    """
    kind, said = str(error["type"]), str(error["msg"])
    context: Mapping[str, Any] = error.get("ctx") or {}
    if kind in ("literal_error", "enum"):
        choices = [item.strip("'") for item in _BETWEEN.split(str(context.get("expected", "")))]
        return f"It must be one of {', '.join(choices)}." if len(choices) > 1 else f"It must be {choices[0]}."
    if kind in _LIMITS:
        key, words = _LIMITS[kind]
        limit = context[key]
        return f"It must be {words} {f'{limit:g}' if isinstance(limit, float) else limit}."
    if kind == "value_error":
        return f"{said.removeprefix('Value error, ').rstrip('.')}."
    if kind == "missing":
        return "It must be given."
    if kind == "extra_forbidden":
        return "There is no such setting."
    found = _KINDS.get(kind.partition("_")[0])
    return f"It must be {found}." if found else f"{said.replace('Input should', 'It should').rstrip('.')}."
