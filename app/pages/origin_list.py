"""Where an artifact comes from, as indented lines that lead to the runs."""

from __future__ import annotations

from pathlib import PurePath

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.i18n import spec_text
from app.models.lineage import Origin
from app.tokens import SPACE_L, SPACE_S, SPACE_XS
from app.widgets.buttons import LinkButton
from app.widgets.labels import ElidedLabel, Label
from app.widgets.lines import Lines


class OriginList(QWidget):
    """Titled lines: name, and the run that made it."""

    run_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: list[Origin] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_S)
        column.addWidget(Label(self.tr("Where it comes from"), "strong"))
        self._rows = Lines()
        column.addLayout(self._rows)

    def show_origins(self, origins: list[Origin]) -> None:
        """Shows the way back, the artifact itself first."""
        if origins == self._shown:
            return
        self._shown = origins
        rows = [OriginRow(origin, self) for origin in origins]
        for row in rows:
            row.run_requested.connect(self.run_requested)
        self._rows.replace(rows)


class OriginRow(QWidget):
    """One artifact on the way back."""

    run_requested = Signal(str)

    def __init__(self, origin: Origin, parent: QWidget) -> None:
        super().__init__(parent)
        self._run_id = origin.run_id
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_S)
        row.addSpacing(SPACE_L * origin.depth)
        column = QVBoxLayout()
        column.setSpacing(SPACE_XS)
        column.addWidget(ElidedLabel(origin.name, parent=self))
        made = spec_text(origin.title) if origin.title else self.tr("Its run was removed")
        if origin.source and origin.source != "starter":
            made = self.tr("{job} from {file}").format(job=made, file=PurePath(origin.source).name)
        column.addWidget(ElidedLabel(made, "note", parent=self))
        row.addLayout(column, 1)
        if origin.run_id:
            self.link = LinkButton(self.tr("Open run"), parent=self)
            self.link.setAccessibleName(self.tr("Open the run that made {name}").format(name=origin.name))
            self.link.clicked.connect(self._on_clicked)
            row.addWidget(self.link)

    def _on_clicked(self) -> None:
        self.run_requested.emit(self._run_id)
