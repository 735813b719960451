"""One finding of a closer look: how much it matters, a sentence, its rows on demand, its fixes to tick."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from app.formats import breakable, count_text, rows_text
from app.layouts import set_margins
from app.pages.data.quality_text import MarkedText
from app.tokens import SPACE_M, SPACE_S, SPACE_XL, SPACE_XS
from app.widgets.buttons import LinkButton
from app.widgets.labels import Label, Line
from app.widgets.pill import Pill, Tone
from core.data.quality.findings import ExampleRow, Finding, FixOffer

_TONES: dict[str, Tone] = {"bad": "bad", "warn": "warn", "note": "muted", "fine": "good"}


class FindingRow(QWidget):
    """A finding; its rows are built when they are asked for."""

    fix_toggled = Signal(object, bool)

    def __init__(self, finding: Finding, parent: QWidget) -> None:
        super().__init__(parent)
        self.finding = finding
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_S)
        head = QHBoxLayout()
        head.setSpacing(SPACE_M)
        head.addWidget(Pill(severity_word(finding.severity), _TONES[finding.severity], self))
        head.addWidget(Label(title_of(finding.id), "strong"), 1)
        self.rows_button = LinkButton("", "chevron-down", self)
        self.rows_button.setVisible(bool(finding.examples))
        self.rows_button.clicked.connect(self._on_rows_clicked)
        head.addWidget(self.rows_button)
        column.addLayout(head)
        column.addWidget(Label(breakable(finding.sentence), wrap=True, selectable=True))
        if finding.advice:
            column.addWidget(Label(breakable(finding.advice), "note", wrap=True))
        self.boxes = [FixBox(offer, self) for offer in finding.fixes]
        for box in self.boxes:
            box.toggled.connect(self.fix_toggled)
            column.addWidget(box)
        self.rows = QWidget(self)
        self._rows_column = QVBoxLayout(self.rows)
        set_margins(self._rows_column, 0, SPACE_XS, 0, 0)
        self._rows_column.setSpacing(SPACE_S)
        self.rows.hide()
        column.addWidget(self.rows)
        self._say_rows()

    def show_chosen(self, chosen: dict[str, FixOffer]) -> None:
        """Ticks the boxes of the fixes that are chosen."""
        for box in self.boxes:
            box.show_ticked(chosen.get(box.offer.fix.fix) == box.offer)

    def _on_rows_clicked(self) -> None:
        if not self._rows_column.count():
            group = None
            for example in self.finding.examples:
                if group is not None and example.group != group:
                    self._rows_column.addWidget(Line(self.rows))
                group = example.group
                self._rows_column.addWidget(ExampleLine(example, self.rows))
        self.rows.setVisible(not self.rows.isVisible())
        self._say_rows()

    def _say_rows(self) -> None:
        shown = not self.rows.isHidden()
        self.rows_button.setText(self.tr("Hide rows") if shown else self.tr("Show rows"))
        self.rows_button.set_icon_name("chevron-up" if shown else "chevron-down")
        text = self.tr("Hide rows of: {title}") if shown else self.tr("Show rows of: {title}")
        self.rows_button.setAccessibleName(text.format(title=title_of(self.finding.id)))


class FixBox(QWidget):
    """A fix to tick, with what it does below."""

    toggled = Signal(object, bool)

    def __init__(self, offer: FixOffer, parent: QWidget) -> None:
        super().__init__(parent)
        self.offer = offer
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        title = fix_title(offer)
        if offer.rows is not None:
            title = f"{title} · {rows_text(offer.rows)}"
        self.box = QCheckBox(title, self)
        self.box.setAccessibleDescription(offer.text)
        self.box.toggled.connect(self._on_toggled)
        column.addWidget(self.box)
        note = QHBoxLayout()
        set_margins(note, SPACE_XL + 2, 0, 0, 0)
        note.addWidget(Label(offer.text, "note", wrap=True))
        column.addLayout(note)

    def show_ticked(self, on: bool) -> None:
        """Ticks the box without a signal."""
        blocked = self.box.blockSignals(True)
        self.box.setChecked(on)
        self.box.blockSignals(blocked)

    def _on_toggled(self, on: bool) -> None:
        self.toggled.emit(self.offer, on)


class ExampleLine(QWidget):
    """Where a row is, what it says, what is learnt from it."""

    def __init__(self, example: ExampleRow, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        where = self.tr("{split}, row {row}").format(
            split=split_word(example.split), row=count_text(example.row)
        )
        if example.line:
            where = self.tr("{where} ({file} line {line})").format(
                where=where, file=f"{example.split}.jsonl", line=count_text(example.line)
            )
        parts = [part for part in (where, breakable(example.answer), example.note) if part]
        column.addWidget(Label(" · ".join(parts), "note", wrap=True))
        self.words = MarkedText(example.text, example.marks, self)
        column.addWidget(self.words)


def severity_word(severity: str) -> str:
    """How much a finding matters, in a word."""
    return {
        "bad": QCoreApplication.translate("quality", "Serious"),
        "warn": QCoreApplication.translate("quality", "Look"),
        "note": QCoreApplication.translate("quality", "Note"),
        "fine": QCoreApplication.translate("quality", "Fine"),
    }[severity]


def title_of(finding: str) -> str:
    """What a finding is about, in a few words."""
    return {
        "leakage": QCoreApplication.translate("quality", "The test given away"),
        "contradictions": QCoreApplication.translate("quality", "Contradicting answers"),
        "personal": QCoreApplication.translate("quality", "Personal data"),
        "too_long": QCoreApplication.translate("quality", "Rows that are too long"),
        "near_duplicates": QCoreApplication.translate("quality", "Nearly the same rows"),
        "imbalance": QCoreApplication.translate("quality", "Balance of labels"),
        "language": QCoreApplication.translate("quality", "Languages"),
    }[finding]


def split_word(split: str) -> str:
    """A split as the page calls it."""
    return {
        "train": QCoreApplication.translate("quality", "To learn from"),
        "validation": QCoreApplication.translate("quality", "To watch"),
        "test": QCoreApplication.translate("quality", "For the test"),
    }.get(split, split)


def fix_title(offer: FixOffer) -> str:
    """A fix in a few words."""
    fix = offer.fix.model_dump()
    way = str(fix.get("action") or (fix.get("keep") if fix["fix"] == "contradictions" else "") or "")
    return {
        ("near_duplicates", ""): QCoreApplication.translate("quality", "Keep one of each group"),
        ("contradictions", "majority"): QCoreApplication.translate("quality", "Keep what most rows say"),
        ("contradictions", "none"): QCoreApplication.translate("quality", "Drop all that disagree"),
        ("leakage", ""): QCoreApplication.translate("quality", "Drop them from training"),
        ("too_long", ""): QCoreApplication.translate("quality", "Drop rows that are too long"),
        ("personal", "mask"): QCoreApplication.translate("quality", "Mask it"),
        ("personal", "drop"): QCoreApplication.translate("quality", "Drop the rows"),
        ("language", ""): QCoreApplication.translate("quality", "Keep one language"),
        ("balance", "cap"): QCoreApplication.translate("quality", "Fewer rows of the frequent labels"),
        ("balance", "repeat"): QCoreApplication.translate("quality", "Repeat rows of the rare labels"),
    }.get((str(fix["fix"]), way), offer.text)
