from __future__ import annotations

import pytest

from core.engines.training import precision
from core.models.fit import machine


def test_the_race_measures_both_formats():
    speeds = precision.race(seconds=0.02)
    assert speeds.keys() == {"fp32", "bf16"}
    assert all(speed > 0 for speed in speeds.values())


@pytest.mark.parametrize(("bf16", "chosen"), [(50, "fp32"), (110, "fp32"), (121, "bf16"), (400, "bf16")])
def test_the_less_exact_format_must_be_clearly_faster(bf16, chosen):
    assert precision.choose({"fp32": 100, "bf16": bf16}) == chosen


def test_a_computer_too_busy_to_race_has_a_speed_still(monkeypatch):
    assert all(speed > 0 for speed in precision.race(seconds=0.0).values())
    monkeypatch.setattr(machine, "_RACE_S", 0.0)
    assert machine._gflops.__wrapped__() > 0
