"""The only place that writes what must survive a kill or a power cut.

The order is always: write under a temporary name, fsync the file, rename, fsync the folder. A folder is
complete when its manifest, written last, verifies (`core.workspace.manifest`).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

_points_passed = 0


def point(name: str) -> None:
    """Marks a moment at which a crash must leave the old state or the new one, never a mixture.

    With `SLM_WORKBENCH_KILL_AT=n` in the environment the process kills itself at its n-th point: that is how
    the tests reach every one of them.

    Args:
        name: What is about to happen, for the test's report.
    """
    global _points_passed
    wanted = os.environ.get("SLM_WORKBENCH_KILL_AT")
    if wanted is None:
        return
    _points_passed += 1
    if _points_passed == int(wanted):
        os.write(2, f"killed at point {_points_passed}: {name}\n".encode())
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def sync_folder(folder: Path) -> None:
    """Makes renames inside `folder` durable. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Flushes one file's content to the disk."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def write_bytes(path: Path, data: bytes) -> None:
    """Replaces `path` by `data`: after a crash it holds the old content or the new, whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            point(f"fsync {path.name}")
            os.fsync(file.fileno())
        point(f"rename {path.name}")
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    point(f"sync folder of {path.name}")
    sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Like `write_bytes`, in UTF-8."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Like `write_text`, as indented JSON."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def append_line(path: Path, line: str) -> None:
    """Adds a line to a file; when this returns, it is on the disk."""
    fresh = not path.exists()
    with open(path, "ab") as file:
        file.write(line.encode("utf-8") + b"\n")
        file.flush()
        point(f"fsync {path.name}")
        os.fsync(file.fileno())
    if fresh:
        sync_folder(path.parent)


def whole_lines(path: Path) -> list[str]:
    """The lines of a file that `append_line` writes; one that a crash cut off is taken away."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        with open(path, "rb+") as file:
            file.truncate(whole)
            os.fsync(file.fileno())
    return data[:whole].decode("utf-8").split("\n")[:-1]


def sync_tree(folder: Path) -> None:
    """Flushes every file and folder below `folder`, deepest first."""
    for root, _folders, files in os.walk(folder, topdown=False):
        for name in files:
            point(f"fsync {name}")
            sync_file(Path(root, name))
        sync_folder(Path(root))


def commit_folder(staged: Path, final: Path) -> None:
    """Moves a finished folder to its final name on the same disk, durably.

    Raises:
        FileExistsError: `final` exists; nothing was changed.
    """
    if final.exists():
        raise FileExistsError(final)
    sync_tree(staged)
    final.parent.mkdir(parents=True, exist_ok=True)
    point(f"rename folder {final.name}")
    os.rename(staged, final)
    point(f"sync parent of {final.name}")
    sync_folder(final.parent)


def remove_folder(folder: Path) -> None:
    """Deletes a folder such that a crash half-way leaves it under a name that nobody reads.

    Asked again, it also deletes what a crash has left.
    """
    doomed = _doomed(folder)
    if doomed.exists():
        shutil.rmtree(doomed)
    if not folder.exists():
        return
    os.rename(folder, doomed)
    point(f"remove {folder.name}")
    shutil.rmtree(doomed, ignore_errors=True)


def leaves_anything(folder: Path) -> bool:
    """Whether a folder is there, or a half of it that a crash during its removal has left."""
    return folder.exists() or _doomed(folder).exists()


def _doomed(folder: Path) -> Path:
    return folder.with_name(f".removed-{folder.name}")
