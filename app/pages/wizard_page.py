"""What the pages share on which a run is set up: an error above, the run preview beside, the same ways on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from PySide6.QtCore import QObject, SignalInstance, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QWidget

from app.pages.run_preview import RunPreview
from app.widgets.error_panel import ErrorPanel
from app.widgets.error_text import ErrorText
from app.widgets.page_frame import PageFrame
from app.widgets.steps import SegmentedSteps
from core.errors import WorkbenchError


class WizardPage(PageFrame):
    """Choices from top to bottom; a page calls `add_preview` and `follow`, and says in `_show` what is shown.

    Args:
        view_model: The page's rules; it lives as long as the page.
        parent: Owner.
    """

    preview_card: RunPreview

    def __init__(self, view_model: QObject, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        view_model.setParent(self)
        self.error_panel = ErrorPanel(parent=self)
        self.error_panel.hide()
        self.top.addWidget(self.error_panel)

    def add_preview(self, start: str) -> None:
        """Puts the run preview with its Start button to the side."""
        self.preview_card = RunPreview(start, self)
        self.preview_card.command_copied.connect(self._on_command_copied)
        self.side.addWidget(self.preview_card)

    def follow(self, changed: SignalInstance, failed: SignalInstance, run_started: SignalInstance) -> None:
        """Shows what the view-model says; a run that was started is opened."""
        changed.connect(self._show)
        failed.connect(self._on_failed)
        run_started.connect(self._on_run_started)

    @Slot()
    def _show(self) -> None:
        raise NotImplementedError

    @Slot()
    def _on_add_model(self) -> None:
        self.page_requested.emit("models", "starter")

    @Slot()
    def _on_add_data(self) -> None:
        self.page_requested.emit("data", "starter")

    @Slot(str)
    def _on_run_started(self, run_id: str) -> None:
        self.error_panel.hide()
        self.page_requested.emit("run", run_id)

    @Slot()
    def _on_command_copied(self) -> None:
        self.notice_raised.emit(self.tr("The command is on the clipboard."), "accent")

    def hideEvent(self, event: QHideEvent) -> None:
        """An error was read when its page is left."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.error_panel.hide()

    @Slot(object)
    def _on_failed(self, error: WorkbenchError) -> None:
        self.error_panel.show_error(ErrorText.of(error))
        self.error_panel.show()


class Stepped(Protocol):
    """Rules with steps, of which the first that is not finished is the last one that can be gone to."""

    @property
    def step(self) -> str:
        """The first step that is not finished."""

    def is_open(self, step: Any) -> bool:
        """Whether a step can be gone to."""


class StepsPage(WizardPage):
    """A wizard page of which one step is open at a time."""

    steps: SegmentedSteps

    def add_steps(self, model: Stepped, keys: Sequence[str], titles: list[str]) -> None:
        """Puts the steps above everything; the first one is open."""
        self._stepped, self._keys, self._shown = model, keys, keys[0]
        self.steps = SegmentedSteps(titles, self)
        self.steps.step_requested.connect(self._on_step_requested)
        self.top.insertWidget(0, self.steps)

    def _show_steps(self) -> None:
        """Leaves a step that cannot be gone to any more, and marks the one that is open."""
        if not self._stepped.is_open(self._shown):
            self._shown = self._stepped.step
        self.steps.set_state(self._keys.index(self._shown), self._keys.index(self._stepped.step))

    def _go_to(self, step: str) -> None:
        self._shown = step if self._stepped.is_open(step) else self._stepped.step
        self._show()

    @Slot(int)
    def _on_step_requested(self, index: int) -> None:
        self._go_to(self._keys[index])
