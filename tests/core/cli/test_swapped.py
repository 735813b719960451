"""A teacher that was cut out of its student is not asked to teach it."""

from __future__ import annotations

import pytest

from core.cli.commands import distill
from core.cli.console import Output
from core.errors import InputError
from core.models.compatibility import Diagnosis
from core.specs import DistillSpec
from core.workspace.records import Artifact


def _model(name: str) -> Artifact:
    return Artifact(name, "model", name, "0" * 64, 5_000, 0.0, "", {})


def test_swapped_models_are_to_be_swapped() -> None:
    spec = DistillSpec(model="big", teachers=("small one",), data="d")
    found = Diagnosis((), ("universal",), overlap=0.06, swapped=True)
    with pytest.raises(InputError) as refused:
        distill._require(spec, _model("small one"), _model("big"), found, Output())
    assert refused.value.what == "`small one` cannot teach `big`."
    assert refused.value.fix == "Swap the two: `--teacher big --student 'small one'`."
