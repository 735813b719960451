"""The steps of a wizard page as a row of pills."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from app.theme import restyle
from app.tokens import SPACE_S


class SegmentedSteps(QWidget):
    """Shows which steps are done, which one is open, and lets a person go to an open one.

    Args:
        titles: The steps in order.
        parent: Owner.
    """

    step_requested = Signal(int)

    def __init__(self, titles: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_S)
        self._titles = titles
        self._group = QButtonGroup(self)
        for index in range(len(titles)):
            button = QPushButton(self)
            button.setProperty("look", "step")
            button.setAutoDefault(False)
            self._group.addButton(button, index)
            row.addWidget(button)
        row.addStretch(1)
        self._group.idClicked.connect(self.step_requested)
        self.set_state(0, 0)

    def set_state(self, current: int, reachable: int) -> None:
        """Says where the person is.

        Args:
            current: The step that is shown.
            reachable: The last step whose predecessors are all valid; those before it are done.
        """
        for index, title in enumerate(self._titles):
            button = self._group.button(index)
            done = index < reachable and index != current
            state = "current" if index == current else "done" if done else "todo"
            button.setText(f"✓ {title}" if done else f"{index + 1} {title}")
            button.setEnabled(index <= reachable)
            words = {"current": self.tr("shown now"), "done": self.tr("done"), "todo": self.tr("to do")}
            button.setAccessibleName(
                self.tr("Step {number} of {count}, {title}, {state}").format(
                    number=index + 1, count=len(self._titles), title=title, state=words[state]
                )
            )
            restyle(button, step=state)
