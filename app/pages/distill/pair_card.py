"""What the doctor of a pair found: a sentence each, and what to do about it; for each of several teachers."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.formats import breakable
from app.pages.distill.needs import blocked_text
from app.pages.distill.view_model import DistillViewModel
from app.tokens import SPACE_M, SPACE_S
from app.widgets.buttons import LinkButton, PlainButton
from app.widgets.card import Card
from app.widgets.labels import Label
from app.widgets.lines import Lines
from app.widgets.pill import Pill, Tone
from core.models.compatibility import Finding, Weight

_TONES: dict[Weight, Tone] = {"good": "good", "note": "muted", "stop": "bad"}


class PairCard(Card):
    """Findings, offers to teach the teacher first or to cut a student out of it, and the way on.

    Signals:
        correct_requested: The teacher is to learn the task first.
        cut_requested: A student is to be cut out of the teacher.
        continue_requested: The pair is taken.
    """

    correct_requested = Signal()
    cut_requested = Signal()
    continue_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.set_title(self.tr("Do they go together?"))
        self._shown: list[tuple[str, tuple[Finding, ...]]] = []
        self.findings = Lines()
        self.add(self.findings)
        text = self.tr("Nobody has taught this teacher your task yet; it passes on what it knows in general.")
        self.correct_button = LinkButton(
            self.tr("Fine-tune the teacher on your task first"), "graduation-cap", self
        )
        self.correct_button.clicked.connect(self.correct_requested)
        self.offer = self._offer(text, self.correct_button)
        text = self.tr("A model cannot be its own teacher, but a smaller one can be made of its own layers.")
        self.cut_button = LinkButton(self.tr("Cut a student out of it"), "scissors", self)
        self.cut_button.clicked.connect(self.cut_requested)
        self.cut_offer = self._offer(text, self.cut_button)
        foot = QHBoxLayout()
        foot.addStretch(1)
        self.continue_button = PlainButton("", parent=self)
        self.continue_button.clicked.connect(self.continue_requested)
        foot.addWidget(self.continue_button)
        self.add(foot)

    def _offer(self, text: str, button: LinkButton) -> QWidget:
        offer = QWidget(self)
        row = QHBoxLayout(offer)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_M)
        row.addWidget(Label(text, "muted", wrap=True), 1)
        row.addWidget(button)
        self.add(offer)
        return offer

    def show_pair(self, model: DistillViewModel) -> None:
        """Shows what is known of the pair now."""
        names = [breakable(item.name) if model.has_several else "" for item in model.all_teachers]
        found = [(name, said.findings) for name, said in zip(names, model.doctor.each, strict=False)]
        if found != self._shown:
            self._shown = found
            rows: list[QWidget] = []
            for name, findings in found:
                rows += [Label(name, "strong", wrap=True)] if name else []
                rows.append(FindingList(findings, self))
            self.findings.replace(rows)
        if model.pair_blocker in ("teacher", "student"):
            self.set_note(self.tr("Choose both, and you see here whether the one can learn from the other."))
        else:
            self.set_note(self.tr("Looking at both …") if model.doctor.is_looking else "")
        self.offer.setVisible(model.offers_correction)
        self.cut_offer.setVisible(model.offers_cut)
        blocked = blocked_text(model.pair_blocker)
        self.continue_button.setText(blocked or self.tr("Continue"))
        self.continue_button.setEnabled(not blocked)


class FindingList(QWidget):
    """How much each finding weighs, the finding, and below it what to do."""

    def __init__(self, findings: tuple[Finding, ...], parent: QWidget) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE_M)
        grid.setVerticalSpacing(SPACE_S)
        grid.setColumnStretch(1, 1)
        words = {"good": self.tr("Good"), "note": self.tr("Note"), "stop": self.tr("In the way")}
        for at, finding in enumerate(findings):
            pill = Pill(words[finding.weight], _TONES[finding.weight], self)
            grid.addWidget(pill, at, 0, Qt.AlignmentFlag.AlignTop)
            column = QVBoxLayout()
            column.setSpacing(2)
            column.addWidget(Label(breakable(finding.what), wrap=True, selectable=True))
            if finding.fix:
                column.addWidget(Label(breakable(finding.fix), "muted", wrap=True, selectable=True))
            grid.addLayout(column, at, 1)
