"""What the files of the chosen model and data say of a pruning; read in a thread, for they are large."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.background import Background
from core.data.dataset import SPLITS, Dataset
from core.errors import CancelledError, InputError, WorkbenchError
from core.models import records
from core.models.pruning import refusal, vocabulary
from core.models.pruning.sizes import Sizes
from core.workspace.workspace import Workspace

#: Rows whose words are looked at; in more of them few new words come.
_ROWS = 20_000


@dataclass(frozen=True)
class Source:
    """What is known of a model.

    Attributes:
        sizes: Of its parts.
        tokenizer_bytes: Size of its tokenizer's file.
        whole_only: Why its vocabulary cannot be cut; empty when it can.
    """

    sizes: Sizes
    tokenizer_bytes: int
    whole_only: str


class SourceModel(QObject):
    """Reads the model and the data it was last asked about.

    Args:
        workspace: Where both are.
        parent: Owner.

    Signals:
        changed: More is known, or less.
        failed: Something is damaged; a `WorkbenchError`.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = Background(self)
        self._model: str | None = None
        self._data: str | None = None
        self.source: Source | None = None
        #: Why the model cannot be cut at all.
        self.refused: InputError | None = None
        #: About how many tokens the data needs; None until they were counted.
        self.needed: int | None = None

    @property
    def is_looking(self) -> bool:
        """Whether the model is still being read."""
        return self._background.is_busy("source")

    @property
    def is_counting(self) -> bool:
        """Whether the data's tokens are still being counted."""
        return self._background.is_busy("tokens")

    def ask(self, model: str | None, data: str | None) -> None:
        """Changes the question; None asks nothing."""
        if (model, data) == (self._model, self._data):
            return
        if model != self._model:
            self._model, self.source, self.refused = model, None, None
            self._look()
        self._data, self.needed = data, None
        self._count()

    # --- inside ---

    def _look(self) -> None:
        self._background.cancel("source")
        model, workspace = self._model, self._workspace
        if model is None:
            return

        def work(_cancelled: threading.Event) -> Source | InputError:
            artifact = workspace.artifact(model, "model")
            try:
                return look(refusal.folders_of(workspace, artifact), artifact.name)
            except InputError as error:
                return error

        self._background.run("source", work, self._on_looked, self._on_failed)

    def _count(self) -> None:
        self._background.cancel("tokens")
        if self._data is None or self.source is None or self.source.whole_only:
            return
        model, data, workspace = self._model, self._data, self._workspace

        def work(cancelled: threading.Event) -> int:
            folders = refusal.folders_of(workspace, workspace.artifact(model or "", "model"))
            return count(folders, Dataset(workspace.artifact_folder(data)), cancelled)

        self._background.run("tokens", work, self._on_counted, self._on_failed)

    def _on_looked(self, found: Source | InputError) -> None:
        if isinstance(found, InputError):
            self.refused = found
        else:
            self.source = found
            self._count()
        self.changed.emit()

    def _on_counted(self, needed: int) -> None:
        self.needed = needed
        self.changed.emit()

    def _on_failed(self, error: WorkbenchError) -> None:
        self.failed.emit(error)
        self.changed.emit()


def look(folders: tuple[Path, ...], name: str) -> Source:
    """Reads what a model's small files say.

    Raises:
        InputError: It cannot be cut.
    """
    sizes = refusal.prunable(folders, name)
    document = vocabulary.document_of(folders)
    why = ""
    try:
        vocabulary.require_byte_level(document, name)
    except InputError as error:
        why = error.why
    file = next((path for folder in folders if (path := folder / vocabulary.TOKENIZER).exists()), None)
    return Source(sizes, file.stat().st_size if file is not None else 0, why)


def count(folders: tuple[Path, ...], data: Dataset, cancelled: threading.Event) -> int:
    """About how many of a model's tokens the training and validation rows need.

    Raises:
        CancelledError: Nobody waits for it any more.
    """
    template = folders[0] / records.TEMPLATE
    said = template.read_text(encoding="utf-8") if template.is_file() else ""
    document: dict[str, Any] = vocabulary.document_of(folders)
    return vocabulary.estimate(document, said, _texts(data, cancelled))


def _texts(data: Dataset, cancelled: threading.Event) -> Iterator[str]:
    for split in SPLITS:
        if split == "test":
            continue
        for row in islice(data.rows(split), _ROWS):
            if cancelled.is_set():
                raise CancelledError("It is no longer wanted.")
            yield from (message["content"] for message in data.messages(row))
