"""A disk that fills up at any moment of a training costs nothing but time."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.crash.lab import Lab

LEVELS = 13


def can_mount() -> bool:
    """Whether this user may have mounts of its own."""
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(
        ["unshare", "-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], capture_output=True, check=False
    )
    return tried.returncode == 0


pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not can_mount(), reason="needs user namespaces to mount a small disk"),
    pytest.mark.timeout(280),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("disk"), before=("unshare", "-rm"))
    yield lab
    lab.close()


def mount(lab: Lab, run: str, kb: int) -> None:
    assert lab.send({"mount": str(lab.folder / run), "kb": kb}) == {"exit": 0}


def size_kb(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // 1024


def test_training_goes_on_after_space_is_freed_wherever_the_disk_was_full(lab):
    """Thirteen sizes of the disk, from room for nearly nothing to nearly enough."""
    needed = size_kb(lab.folder / "reference")
    for level in range(1, LEVELS + 1):
        run = f"level-{level}"
        events = str(lab.folder / f"{run}.jsonl")
        mount(lab, run, max(4, needed * level // (LEVELS + 1)))
        assert lab.ask(run, events=events) == {"exit": 1}, f"level {level} did not fill the disk"
        mount(lab, run, 20 * needed)
        assert lab.finish(run, events=events, resumed=True) == lab.reference, f"level {level}"


def test_the_error_says_what_to_do(lab):
    run = "said"
    needed = size_kb(lab.folder / "reference")
    mount(lab, run, needed // 2)
    lab.ask(run, events=str(lab.folder / "said.jsonl"))
    assert "could not be saved" in lab.said or "No space left" in lab.said
