"""What cannot be timed here, and what nothing would read, is refused with the spec."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from core.cli.specs import build
from core.errors import InputError
from core.specs import QuantizeSpec


def test_time_has_a_limit_only_where_it_can_be_measured() -> None:
    assert QuantizeSpec(model="m", recipe="search", max_ms=50).max_ms == 50
    with pytest.raises(ValidationError, match="timed on this computer"):
        QuantizeSpec(model="m", recipe="search", max_ms=50, target="cuda")


@pytest.mark.parametrize("ignored", [{"max_mb": 100}, {"max_ms": 50}])
def test_a_limit_that_only_a_search_keeps_is_not_ignored(ignored: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="limits of search"):
        QuantizeSpec.model_validate({"model": "m", "recipe": "int8", **ignored})


@pytest.mark.parametrize("ignored", [{"block": 32}, {"algorithm": "gptq"}])
def test_what_a_search_chooses_itself_cannot_be_told(ignored: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="chooses block and algorithm itself"):
        QuantizeSpec.model_validate({"model": "m", "recipe": "search", **ignored})


def test_choices_are_all_named() -> None:
    with pytest.raises(InputError) as refused:
        build(QuantizeSpec, {"model": "m", "block": 33})
    assert refused.value.why == "It must be one of auto, 16, 32, 64, 128."
