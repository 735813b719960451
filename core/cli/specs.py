"""From `--set FIELD=VALUE` to a spec, with refusals that name the field."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from core.errors import InputError
from core.specs import Spec
from core.specs.wording import reason

S = TypeVar("S", bound=Spec)


def parse_settings(
    settings: Sequence[str], spec: type[Spec], own: Mapping[str, tuple[str, Any]] | None = None
) -> dict[str, Any]:
    """`["epochs=2", …]` as field values; numbers, true/false and null are read as JSON, the rest as text.

    Nothing after the `=` makes a field empty that may be: `early_stopping=` never ends early.

    Args:
        settings: As they were given.
        spec: Whose fields they are.
        own: Fields that the command has an argument for: how it is called, and what was given; nothing when
            empty. A field that both give alike is left to the argument.

    Raises:
        InputError: No `=`, the spec has no such field, or it is given twice.
    """
    values: dict[str, Any] = {}
    texts: dict[str, str] = {}
    for setting in settings:
        field, equals, text = setting.partition("=")
        if not equals:
            raise InputError(
                f"--set {setting} has no value.",
                fix="Write --set FIELD=VALUE, such as --set epochs=2.",
                code="usage",
            )
        if field not in spec.model_fields:
            near = difflib.get_close_matches(field, spec.model_fields, 1)
            raise InputError(
                f"{spec.title} has no setting {field!r}.",
                why=f"Its settings are {', '.join(spec.model_fields)}.",
                fix=f"Did you mean {near[0]}?" if near else "Choose one of them.",
                code="spec.unknown_field",
            )
        if field in texts:
            raise _twice(field, f"--set {field}={texts[field]}", f"--set {setting}")
        texts[field] = text
        argument, given = (own or {}).get(field, ("", None))
        if given:
            if text == _as_text(given):
                continue
            raise _twice(field, f"{argument} {_as_text(given)}", f"--set {setting}")
        kinds = get_args(spec.model_fields[field].annotation)
        if not text and type(None) in kinds and str not in kinds:
            values[field] = None
            continue
        try:
            values[field] = json.loads(text)
        except ValueError:
            values[field] = text
    return values


def _twice(field: str, first: str, second: str) -> InputError:
    return InputError(
        f"The setting {field} is given twice.",
        why=f"Once as `{first}`, and once as `{second}`.",
        fix="Leave one of them out.",
        code="usage",
    )


def _as_text(given: Any) -> str:
    """What an argument was given, as a person would write it after `--set FIELD=`."""
    return ",".join(map(str, given)) if isinstance(given, list) else str(given)


def build(spec: type[S], values: dict[str, Any]) -> S:
    """The spec from field values.

    Raises:
        InputError: A value is out of bounds or of the wrong type; names the first such field.
    """
    try:
        return spec.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:  # the settings do not go together; the spec says why in a sentence
            raise InputError(
                f"{spec.title}: these settings are not possible.",
                why=reason(first),
                fix="Change one of them.",
                code="spec.invalid",
            ) from error
        field = str(first["loc"][0])
        info = spec.model_fields.get(field)
        missing = first["type"] == "missing"
        choices = get_args(info.annotation) if info and first["type"] == "literal_error" else ()
        near = difflib.get_close_matches(str(first.get("input")), list(map(str, choices)), 1)
        guess = f"Did you mean {near[0]}? " if near else ""
        raise InputError(
            f"{spec.title} needs the setting {field}."
            if missing
            else f"The setting {field} cannot be {first.get('input')!r}.",
            why="" if missing else reason(first),
            fix=f"{guess}Write --set {field}=VALUE. {info.description}" if info else "",
            code="spec.invalid",
        ) from error


def describe(spec: type[Spec]) -> str:
    """The settings of a spec, for `--help`."""
    lines = [f"settings for --set FIELD=VALUE ({spec.title}):"]
    for name, info in spec.model_fields.items():
        if info.is_required():
            continue
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        unit = f" {extra['unit']}" if extra.get("unit") else ""
        default = "empty" if info.default is None else f"{info.default}{unit}"
        lines.append(f"  {name:<18} {info.description} [{default}]")
    return "\n".join(lines)
