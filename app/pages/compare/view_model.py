"""Rules of the compare page: which board, which limits, what is chosen, and what keeps it from deployment."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.background import Background
from app.job_bridge import JobBridge
from app.pages.compare import board_reading
from app.pages.compare.board_reading import DisagreeingRow, Lacking, Reading, Stamp, Wish
from app.pages.deploy.receipt import Verdict as Receipt
from app.widgets.error_text import ErrorText
from core.errors import WorkbenchError
from core.models.board import axes, choice, export
from core.models.board.axes import AXES, Axis, Limits
from core.models.board.board import Board, Variant
from core.models.board.choice import Verdict
from core.models.board.evidence import Subject

_REST_MS = 200
_FIELDS = {"time": "time_ms", "memory": "memory_bytes", "disk": "disk_bytes", "right": "right"}


class CompareViewModel(QObject):
    """Reads a board on a thread and answers what the limits leave of it.

    Args:
        bridge: Knows the workspace.
        background: Reads.
        parent: Owner.

    Signals:
        board_changed: Another board, or none.
        filtered: Other limits, another choice, or other axes.
        rows_changed: Other rows on which the variants disagree.
        failed: The board cannot be read; an `ErrorText`.
        exported: A file was written.
        not_exported: It could not be; an `ErrorText`.
    """

    board_changed = Signal()
    filtered = Signal()
    rows_changed = Signal()
    failed = Signal(object)
    exported = Signal(str)
    not_exported = Signal(object)

    def __init__(self, bridge: JobBridge, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        background.setParent(self)
        self._workspace = bridge.workspace
        self._background = background
        self._stamp: Stamp | None = None
        self._receipts: dict[str, Receipt] = {}
        self._wish = Wish()
        self.is_shown = False
        self.is_read = False
        self.has_models = False
        self.lacking = Lacking()
        self.subjects: tuple[Subject, ...] = ()
        self.board: Board | None = None
        self.limits = Limits()
        self.foremost: Variant | None = None
        self.recommended: Variant | None = None
        self.chosen: Variant | None = None
        self.x_axis: Axis = "time"
        self.y_axis: Axis = "right"
        self.rows: list[DisagreeingRow] = []
        # Looking through all rows would slow the slider down, so it waits until that rests.
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._find_rows)
        bridge.library_changed.connect(self._on_library_changed)

    # --- reading ---

    def open(self, item_id: str = "") -> None:
        """Reads again what is shown; an id shows the board of a report, or a measured model among others."""
        if item_id:
            self._wish = Wish(item=item_id)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Reads the stored evaluations again; nothing changes where they are the same."""
        workspace, wish, known = self._workspace, self._wish, self._stamp

        def work(_cancelled: threading.Event) -> Reading | None:
            return board_reading.read(workspace, wish, known)

        self._background.run("board", work, self._on_read, self._on_failed)

    @Slot()
    def _on_library_changed(self) -> None:
        if self.is_shown:
            self.refresh()

    def choose_subject(self, place: int) -> None:
        """Shows another board of the list."""
        self._wish = Wish.of(self.subjects[place])
        self.refresh()

    @property
    def subject(self) -> Subject | None:
        """What the board is about."""
        return self.board.subject if self.board is not None else None

    def _on_read(self, found: Reading | None) -> None:
        self.is_read = True
        wished = self._wish.item
        if found is not None:
            before = Wish.of(self.subject)
            self._stamp, self.subjects, self.board = found.stamp, found.subjects, found.board
            if Wish.of(self.subject) != before:
                self.limits = Limits()
            self._receipts, self.has_models = found.receipts, found.has_models
            self.lacking = found.lacking
            chosen = self.chosen.id if self.chosen is not None else ""
            self.chosen = self.board.variant(chosen) if self.board is not None else None
            self._wish = Wish.of(self.subject)
            self._decide()
        if wished and self.board is not None:
            self.chosen = self.board.variant(wished)
        if found is not None:
            self.board_changed.emit()
        if found is not None or wished:
            self.filtered.emit()
            self._find_rows()

    def _on_failed(self, error: WorkbenchError) -> None:
        self.is_read = True
        self.failed.emit(ErrorText.of(error))

    # --- limits and choice ---

    def set_limit(self, axis: Axis, limit: float | None) -> None:
        """Sets what a model must keep to on an axis."""
        before = self.focus
        self.limits = replace(self.limits, **{_FIELDS[axis]: limit})
        self._decide()
        self.filtered.emit()
        if self.focus is not before:
            self._rest.start()

    def _decide(self) -> None:
        self.foremost = choice.foremost(self.board, self.limits) if self.board is not None else None
        self.recommended = choice.recommend(self.board, self.limits) if self.board is not None else None

    @Slot(str)
    def choose(self, variant_id: str) -> None:
        """Chooses a variant; the foremost one's id, or an empty one, leaves it at that."""
        found = self.board.variant(variant_id) if self.board is not None else None
        if found is self.foremost:
            found = None
        if found is not self.chosen:
            self.chosen = found
            self.filtered.emit()
            self._find_rows()

    def set_axes(self, x_axis: Axis, y_axis: Axis) -> None:
        """What the picture shows."""
        if (x_axis, y_axis) != (self.x_axis, self.y_axis):
            self.x_axis, self.y_axis = x_axis, y_axis
            self.filtered.emit()

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes on which at least one variant was measured."""
        if self.board is None:
            return ()
        return tuple(
            axis for axis in AXES if any(axes.value(item, axis) is not None for item in self.board.variants)
        )

    @property
    def focus(self) -> Variant | None:
        """The variant that is spoken of: the chosen one, or the one that stands out."""
        return self.chosen or self.foremost

    @property
    def verdict(self) -> Verdict | None:
        """What is to be said of it."""
        if self.board is None or self.focus is None:
            return None
        return choice.judge(self.board, self.focus, self.limits, self.recommended)

    @property
    def pair(self) -> tuple[Variant, Variant] | None:
        """Two to chat with: the one that is spoken of, and the best other one."""
        if self.board is None or len(self.board.variants) < 2:
            return None
        order = self.board.best_first()
        one = self.focus or order[0]
        return one, next(item for item in order if item is not one)

    def is_out(self, variant: Variant) -> bool:
        """Whether it does not keep a limit."""
        return self.board is not None and bool(axes.broken(self.board, variant, self.limits))

    def receipt(self, variant: Variant) -> Receipt:
        """What its export's receipt says."""
        return self._receipts.get(variant.member.artifact_id, Receipt())

    def export(self, path: Path, picture: bytes) -> None:
        """Writes the board as it is limited now; of a picture what is given.

        A file that is there is replaced: the dialog has asked.
        """
        made, limits = self.board, self.limits
        if made is None:
            return

        def work(_cancelled: threading.Event) -> str:
            if path.suffix.lower() == ".png":
                export.save(path, picture)
            else:
                export.write(made, limits, path, replace=True)
            return str(path)

        self._background.run("export", work, self.exported.emit, self._on_not_exported)

    def _on_not_exported(self, error: WorkbenchError) -> None:
        self.not_exported.emit(ErrorText.of(error))

    @property
    def is_busy(self) -> bool:
        """Whether something is being read or written in the background."""
        keys = ("board", "rows", "export")
        return self._rest.isActive() or any(self._background.is_busy(key) for key in keys)

    # --- rows ---

    @Slot()
    def _find_rows(self) -> None:
        self._rest.stop()
        made, focus = self.board, self.focus
        if made is None:
            self._on_rows([])
            return

        def work(_cancelled: threading.Event) -> list[DisagreeingRow]:
            return board_reading.disagreeing(made, focus)

        self._background.run("rows", work, self._on_rows, self._on_failed)

    def _on_rows(self, rows: list[DisagreeingRow]) -> None:
        self.rows = rows
        self.rows_changed.emit()
