"""A dry run in its own process, on a tiny model."""

from __future__ import annotations

import os
import shutil
import signal

import psutil
import pytest

from core.engines import fit
from core.engines.fitting import child, dry_run
from core.engines.fitting.child import Died
from core.specs import FinetuneSpec, FitSpec
from tests.core.engines import tiny


def test_a_dry_run_measures_and_keeps_nothing(tmp_path):
    inputs = {"m": tiny.model_folder(tmp_path / "m"), "d": tiny.data_folder(tmp_path / "d", 48)}
    job, _out = tiny.job(tmp_path / "run", **inputs)
    fit.run(FitSpec(spec=FinetuneSpec(model="m", data="d", precision="fp32", batch_size=8)), job)
    result = job.final_result
    assert result["verdict"] == "fits"
    assert result["measured"]["memory_bytes"] == max(result["measured"]["moments_bytes"].values())
    predicted, measured = result["predicted"]["memory_bytes"], result["measured"]["memory_bytes"]
    assert abs(predicted - measured) < 0.25 * measured
    assert abs(result["memory_bytes"]["total"] - measured) < 0.1 * measured
    assert result["measured"]["checkpoint_bytes"] > 0
    assert not [path for path in (tmp_path / "run").iterdir() if path.is_dir()]


def test_where_the_disk_is_too_small_for_a_save_the_rest_is_measured(tmp_path, monkeypatch):
    inputs = {"m": tiny.model_folder(tmp_path / "m"), "d": tiny.data_folder(tmp_path / "d", 24)}
    spec = FinetuneSpec(model="m", data="d", precision="fp32", method="full", sample_prompts=0)
    there, _ = tiny.job(tmp_path / "there", **inputs)
    measured = dry_run.measure(spec, there)

    real = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real(path)._replace(free=200_000_000))
    here, _ = tiny.job(tmp_path / "here", **inputs)
    computed = dry_run.measure(spec, here)

    assert (measured.saved, computed.saved) == (True, False)
    assert not list(here.folder.rglob("*.safetensors")), "nothing was saved"
    assert computed.checkpoint == pytest.approx(measured.checkpoint, rel=0.1)
    assert computed.result == pytest.approx(measured.result, rel=0.1)
    assert computed.step_s > 0


def test_a_death_of_hunger_is_the_answer(tmp_path):
    """The system's killer is played by a signal to the child while it loads."""
    inputs = {"m": tiny.model_folder(tmp_path / "m"), "d": tiny.data_folder(tmp_path / "d", 12)}

    def kill(_name, _fields):
        for process in psutil.Process().children():
            if "spawn_main" in " ".join(process.cmdline()):
                os.kill(process.pid, signal.SIGKILL)

    found = child.run(FinetuneSpec(model="m", data="d", precision="fp32"), inputs, tmp_path, 1, kill)
    assert isinstance(found, Died)
    assert found.phase == "loading"
    assert found.rss_bytes > 0
