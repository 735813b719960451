"""What a run has found so far, on the disk as it is found, so that a killed one goes on where it was.

A file each, with its own SHA-256 in front, written whole or not at all; one that does not verify is found
again. The folder's name is made of everything that decides what is in it, so that nothing of another model,
other rows or other versions is ever taken over.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.engines import merging
from core.engines.measuring import machine
from core.errors import JobError
from core.workspace import durable

if TYPE_CHECKING:
    from core.jobs.context import JobContext
    from core.specs import PruneSpec, QuantizeSpec

_FOLDER = "kept"
_DIGEST = 64


class Kept:
    """The pieces of one run.

    Args:
        folder: The run's.
        facts: What decides them.
    """

    def __init__(self, folder: Path, **facts: Any) -> None:
        said = json.dumps({**facts, "versions": machine.versions()}, sort_keys=True)
        self._root = folder / _FOLDER
        self._folder = self._root / digest(said)

    def value(self, name: str) -> Any | None:
        """What was put under a name; None when there is none that verifies."""
        data = self._read(name)
        return None if data is None else json.loads(data)

    def put(self, name: str, value: Any) -> None:
        """Keeps plain figures; floats come back to the bit."""
        self._write(name, json.dumps(value).encode())

    def tensors(self, name: str) -> dict[str, Any] | None:
        """Torch tensors by name; None when there are none that verify."""
        from safetensors.torch import load

        data = self._read(name)
        return None if data is None else load(data)

    def put_tensors(self, name: str, tensors: dict[str, Any]) -> None:
        """Keeps torch tensors."""
        from safetensors.torch import save

        self._write(name, save(tensors))

    def has(self, name: str) -> bool:
        """Whether something that verifies is kept under a name."""
        return self._read(name) is not None

    def clear(self) -> None:
        """Lets all of it go, once the run has its result."""
        shutil.rmtree(self._root, ignore_errors=True)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found yet."""
        return not self._folder.is_dir() or not any(self._folder.iterdir())

    def _read(self, name: str) -> bytes | None:
        try:
            data = (self._folder / name).read_bytes()
        except OSError:
            return None
        said, found = data[:_DIGEST], data[_DIGEST:]
        return found if hashlib.sha256(found).hexdigest().encode() == said else None

    def _write(self, name: str, data: bytes) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            durable.write_bytes(self._folder / name, hashlib.sha256(data).hexdigest().encode() + data)
        except OSError as error:
            raise JobError(
                "What was found so far could not be kept.",
                why=str(error)[:200],
                fix="Free some space, then resume the run; it goes on from what was kept before.",
                code="job.checkpoint",
                details=str(error),
            ) from error


def digest(text: str) -> str:
    """A short name for a long text."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def of_run(job: JobContext, spec: PruneSpec | QuantizeSpec) -> Kept:
    """What an earlier try of this very run has found."""
    from core.engines.training import examples

    return Kept(
        job.folder,
        spec=spec.digest(),
        model=merging.digest(job, spec.model),
        data=examples.digest(job.input(spec.data)) if spec.data else "",
    )
