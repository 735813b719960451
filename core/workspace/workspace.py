"""The folder that holds a user's work: database, artifacts, runs.

workbench.db            runs, artifacts, lineage, metrics
artifacts/<id>/         immutable, each with manifest.json
runs/<id>/              spec.json, job.json, events.jsonl, worker.log, out/, checkpoints/ (until succeeded)
execution.lock          held by the process that executes jobs or migrates
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock, Timeout

from core.errors import InputError, IntegrityError, InUseError
from core.workspace import durable, manifest, schema
from core.workspace.records import Artifact
from core.workspace.store import Store

_NAME = re.compile(r"^[\w][\w .+\-]{0,99}$")
_WORDS = {"dataset": ("data set", "data"), "model": ("model", "models"), "report": ("report", "runs")}
#: The command that removes an artifact of a type; a report goes with its run.
_REMOVES = {"dataset": "data", "model": "models", "package": "models"}


def default_root() -> Path:
    """`SLM_WORKBENCH_HOME`, or the platform's place for a user's application data."""
    chosen = os.environ.get("SLM_WORKBENCH_HOME")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("slm-workbench"))


def check_name(name: str) -> str:
    """Returns the name, stripped.

    Raises:
        InputError: It could not be used as a name everywhere.
    """
    name = name.strip()
    if not _NAME.match(name):
        raise InputError(
            f"{name!r} cannot be used as a name.",
            why="A name starts with a letter or digit and has at most 100 letters, digits, spaces or . _ - +",
            fix="Choose another name.",
            code="name.invalid",
        )
    return name


class Workspace:
    """An opened workspace. Reading always works; executing jobs needs `execution_lock`."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.artifacts_root = self.root / "artifacts"
        self.runs_root = self.root / "runs"
        try:
            for folder in (self.root, self.artifacts_root, self.runs_root):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise InputError(
                f"The workspace {root} cannot be used.",
                why=str(error),
                fix="Choose a folder you may write to with --workspace.",
                code="workspace.unusable",
            ) from error
        self._lock = FileLock(self.root / "execution.lock")
        database = self.root / "workbench.db"
        if not schema.is_current(database):
            with self.execution_lock(timeout_s=10.0):
                if not schema.is_current(database):
                    schema.migrate(database)
        self.store = Store(database)

    def close(self) -> None:
        """Gives back the database."""
        self.store.close()

    @contextmanager
    def execution_lock(self, timeout_s: float = 0.0) -> Iterator[None]:
        """The right to execute jobs, for one process at a time; the system frees it when a process dies.

        Raises:
            InUseError: Another process has it.
        """
        try:
            if self._lock.is_locked:  # filelock would let its owner in again
                raise Timeout(self._lock.lock_file)
            self._lock.acquire(timeout=timeout_s)
        except Timeout as error:
            busy = ("starting", "running", "stopping")
            run = next((run.id for run in self.store.runs() if run.state in busy), "R")
            raise InUseError(
                f"Another SLM Workbench is running a job in {self.root}.",
                why="One job at a time keeps your work safe and the computer usable.",
                fix=f"Wait for it, or stop it with `slm-workbench runs stop {run}`.",
            ) from error
        try:
            yield
        finally:
            self._lock.release()

    # --- names ---

    def artifact(self, ref: str, type: str) -> Artifact:
        """An artifact by id or name.

        Raises:
            InputError: There is none of that type; says which exist.
        """
        found = self.store.find_artifact(ref, type)
        if found is not None:
            return found
        noun, command = _WORDS.get(type, (type, "runs"))
        known = [item.name for item in self.store.artifacts(type)]
        names = ", ".join(known[:8])
        near = difflib.get_close_matches(ref, known, 1)
        raise InputError(
            f"There is no {noun} {ref!r} in this workspace.",
            why=f"It has {names}." if names else f"It has no {noun} yet.",
            fix=f"Did you mean {near[0]}?"
            if near
            else f"`slm-workbench {command} add …` adds one; `slm-workbench {command} list` shows them.",
            code=f"{type}.unknown",
        )

    def require_free_name(self, name: str, type: str) -> str:
        """Returns the checked name.

        Raises:
            InputError: The name is taken or unusable.
        """
        name = check_name(name)
        if self.store.find_artifact(name, type) is not None:
            noun, command = _WORDS.get(type, (type, "runs"))
            raise InputError(
                f"The name {name!r} is already taken by a {noun}.",
                fix=f"Choose another name, or remove that one: `slm-workbench {command} remove {name}`.",
                code="name.taken",
            )
        return name

    def free_name(self, wish: str, type: str, run_id: str = "") -> str:
        """`wish`, or `wish-2`, `wish-3`, … whichever is free first.

        Args:
            wish: What is best.
            type: Artifacts that it must differ from.
            run_id: Run that names what it made; of other ones that wait or work, the names are taken.
        """
        wish = re.sub(r"[^\w .+\-]", "-", wish).strip(" .-+") or type
        taken = {item.name for item in self.store.artifacts(type)}
        taken |= {run.name for run in self.store.open_runs() if run.id != run_id}
        name, number = wish[:90], 1
        while name in taken:
            number += 1
            name = f"{wish[:90]}-{number}"
        return name

    # --- artifacts ---

    def artifact_folder(self, artifact_id: str) -> Path:
        """Where an artifact's files are."""
        return self.artifacts_root / artifact_id

    def run_folder(self, run_id: str) -> Path:
        """Where a run keeps its spec, events, log and checkpoints."""
        return self.runs_root / run_id

    def verified_folder(self, artifact: Artifact) -> Path:
        """The artifact's folder after comparing every byte with the manifest known to the store.

        Raises:
            IntegrityError: Something was changed.
        """
        folder = self.artifact_folder(artifact.id)
        try:
            found = manifest.verify(folder)
        except IntegrityError as error:
            raise self.damaged(artifact, error.why, error.details) from error
        if found.digest != artifact.digest:
            raise self.damaged(artifact, "Its manifest was replaced.")
        return folder

    def damaged(self, artifact: Artifact, why: str, details: str = "") -> IntegrityError:
        """Says it by the name that the person knows, with the commands that make it again."""
        steps = []
        if artifact.type in _REMOVES:
            steps.append(f"`slm-workbench {_REMOVES[artifact.type]} remove {shlex.quote(artifact.name)}`")
        run = self.store.maker(artifact)
        again = f"`slm-workbench runs repeat {run.id}`" if run is not None else "add it again"
        return IntegrityError(
            f"{artifact.name} is not what it was when it was made.",
            why=why,
            fix=f"Make it again: {', then '.join([*steps, again])}.",
            details=details,
        )

    def take_artifact(
        self, run_id: str, staged: Path, type: str, name: str, meta: dict[str, Any]
    ) -> Artifact:
        """Verifies a sealed folder of a run and moves it into the workspace.

        A resumed run may leave an artifact of the same name again; the earlier, partial one is renamed.

        Raises:
            IntegrityError: The folder does not match its manifest.
        """
        sealed = manifest.verify(staged)
        artifact_id = hashlib.sha256(f"{run_id}/{staged.name}/{sealed.digest}".encode()).hexdigest()[:16]
        final = self.artifact_folder(artifact_id)
        known = self.store.find_artifact(artifact_id)
        if known is not None:
            durable.remove_folder(staged)
            return known
        if final.exists():  # moved, but the process died before it was listed
            durable.remove_folder(final)
        durable.commit_folder(staged, final)
        earlier = self.store.find_artifact(name, type)
        if earlier is not None and earlier.run_id == run_id:
            self.store.rename_artifact(earlier.id, self.free_name(f"{name}-partial", type))
        artifact = Artifact(
            id=artifact_id,
            type=type,
            name=self.free_name(name, type, run_id),
            digest=sealed.digest,
            bytes=sealed.total_bytes,
            created_at=time.time(),
            run_id=run_id,
            meta=meta,
        )
        self.store.add_artifact(artifact)
        return artifact

    def remove_artifact(self, artifact: Artifact) -> None:
        """Deletes an artifact's files and forgets it."""
        self.store.remove_artifact(artifact.id)
        durable.remove_folder(self.artifact_folder(artifact.id))
