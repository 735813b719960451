"""Rules of a download from the hub: each question to it and each download needs a press of its own."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QObject, Signal, Slot

from app.background import Background
from app.job_bridge import JobBridge
from app.widgets.error_text import ErrorText
from core.errors import WorkbenchError
from core.models import hub
from core.specs import DownloadDataSpec, DownloadModelSpec, Spec
from core.workspace.workspace import check_name

Type = Literal["model", "dataset"]
Blocker = Literal["", "reference", "asking", "name", "name_taken"]


class HubViewModel(QObject):
    """First asks the hub what it has under a name, then queues the download of exactly that.

    Args:
        bridge: Takes the spec and runs it, and knows the workspace.
        type: What is looked for.

    Signals:
        changed: The offer, a refusal, or what blocks the next press is different now.
        queued: The `Run` that downloads.
    """

    changed = Signal()
    queued = Signal(object)

    def __init__(self, bridge: JobBridge, type: Type, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._background = Background(self)
        self.type = type
        self.offer: hub.Offer | None = None
        self.error: ErrorText | None = None
        self._text = self._file = self._name = ""

    @property
    def host(self) -> str:
        """Who would be asked."""
        return hub.host()

    @property
    def sends_token(self) -> bool:
        """Whether the hub would learn who asks."""
        return hub.token() is not None

    @property
    def name(self) -> str:
        """How the result will be called: as typed, or after the name on the hub."""
        if self._name or self.offer is None:
            return self._name
        return self._bridge.workspace.free_name(self.offer.reference.name, self.type)

    @property
    def blocker(self) -> Blocker:
        """What keeps the next press from doing something, or an empty text."""
        if self._background.is_busy("ask"):
            return "asking"
        if self.offer is None:
            return "" if self._text else "reference"
        try:
            name = check_name(self.name)
        except WorkbenchError:
            return "name"
        return "name_taken" if self._bridge.workspace.store.find_artifact(name, self.type) else ""

    @Slot(str)
    def set_reference(self, text: str) -> None:
        """`OWNER/NAME`, also with `hf:` before it and `@REVISION` behind; an earlier offer is forgotten."""
        self._text = text.strip()
        self._forget()

    @Slot(str)
    def set_file(self, file: str) -> None:
        """The file of a data set that has several."""
        self._file = file.strip()
        self._forget()

    @Slot(str)
    def set_name(self, name: str) -> None:
        """Names the result; empty goes back to the suggestion."""
        self._name = name.strip()
        self.changed.emit()

    @Slot()
    def ask(self) -> None:
        """Asks the hub what it has under that name, on a thread."""
        if self.blocker or self.offer is not None:
            return
        text = self._text if hub.is_reference(self._text) else hub.PREFIX + self._text
        file, is_model = self._file, self.type == "model"

        def work(_cancelled: threading.Event) -> hub.Offer:
            reference = hub.parse(text)
            if is_model:
                return hub.model_offer(reference)
            return hub.data_offer(replace(reference, file=file) if file else reference)

        self.error = None
        self._background.run("ask", work, self._on_offer, self._on_refused)
        self.changed.emit()

    @Slot()
    def download(self) -> None:
        """Queues the download of what was offered; does nothing while something blocks it."""
        if self.blocker or self.offer is None:
            return
        source, name = str(self.offer.reference), self.name
        kind = DownloadModelSpec if self.type == "model" else DownloadDataSpec
        spec: Spec = kind(source=source, name=name)
        try:
            run = self._bridge.submit(spec, name)
        except WorkbenchError as error:
            self._on_refused(error)
            return
        self.queued.emit(run)

    def close(self) -> None:
        """Drops a question that was not answered yet."""
        self._background.close()

    def _forget(self) -> None:
        self._background.cancel("ask")
        self.offer = self.error = None
        self.changed.emit()

    def _on_offer(self, offer: hub.Offer) -> None:
        self.offer = offer
        self.changed.emit()

    def _on_refused(self, error: WorkbenchError) -> None:
        text = ErrorText.of(error)
        if error.code == "hub.file":  # its fix says how the command is told
            text = replace(text, fix=self.tr("Write the name of one of them into the field “File”."))
        self.error = text
        self.changed.emit()
