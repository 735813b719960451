"""What cannot be timed here is refused with the spec."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from core.specs import QuantizeSpec


def test_time_has_a_limit_only_where_it_can_be_measured() -> None:
    assert QuantizeSpec(model="m", recipe="search", max_ms=50).max_ms == 50
    with pytest.raises(ValidationError, match="timed on this computer"):
        QuantizeSpec(model="m", recipe="search", max_ms=50, target="cuda")
