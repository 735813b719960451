"""What a job's child does when nobody listens any more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_CHILD = """
import sys
from pathlib import Path
from core.jobs.context import JobContext

job = JobContext(Path("."), {}, sys.stdout)
while True:
    try:
        job.progress(0)
    except BaseException as error:
        sys.stderr.write(f"it went on: {error!r}")
        sys.exit(3)
"""


def test_a_child_whose_parent_has_gone_ends_without_a_word(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        start_new_session=True,
    )
    assert child.stdout
    child.stdout.readline()
    child.stdout.close()  # its stdin stays open: only the broken pipe tells it
    child.stdout = None
    _, said = child.communicate(timeout=60)
    assert child.returncode not in (0, 3)
    assert said == b""
