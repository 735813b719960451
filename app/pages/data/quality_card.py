"""The card that looks closer at a data set and makes better versions of it."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.pages.data.quality_finding import FindingRow, title_of
from app.pages.data.quality_view_model import QualityViewModel
from app.pages.name_field import NameField
from app.tokens import SPACE_M
from app.widgets.buttons import PlainButton, PrimaryButton
from app.widgets.card import Card
from app.widgets.labels import Label, Line
from app.widgets.lines import Lines
from app.widgets.meter import Meter
from core.data.quality.findings import QualityReport


class QualityCard(Card):
    """A button that looks closer; then the findings, the worst first, with fixes to tick."""

    def __init__(self, model: QualityViewModel, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self._model = model
        self._shown: QualityReport | None = None
        self.finding_rows: list[FindingRow] = []
        self.set_title(self.tr("Quality"))
        self.look_button = PlainButton(self.tr("Look closer"), "search", self)
        self.look_button.clicked.connect(model.look)
        self.add_action(self.look_button)
        self.meter = Meter(self.tr("Progress of the closer look"), self)
        self.add(self.meter)
        self._lines = Lines()
        self._lines.setSpacing(SPACE_M)
        self.add(self._lines)
        self.in_order = Label("", "muted", wrap=True)
        self.add(self.in_order)
        self.version = QWidget(self)
        column = QVBoxLayout(self.version)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_M)
        column.addWidget(Line(self.version))
        self.name = NameField(self.tr("Name of the fixed version"), self.version)
        self.name.edited.connect(model.set_name)
        column.addWidget(self.name)
        foot = QHBoxLayout()
        self.make_button = PrimaryButton(self.tr("Make a fixed version"), parent=self.version)
        self.make_button.clicked.connect(model.make)
        foot.addWidget(self.make_button)
        foot.addStretch(1)
        column.addLayout(foot)
        self.note = Label(
            self.tr("This data stays as it is. Test rows are masked at most, never dropped."),
            "note",
            wrap=True,
        )
        column.addWidget(self.note)
        self.add(self.version)
        model.changed.connect(self.show_state)
        model.progress_changed.connect(self._show_progress)
        self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Shows what is known of the selected data."""
        model = self._model
        looking = bool(model.looking_id)
        report = model.report
        self.look_button.setVisible(report is None)
        self.look_button.setEnabled(not looking and model.item is not None)
        self.meter.setVisible(looking)
        self._show_progress()
        if report is not self._shown:
            self._show_report(report)
        for row in self.finding_rows:
            row.show_chosen(model.chosen)
        self.version.setVisible(model.has_fixes)
        blocker = model.blocker
        self.name.show_name(model.name, blocker)
        self.make_button.block(
            {
                "": "",
                "fix": self.tr("Choose a fix first"),
                "making": self.tr("Making it"),
                "name": self.tr("Choose another name first"),
                "name_taken": self.tr("Choose a free name first"),
            }[blocker]
        )

    @Slot()
    def _show_progress(self) -> None:
        model = self._model
        if model.looking_id:
            fraction = model.fraction
            self.meter.set_fraction(fraction)
            self.set_note(
                self.tr("Looking at every row: {percent} %").format(percent=round(fraction * 100))
                if fraction is not None
                else self.tr("The closer look waits for its turn.")
            )
        elif model.report is None:
            self.set_note(
                self.tr(
                    "Finds nearly equal rows, contradicting answers, test questions in training, rows "
                    "that are too long, uneven labels, personal data and other languages."
                )
            )
        elif model.findings:
            self.set_note(self.tr("To look at: {count}").format(count=len(model.findings)))
        else:
            self.set_note(self.tr("Nothing to improve was found."))

    def _show_report(self, report: QualityReport | None) -> None:
        self._shown = report
        self.finding_rows = [FindingRow(finding, self) for finding in self._model.findings]
        lines: list[QWidget] = []
        for row in self.finding_rows:
            row.fix_toggled.connect(self._model.choose)
            lines += [Line(self), row]
        self._lines.replace(lines)
        fine = ", ".join(title_of(finding.id).lower() for finding in self._model.in_order)
        self.in_order.setText(self.tr("Looked at and in order: {list}.").format(list=fine) if fine else "")
        self.in_order.setVisible(bool(fine))
