"""JSON whose numbers stay the text that was written, and which hides nothing."""

from __future__ import annotations

import json
from typing import Any

from core.data import limits
from core.data.problem import Refusal, refuse
from core.data.table import Value

_FIX = (
    "Correct the JSON there; every text needs double quotes, and no comma may stand before a closing bracket."
)


class Number(str):
    """A JSON number as written, such as `1.0` or `00`'s absence would be lost in a float."""

    __slots__ = ()


class _DuplicateKeyError(ValueError):
    pass


class _NotANumberError(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        raise _DuplicateKeyError(next(key for key, _value in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return made


def _constant(name: str) -> Any:
    raise _NotANumberError(name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Number, parse_int=Number, parse_constant=_constant
)


def decode(text: str, start: int, *, file: str, line: int) -> tuple[Any, int]:
    """The JSON value that begins at `start`, and where it ends.

    Args:
        text: Where it stands.
        start: Its first character.
        file: Name for messages.
        line: Line of `start`.

    Raises:
        Refusal: The value has a key twice, NaN, or is nested too deep.
        json.JSONDecodeError: It is no JSON, or it is cut off.
    """
    try:
        return _DECODER.raw_decode(text, start)
    except _DuplicateKeyError as error:
        raise refuse(
            "data.duplicate_key",
            file,
            f"The object has the key `{str(error)[:100]}` twice; which one is meant is unclear.",
            "Keep one of the two.",
            line=line,
            column=str(error)[:100],
        ) from error
    except _NotANumberError as error:
        raise refuse(
            "data.nan",
            file,
            f"`{error}` is no JSON value.",
            'Write it in quotes, or null for "no value".',
            line=line,
        ) from error
    except RecursionError as error:
        raise deep(file, line) from error


def broken(error: json.JSONDecodeError, *, file: str, line: int, place: int) -> Refusal:
    """The error for text that is no JSON; `place` is the character in the line, from 1."""
    return refuse(
        "data.json", file, f"This is not valid JSON: {error.msg} (character {place}).", _FIX, line=line
    )


def deep(file: str, line: int) -> Refusal:
    """The error for JSON nested beyond sense."""
    return refuse(
        "data.deep",
        file,
        f"The JSON is nested deeper than {limits.DEPTH} levels.",
        "Flatten the object.",
        line=line,
    )


def row_values(found: Any, raw: str, *, file: str, line: int) -> dict[str, Value]:
    """The values of one decoded object: text as written, null left out, lists of objects as they are.

    Args:
        found: What `decode` gave.
        raw: The text it was decoded from.
        file: Name for messages.
        line: Where the object begins.

    Raises:
        Refusal: It is no object, or a value is no text that a model can read.
    """
    if type(found) is not dict:
        raise refuse(
            "data.json_row",
            file,
            "The row is not a JSON object.",
            'Write each row as an object with named values: {"text": "…", "label": "…"}.',
            line=line,
        )
    if "\\u" in raw:
        _check_characters(found, file, line)
    for value in found.values():
        if type(value) is not str or len(value) > limits.VALUE:
            break
    else:
        return found
    values: dict[str, Value] = {}
    for key, value in found.items():
        if value is None:
            continue
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            values[key] = value
            continue
        text = str(value) if isinstance(value, str) else as_text(value, file=file, line=line)
        if len(text) > limits.VALUE:
            raise refuse(
                "data.too_long",
                file,
                f"A value is longer than {limits.VALUE:,} characters.",
                "Split the text into examples that a model can read.",
                line=line,
                column=key,
            )
        values[key] = text
    return values


def _check_characters(found: dict[str, Any], file: str, line: int) -> None:
    waiting: list[Any] = [found]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            _check_text(value, file, line)


def _check_text(text: str, file: str, line: int) -> None:
    if "\0" in text:
        raise refuse(
            "data.nul",
            file,
            "The text holds a NUL character, which no model can read.",
            "Remove the character.",
            line=line,
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise refuse(
            "data.surrogate",
            file,
            "The text holds half of a character (a lone surrogate).",
            "Export the data again; half characters come from texts cut at a fixed length.",
            line=line,
        ) from error


def as_text(value: Any, *, file: str = "", line: int = 0, depth: int = 0) -> str:
    """A JSON value as JSON text, with every number as it was written.

    Raises:
        Refusal: It is nested too deep.
    """
    if depth > limits.DEPTH:
        raise deep(file, line)
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        items = (
            f"{json.dumps(key, ensure_ascii=False)}: {as_text(item, file=file, line=line, depth=depth + 1)}"
            for key, item in value.items()
        )
        return "{" + ", ".join(items) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_text(item, file=file, line=line, depth=depth + 1) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
