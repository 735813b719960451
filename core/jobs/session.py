"""A chat: a child process that answers until it is closed. It is no run; nothing of it is stored."""

from __future__ import annotations

import queue
import shutil
from collections.abc import Iterator
from pathlib import Path

from core.errors import InputError, WorkbenchError, from_dict
from core.jobs import keys, run_folder
from core.jobs.child import Child, explain_exit, worker_command, worker_environment
from core.jobs.events import Event
from core.jobs.sampling import cores
from core.jobs.submission import require_suitable
from core.specs import ChatSpec, Spec
from core.workspace import overrides, scratch
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


def open_child(workspace: Workspace, spec: Spec, folder: Path, threads: int) -> Child:
    """Starts a job's child in a folder of its own, outside the store, with its inputs verified.

    Raises:
        WorkbenchError: An input was changed, or the process could not be started.
    """
    require_suitable(workspace, spec)
    inputs: dict[str, Artifact] = {}
    for ref in spec.inputs():
        artifact: Artifact | None = workspace.store.find_artifact(ref)
        if artifact is None:
            raise InputError(
                f"There is no artifact {ref!r}.", fix="Choose what exists.", code="input.unknown"
            )
        while artifact is not None:
            workspace.verified_folder(artifact)
            inputs[artifact.id] = artifact
            base = artifact.meta.get("base")
            artifact = (
                workspace.store.find_artifact(base) if isinstance(base, str) and base not in inputs else None
            )
    run_folder.write_job(
        folder,
        run_folder.Job(
            kind=spec.kind,
            name=spec.kind,
            spec=spec.model_dump(mode="json"),
            inputs={key: str(workspace.artifact_folder(key)) for key in inputs},
            resumed=False,
            threads=threads,
            used_anyway=overrides.used_anyway(workspace, inputs.values()),
        ),
    )
    child = Child(
        [*worker_command(), str(folder)], folder / "worker.log", worker_environment(threads), folder
    )
    keys.hand_over(child, inputs.values())
    return child


class ChatSession:
    """A loaded model that answers.

    Args:
        workspace: Where the model lives.
        spec: Which model, and how it answers.

    Raises:
        WorkbenchError: The model was changed, or the process could not be started.
    """

    def __init__(self, workspace: Workspace, spec: ChatSpec) -> None:
        self._folder = scratch.make(workspace.root, "chat")
        self._closed = False
        self._child = open_child(workspace, spec, self._folder, spec.threads or cores())

    @property
    def lines(self) -> queue.Queue[Event | None]:
        """Events as they come; None after the process has ended."""
        return self._child.lines

    def ask(self, messages: list[dict[str, str]]) -> None:
        """Asks for an answer to a conversation of `{"role", "content"}` turns."""
        self._child.send({"cmd": "ask", "messages": messages})

    def interrupt(self) -> None:
        """Ends the current answer."""
        self._child.send({"cmd": "interrupt"})

    def answer(self, messages: list[dict[str, str]]) -> Iterator[Event]:
        """Asks, and yields `token` events and the final `answer`.

        Raises:
            WorkbenchError: The model could not be loaded or died.
        """
        self.ask(messages)
        while True:
            event = self._child.lines.get()
            if event is None:
                raise self.failure()
            if event.ev == "error":
                raise from_dict({key: str(value) for key, value in event.fields.items()})
            yield event
            if event.ev == "answer":
                return

    def failure(self) -> WorkbenchError:
        """Why the process ended without a word."""
        code = self._child.poll()
        return from_dict(explain_exit(code if code is not None else 1, self._folder / "worker.log"))

    def close(self) -> None:
        """Ends the process and removes its folder."""
        if self._closed:
            return
        self._closed = True
        self._child.close()
        shutil.rmtree(self._folder, ignore_errors=True)
