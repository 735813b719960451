"""Every field of every spec does something: changed alone, it changes what the engine does.

Each field has a *sight* in `fields`: how it is observed, the other value, and where the difference must show.
A new field without one fails `test_every_field_has_a_sight` by its name.
"""

from __future__ import annotations

from typing import Any

import pytest

from core.jobs.registry import KINDS
from tests.core.engines.fields import data, generating, learning, using
from tests.core.engines.fields.rig import Rig

BASES = {**data.BASES, **learning.BASES, **using.BASES, **generating.BASES}
SIGHTS = {**data.SIGHTS, **learning.SIGHTS, **using.SIGHTS, **generating.SIGHTS}
FIELDS = [(kind, name) for kind, known in KINDS.items() for name in known.spec.model_fields]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    return Rig(tmp_path_factory.mktemp("fields"))


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_field_has_a_sight(kind: str) -> None:
    fields = set(KINDS[kind].spec.model_fields)
    assert fields - set(SIGHTS.get(kind, {})) == set(), "a field that nobody looks at"
    assert set(SIGHTS.get(kind, {})) - fields == set(), "a sight of a field that is gone"


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=[f"{kind}.{name}" for kind, name in FIELDS])
def test_changing_a_field_changes_what_the_engine_does(rig: Rig, kind: str, name: str) -> None:
    sight = SIGHTS[kind][name]
    values = {**BASES[kind](rig), **{key: _settle(rig, value) for key, value in sight.base.items()}}
    spec_type = KINDS[kind].spec
    one = spec_type.model_validate(values)
    other = spec_type.model_validate({**values, name: _settle(rig, sight.other)})
    assert one != other

    before, after = rig.look(sight.look, one), rig.look(sight.look, other)

    keys = [key for key in before.keys() | after.keys() if key.startswith(sight.key)]
    assert keys, f"nothing of {sight.key} was seen"
    assert any(before.get(key) != after.get(key) for key in keys)


def _settle(rig: Rig, value: Any) -> Any:
    return value(rig) if callable(value) else value
