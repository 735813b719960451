"""A line for a file or folder: typed, chosen in a dialog, or dropped."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.theme import restyle
from app.tokens import CONTROL_HEIGHT, SPACE_S, SPACE_XS
from app.widgets.buttons import PlainButton
from app.widgets.labels import Label


class PathField(QWidget):
    """Label, line, and a button that opens the system's dialog.

    Args:
        label: What is chosen.
        parent: Owner.
    """

    path_changed = Signal(str)

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._folders = False
        self._filter = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        self.label = Label(label)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        self.line = QLineEdit(self)
        self.line.setMinimumHeight(CONTROL_HEIGHT)
        self.line.setAccessibleName(label)
        self.line.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.line.setAcceptDrops(False)
        self.line.editingFinished.connect(self._on_edited)
        self.label.setBuddy(self.line)
        self.button = PlainButton(self.tr("Choose…"), "folder-open", self)
        self.button.setAccessibleName(self.tr("Choose: {what}").format(what=label))
        self.button.clicked.connect(self.choose)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        self.problem = Label("", "error", wrap=True)
        self.problem.hide()
        column.addWidget(self.label)
        column.addLayout(row)
        column.addWidget(self.problem)

    def ask_for(self, label: str, *, folders: bool, filter: str = "") -> None:
        """Changes what is asked for.

        Args:
            label: What is chosen.
            folders: A folder instead of a file.
            filter: The dialog's filter for files.
        """
        self._folders, self._filter = folders, filter
        self.label.setText(label)
        self.line.setAccessibleName(label)
        self.button.setAccessibleName(self.tr("Choose: {what}").format(what=label))

    def show_path(self, path: str, problem: str = "") -> None:
        """Shows the path as it counts, and what is wrong with it."""
        if self.line.text() != path and not self.line.hasFocus():
            self.line.setText(path)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        restyle(self.line, invalid=bool(problem))

    @Slot()
    def choose(self) -> None:
        """Opens the system's dialog without waiting for it."""
        dialog = QFileDialog(self.window(), self.label.text(), str(Path(self.line.text() or Path.home())))
        if self._folders:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
            dialog.setNameFilter(self._filter)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._take)
        dialog.open()

    @Slot(str)
    def _take(self, path: str) -> None:
        self.line.setText(path)
        self.path_changed.emit(path)

    @Slot()
    def _on_edited(self) -> None:
        self.path_changed.emit(self.line.text().strip())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes one local file or folder."""
        if len(event.mimeData().urls()) == 1 and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """The dropped thing's path."""
        self._take(event.mimeData().urls()[0].toLocalFile())
        event.acceptProposedAction()
