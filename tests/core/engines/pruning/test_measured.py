"""What was measured before a kill is not measured again, and what broke on the disk is."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch

from core.engines.keeping import Kept
from core.engines.pruning import measured, structure
from core.engines.pruning.measured import Measured
from core.jobs.context import JobContext
from tests.core.engines import tiny

ROWS = [[3 + (7 * row + at) % 90 for at in range(5 + row % 4)] for row in range(20)]


class Killed(BaseException):
    """Nothing in a job can react to it."""


class DoomedJob(JobContext):
    """Dies at a row."""

    dies_at = 0
    rows = 0

    def progress(self, done: int, total: int | None = None, left_s: float | None = None) -> None:
        super().progress(done, total, left_s)
        self.rows += 1
        if done == self.dies_at:
            raise Killed


def measure(folder: Path, dies_at: int = 0, model: str = "one") -> tuple[Measured, int]:
    """Everything about a small model, and how often something was measured or taken over."""
    made = tiny.model(100, seed=4, layers=3).eval()
    job = DoomedJob(folder, {}, io.StringIO(), threads=1)
    job.dies_at = dies_at
    layers = structure.layers_of(made, "tiny")
    return measured.measure(made, layers, ROWS, job, Kept(folder, model=model)), job.rows


@pytest.mark.parametrize("broken", [False, True])
def test_a_resume_goes_on_with_the_same_numbers_to_the_bit(tmp_path: Path, broken: bool) -> None:
    whole, rows = measure(tmp_path / "whole")
    assert rows == len(ROWS)
    with pytest.raises(Killed):
        measure(tmp_path / "run", dies_at=13)
    (kept,) = (tmp_path / "run").rglob("measured")
    if broken:
        kept.write_bytes(kept.read_bytes()[:-1] + b"?")

    again, rows = measure(tmp_path / "run")

    assert again.influence == whole.influence
    assert all(map(torch.equal, again.activity, whole.activity))
    assert rows == (len(ROWS) if broken else 1 + 20 - 12), "12 rows were kept, two at a time"


def test_what_was_measured_of_another_model_is_not_taken_over(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        measure(tmp_path, dies_at=13)
    assert measure(tmp_path, model="another")[1] == len(ROWS)
