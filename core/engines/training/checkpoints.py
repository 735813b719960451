"""Checkpoints that a kill, a full disk or a flipped bit cannot turn into a wrong continuation.

A checkpoint takes shape under a temporary name; its manifest is written last; then it is renamed. Resume
takes the newest whose every byte verifies. The stock trainer failed to resume after 9 of 50 kills when
measured, since it trusts whatever folder has the highest number.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError

from core.errors import InputError, IntegrityError, JobError
from core.jobs.sampling import free_disk_bytes
from core.workspace import durable, manifest

KEPT = 2
_RECORD = "checkpoint.json"
_PREFIX = "step-"


class Record(BaseModel):
    """What a checkpoint belongs to, and the figures that must survive a resume."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    step: int
    spec: str
    data: str
    model: str
    trained_s: float
    recent_losses: tuple[float, ...] = ()
    best_step: int | None = None
    best_loss: float | None = None
    looks_since_best: int = 0

    @property
    def belongs_to(self) -> tuple[str, str, str]:
        """Digests of spec, data and model."""
        return self.spec, self.data, self.model


def save(folder: Path, record: Record, fill: Callable[[Path], None]) -> Path:
    """Writes one checkpoint durably, then removes all but the newest `KEPT` and the best one.

    Args:
        folder: Where the run's checkpoints are.
        record: Its description.
        fill: Writes weights and states into a folder.

    Raises:
        JobError: It could not be written; the checkpoints before it are untouched.
    """
    final = folder / f"{_PREFIX}{record.step}"
    staged = folder / f".{final.name}.tmp"
    try:
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        fill(staged)
        durable.point("checkpoint filled")
        durable.write_text(staged / _RECORD, record.model_dump_json(indent=1) + "\n")
        manifest.write(staged)
        durable.remove_folder(final)  # one of the same step that did not verify
        durable.commit_folder(staged, final)
    except (OSError, RuntimeError, SafetensorError) as error:  # torch reports a full disk as RuntimeError
        shutil.rmtree(staged, ignore_errors=True)
        free = free_disk_bytes(folder)
        room = "" if free is None else f"{free / 1e9:.2f} GB are free on the disk of {folder}; "
        raise JobError(
            f"The checkpoint of step {record.step} could not be saved.",
            why=f"{room}the system says: {str(error)[:200]}",
            fix="Free some space, then resume the run; it goes on from the checkpoint before.",
            code="job.checkpoint",
            details=str(error),
        ) from error
    durable.point("checkpoint committed")
    for old in _steps(folder)[:-KEPT]:
        if old == record.best_step:
            continue
        durable.remove_folder(folder / f"{_PREFIX}{old}")
    return final


def newest(folder: Path, warn: Callable[[str], None]) -> tuple[Path, Record] | None:
    """The newest checkpoint that verifies; `warn` hears which do not. Clears half-written ones away."""
    if not folder.is_dir():
        return None
    for leftover in folder.glob(".*"):
        shutil.rmtree(leftover, ignore_errors=True)
    for step in reversed(_steps(folder)):
        if found := at_step(folder, step, warn):
            return found
    return None


def at_step(folder: Path, step: int, warn: Callable[[str], None]) -> tuple[Path, Record] | None:
    """The checkpoint of a step if every byte of it verifies; `warn` hears why not."""
    path = folder / f"{_PREFIX}{step}"
    try:
        manifest.verify(path)
        return path, Record.model_validate_json((path / _RECORD).read_bytes())
    except (IntegrityError, ValidationError, OSError) as error:
        reason = error.why if isinstance(error, IntegrityError) else str(error).splitlines()[0]
        warn(f"The checkpoint of step {step} is damaged and is not used: {reason}")
        return None


def require_same(record: Record, expected: tuple[str, str, str]) -> None:
    """Refuses to continue something else than what was begun.

    Raises:
        InputError: The spec, the data or the model is not the one of the checkpoint.
    """
    names = ("settings", "data", "model")
    changed = [
        name for name, ours, theirs in zip(names, expected, record.belongs_to, strict=True) if ours != theirs
    ]
    if changed:
        raise InputError(
            "The run cannot be resumed.",
            why=f"Its {' and '.join(changed)} changed since the last checkpoint.",
            fix="Start a new run with the new settings or data.",
            code="input.changed",
        )


def _steps(folder: Path) -> list[int]:
    names = (path.name.removeprefix(_PREFIX) for path in folder.glob(f"{_PREFIX}*"))
    return sorted(int(name) for name in names if name.isdigit())
