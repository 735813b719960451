from __future__ import annotations

import errno

import pytest

from core.engines.training import checkpoints
from core.errors import InputError, JobError


def record(step: int) -> checkpoints.Record:
    return checkpoints.Record(step=step, spec="s", data="d", model="m", trained_s=1.5, recent_losses=(0.5,))


def fill(folder):
    (folder / "weights").write_bytes(b"w" * 1000)


@pytest.fixture
def folder(tmp_path):
    for step in (2, 10, 4):
        checkpoints.save(tmp_path, record(step), fill)
    return tmp_path


@pytest.fixture
def warnings():
    return []


def test_the_newest_two_are_kept(tmp_path, warnings):
    for step in (2, 4, 6, 10):
        checkpoints.save(tmp_path, record(step), fill)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-10", "step-6"]
    assert checkpoints.newest(tmp_path, warnings.append) == (tmp_path / "step-10", record(10))
    assert not warnings


@pytest.mark.parametrize("harm", ["flip", "shorten", "remove", "add", "no manifest", "broken record"])
def test_a_damaged_checkpoint_is_named_and_passed_over(folder, warnings, harm):
    weights = folder / "step-10" / "weights"
    match harm:
        case "flip":
            weights.write_bytes(b"w" * 999 + b"v")
        case "shorten":
            weights.write_bytes(b"w" * 500)
        case "remove":
            weights.unlink()
        case "add":
            (folder / "step-10" / "more").touch()
        case "no manifest":
            (folder / "step-10" / "manifest.json").unlink()
        case "broken record":
            (folder / "step-10" / "checkpoint.json").write_text("{")

    assert checkpoints.newest(folder, warnings.append) == (folder / "step-4", record(4))
    assert len(warnings) == 1
    assert "step 10" in warnings[0]


def test_half_written_ones_are_cleared_away(folder, warnings):
    (folder / ".step-12.tmp").mkdir()
    (folder / ".step-12.tmp" / "weights").touch()
    checkpoints.newest(folder, warnings.append)
    assert not list(folder.glob(".*"))


def test_nothing_to_resume_is_no_error(tmp_path, warnings):
    assert checkpoints.newest(tmp_path / "none", warnings.append) is None
    assert checkpoints.newest(tmp_path, warnings.append) is None


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left"), RuntimeError("unexpected pos 6848 vs 6740")]
)
def test_a_full_disk_is_told_in_plain_words_and_keeps_the_last_good_one(folder, warnings, error):
    def overflow(staged):
        fill(staged)
        raise error

    with pytest.raises(JobError, match="step 12 could not be saved") as caught:
        checkpoints.save(folder, record(12), overflow)
    assert "GB are free" in caught.value.why
    assert checkpoints.newest(folder, warnings.append)[1].step == 10
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize(("changed", "named"), [(0, "settings"), (1, "data"), (2, "model")])
def test_another_spec_or_data_or_model_is_refused_by_name(changed, named):
    expected = ["s", "d", "m"]
    expected[changed] = "other"
    with pytest.raises(InputError, match="cannot be resumed") as caught:
        checkpoints.require_same(record(2), tuple(expected))
    assert named in caught.value.why


def test_where_the_system_does_not_say_what_is_free_a_failed_save_still_says_what_failed(
    tmp_path, monkeypatch
):
    def mute(_folder):
        raise OSError(errno.ENOENT, "no such mount")

    def overflow(_folder):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr("shutil.disk_usage", mute)
    with pytest.raises(JobError, match="step 12") as caught:
        checkpoints.save(tmp_path, record(12), overflow)
    assert "no space left" in caught.value.why
    assert "free on the disk" not in caught.value.why
