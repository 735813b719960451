"""What the check of a file found: figures, warnings, and why it is refused."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.formats import breakable, count_text, rows_text
from app.tokens import SPACE_S, SPACE_XXL
from app.widgets.bars import Bars
from app.widgets.card import Card, Facts
from app.widgets.labels import Label
from app.widgets.lines import Lines
from app.widgets.meter import Meter
from app.widgets.pill import Pill
from core.data.problem import Problem
from core.data.report import CheckReport

_TWO_COLUMNS_WIDTH = 620


class CheckCard(Card):
    """The report in words, with the lengths as bars."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self._shown: CheckReport | None = None
        self.set_title(self.tr("Check"))
        self.pill = Pill(parent=self)
        self.add_action(self.pill)
        self.meter = Meter(self.tr("Progress of the check"), self)
        self.add(self.meter)
        self._columns = columns = QHBoxLayout()
        columns.setSpacing(SPACE_XXL)
        self.facts = Facts(self)
        columns.addWidget(self.facts, 1)
        self.lengths = QWidget(self)
        column = QVBoxLayout(self.lengths)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_S)
        self.length_text = Label("", "muted", wrap=True)
        self.bars = Bars(self.tr("Rows by length"), self)
        column.addWidget(self.length_text)
        column.addWidget(self.bars)
        column.addStretch(1)
        columns.addWidget(self.lengths, 1)
        self.add(columns)
        self.sentences = Lines()
        self.add(self.sentences)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Puts figures and bars below each other when there is no room beside."""
        super().resizeEvent(event)
        wide = self.width() >= _TWO_COLUMNS_WIDTH
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        self._columns.setDirection(direction)

    def show_waiting(self, text: str) -> None:
        """Says what is missing before the check can begin."""
        self._shown = None
        self.sentences.replace([])
        self.set_note(text)
        for widget in (self.pill, self.meter, self.facts, self.lengths):
            widget.hide()

    def show_progress(self, fraction: float) -> None:
        """Says how far the check is."""
        self.show_waiting(
            self.tr("Reading the whole file: {percent} %").format(percent=round(fraction * 100))
        )
        self.meter.show()
        self.meter.set_fraction(fraction)

    def show_report(self, report: CheckReport) -> None:
        """Shows what was found; the same report is not built again."""
        if report is self._shown:
            return
        self._shown = report
        self.meter.hide()
        self.pill.show()
        self.facts.setVisible(not report.refusals)
        self.lengths.setVisible(report.lengths is not None and not report.refusals)
        if report.refusals:
            self.pill.show_status(self.tr("Cannot be added"), "bad")
            self.set_note(self.tr("Nothing was kept. Correct the file, then choose it again."))
            self.sentences.replace(ProblemRow(problem, self) for problem in report.refusals)
            return
        warnings = len(report.warnings)
        if warnings:
            self.pill.show_status(self.tr("To look at: {count}").format(count=warnings), "warn")
        else:
            self.pill.show_status(self.tr("In order"), "good")
        self.set_note("")
        self._show_facts(report)
        self.sentences.replace(WarningRow(text, self) for text in report.warnings)

    def _show_facts(self, report: CheckReport) -> None:
        self.facts.clear()
        rows = (
            self.tr("{rows} and {test} in the test file").format(
                rows=count_text(report.rows), test=count_text(report.test.rows)
            )
            if report.test is not None
            else count_text(report.rows)
        )
        self.facts.set_fact(self.tr("Rows"), rows)
        self.facts.set_fact(self.tr("Rows with an empty value"), count_text(report.empty_rows))
        self.facts.set_fact(self.tr("Repeated rows"), count_text(report.duplicates))
        leakage = count_text(report.leakage) if report.leakage is not None else self.tr("no test file")
        self.facts.set_fact(self.tr("Also in the test file"), leakage)
        if report.labels is not None:
            self.facts.set_fact(self.tr("Labels"), count_text(report.labels.distinct))
            most = report.labels.top[0] if report.labels.top else None
            if most is not None:
                self.facts.set_fact(self.tr("Most frequent"), f"{most.label[:24]}, {rows_text(most.rows)}")
        lengths = report.lengths
        if lengths is not None:
            text = self.tr("Length of a row: {median} tokens in the middle, {maximum} at most")
            self.length_text.setText(
                text.format(median=count_text(lengths.median), maximum=count_text(lengths.maximum))
            )
            self.bars.show_counts(lengths.edges, lengths.counts, self.tr("tokens"))


class WarningRow(QWidget):
    """A sign and a sentence."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_S)
        row.addWidget(Pill(self.tr("Look"), "warn", self))
        row.addWidget(Label(breakable(text), wrap=True, selectable=True), 1)


class ProblemRow(QWidget):
    """Where, why, and what to do."""

    def __init__(self, problem: Problem, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        where = [problem.file]
        if problem.line is not None:
            where.append(self.tr("line {line}").format(line=count_text(problem.line)))
        if problem.column is not None:
            where.append(self.tr("column {column}").format(column=problem.column))
        column.addWidget(Label(breakable(" · ".join(where)), "strong", wrap=True, selectable=True))
        column.addWidget(Label(breakable(problem.reason), wrap=True, selectable=True))
        column.addWidget(Label(breakable(problem.fix), "muted", wrap=True, selectable=True))
