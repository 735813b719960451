"""What the installed runtime reports is offered; the rest says what it would take."""

from __future__ import annotations

from typing import get_args

import pytest

from core.errors import InputError
from core.models import targets
from core.specs import QuantizeSpec


def test_the_spec_knows_every_target() -> None:
    assert set(get_args(QuantizeSpec.model_fields["target"].annotation)) == set(targets.TARGETS)


def test_the_processor_is_always_there() -> None:
    assert "CPUExecutionProvider" in targets.reported()
    targets.require("cpu")


def test_what_the_runtime_does_not_report_is_refused_with_what_it_takes() -> None:
    missing = next(t for t in targets.TARGETS.values() if t.provider not in targets.reported())

    with pytest.raises(InputError) as refused:
        targets.require(missing.name)

    assert missing.needs in refused.value.fix
    assert "CPUExecutionProvider" in refused.value.why


def test_a_reported_provider_that_nothing_is_built_for_is_no_target() -> None:
    everything = frozenset(target.provider for target in targets.TARGETS.values())

    assert not targets.obstacle(targets.TARGETS["cuda"], everything)
    assert "makes none" in targets.obstacle(targets.TARGETS["qnn"], everything)
