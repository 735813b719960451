"""Endpoints and their keys: added by a job, kept where keys belong, never in a file of ours."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from app.background import Background
from app.job_bridge import JobBridge
from app.pages.library_jobs import LibraryJobs
from core.errors import WorkbenchError
from core.jobs import keys
from core.models import endpoints
from core.specs import AddEndpointSpec
from core.workspace.records import Artifact


class EndpointsModel(QObject):
    """Adds endpoints, and gives them keys off the GUI thread: a keyring may ask for its password.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
        parent: Owner.

    Signals:
        changed: An endpoint is being added, or was.
        added: Id of an endpoint that is there now.
        key_kept: Whether the key lasts beyond this session.
        failed: An error.
        run_failed: A run that did not add its endpoint.
    """

    changed = Signal()
    added = Signal(str)
    key_kept = Signal(bool)
    key_forgotten = Signal()
    failed = Signal(object)
    run_failed = Signal(object)

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._background = Background(self)
        self.jobs = LibraryJobs(bridge, AddEndpointSpec.kind, self)
        self.jobs.changed.connect(self.changed)
        self.jobs.succeeded.connect(self._on_added)
        self.jobs.failed.connect(self.run_failed)

    def close(self) -> None:
        """Drops what is under way."""
        self._background.close()

    def add(self, spec: AddEndpointSpec, key: str) -> None:
        """Queues the job that takes note of an endpoint, and keeps its key."""
        try:
            run = self._bridge.submit(spec, spec.name)
        except WorkbenchError as error:
            self.failed.emit(error)
            return
        self.jobs.watch(run)
        if key:
            self._keep(endpoints.normalised(spec.url).partition("://")[2], key, None)
        self.changed.emit()

    def give_key(self, artifact: Artifact, key: str, then: Callable[[], None] | None = None) -> None:
        """Keeps a key of an endpoint and goes on; an empty one forgets it."""
        account = keys.account_of(artifact)
        if account is None:
            return
        if key:
            self._keep(account, key, then)
        else:
            self._background.run(
                "key", lambda _cancelled: keys.forget(account), self._on_forgotten, self.failed.emit
            )

    def _keep(self, account: str, key: str, then: Callable[[], None] | None) -> None:
        def work(_cancelled: threading.Event) -> bool:
            return keys.keep(account, key)

        def done(lasts: bool) -> None:
            self.key_kept.emit(lasts)
            if then is not None:
                then()

        self._background.run("key", work, done, self.failed.emit)

    def _on_forgotten(self, _nothing: None) -> None:
        self.key_forgotten.emit()

    @Slot(str)
    def _on_added(self, run_id: str) -> None:
        made = self._bridge.workspace.store.artifacts("model", run_id)
        if made:
            self.added.emit(made[0].id)
