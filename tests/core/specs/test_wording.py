"""A wrong setting is refused with its name and its choices, and no word of a library."""

from __future__ import annotations

from typing import Any

import pytest

from core.cli.specs import build
from core.errors import InputError
from core.specs import DistillSpec, EditDataSpec, PruneSpec


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"vocabulary": "half"}, "It must be one of whole, data."),
        ({"keep_layers": 1}, "It must be at least 2."),
        ({"keep_layers": "two"}, "It must be a whole number."),
        ({"keep_layers": 2.5}, "It must be a whole number."),
        ({"ffn_share": "much"}, "It must be a number."),
        ({"target_mb": 0}, "It must be more than 0."),
        ({"model": 7}, "It must be a text."),
    ],
)
def test_a_setting_says_what_it_may_be(values: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError) as refused:
        build(PruneSpec, {"model": "m", "data": "d", **values})
    assert refused.value.why == why
    assert refused.value.what.startswith(f"The setting {next(iter(values))} cannot be ")


def test_settings_that_do_not_go_together_say_why_in_a_sentence() -> None:
    with pytest.raises(InputError, match="not possible") as refused:
        build(DistillSpec, {"model": "m", "data": "d", "teachers": ("m",)})
    assert (
        refused.value.why == "a model cannot be its own teacher, but one that is cut from it can learn of it."
    )


def test_a_setting_that_is_missing_is_named() -> None:
    with pytest.raises(InputError, match="Edit data needs the setting name"):
        build(EditDataSpec, {"data": "d", "dropped": ({"place": 1},)})
