"""What an evaluation found: the verdict, a table of the models, and the rows that went worst."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from app.formats import breakable, number_text, rows_text, short_name, size_text
from app.pages.runs.confusion_panel import ConfusionPanel
from app.pages.runs.times_panel import TimesPanel
from app.pages.runs.verdict_text import agreement, figure_text, headline, in_general, measure_name
from app.tokens import SPACE_L, SPACE_S
from app.widgets.card import Card
from app.widgets.figure_table import FigureTable
from app.widgets.labels import Label, Line
from core.models.report import EvaluationReport, ModelFigures, main_figure

_LONGEST = 160


class EvaluationCard(Card):
    """Hidden until there is a finished evaluation."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._holder: QWidget | None = None
        self._shown: dict[str, Any] = {}
        self.hide()

    def show_result(self, result: dict[str, Any]) -> None:
        """Shows a run's result if it is an evaluation's, or hides the card."""
        if result == self._shown:
            return
        self._shown = result
        fields = {key: value for key, value in result.items() if key in EvaluationReport.model_fields}
        try:
            report = EvaluationReport.model_validate(fields)
        except ValidationError:  # another kind of run, or a report of a later version
            self.hide()
            return
        self.show_report(report)

    def show_report(self, report: EvaluationReport) -> None:
        """Shows a report."""
        if self._holder is not None:
            self._holder.hide()
            self._holder.deleteLater()
        self._holder = QWidget(self)
        grid = QGridLayout(self._holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE_L)
        grid.setVerticalSpacing(SPACE_S)
        self._fill(grid, report)
        self.add(self._holder)
        first = report.comparisons[0] if report.comparisons else None
        self.set_title(headline(first) if first is not None else self.tr("What was measured"))
        self.title_label.setWordWrap(True)
        self.set_note(in_general(first) if first is not None else "")
        self.show()

    def _fill(self, grid: QGridLayout, report: EvaluationReport) -> None:
        columns = self._columns(report)
        for place, (title, _text) in enumerate(columns):
            self._put(grid, 0, place, title, "muted")
        for row, item in enumerate(report.models, 1):
            for place, (_title, text) in enumerate(columns):
                self._put(grid, row, place, text(item), "strong" if place == 1 else "")
        for place in range(len(columns)):
            grid.setColumnStretch(place, 3 if place == 0 else 2)
        row = len(report.models) + 1
        if report.judge is not None:
            grid.addWidget(Label(self._on_the_judge(report), "note", wrap=True), row, 0, 1, len(columns))
            row += 1
        if report.answers_by:
            text = agreement(breakable(report.answers_by))
            grid.addWidget(Label(text, "note", wrap=True), row, 0, 1, len(columns))
            row += 1
        for comparison in report.comparisons[1:]:
            said = " ".join(filter(None, (headline(comparison) + ".", in_general(comparison))))
            grid.addWidget(Label(said, "", wrap=True, selectable=True), row, 0, 1, len(columns))
            row += 1
        for panel in self._panels(report):
            grid.addWidget(panel, row, 0, 1, len(columns))
            row += 1
        if report.worst:
            self._fill_worst(grid, report, row, len(columns))

    def _panels(self, report: EvaluationReport) -> list[QWidget]:
        """What stands behind a link; earlier reports do not hold it."""
        panels: list[QWidget] = []
        if any(model.quality.confusion for model in report.models):
            panels.append(ConfusionPanel(report, self._holder))
        if any(model.timing and model.latency_ms for model in report.models):
            panels.append(TimesPanel(report, self._holder))
        if any(model.harness for model in report.models):
            panels.append(FigureTable(self._harness(report), parent=self._holder))
        return panels

    def _harness(self, report: EvaluationReport) -> list[list[str]]:
        """What lm-evaluation-harness counted, a task's figure a column."""
        found = {
            model.model: {(figure.task, figure.metric): figure for figure in model.harness or ()}
            for model in report.models
        }
        keys = list(dict.fromkeys(key for figures in found.values() for key in figures))
        heads = [self.tr("lm-evaluation-harness"), *(f"{task} {metric}" for task, metric in keys)]
        rows = [heads]
        for name, figures in found.items():
            cells = [number_text(figures[key].value) if key in figures else "–" for key in keys]
            rows.append([short_name(name), *cells])
        return rows

    def _columns(self, report: EvaluationReport) -> list[tuple[str, Any]]:
        found = main_figure(report.models[0].quality.model_dump()) if report.models else None
        measure = found[0] if found else "accuracy"

        def figure(item: ModelFigures) -> str:
            own = main_figure(item.quality.model_dump())
            if own is None:
                return "–"
            low, high = (figure_text(measure, bound) for bound in item.quality.ci95)
            return f"{figure_text(measure, own[1])}  [{low}\u00a0–\u00a0{high}]"

        def rated(item: ModelFigures) -> str:
            quality = item.quality
            if quality.judge_score is None or quality.judge_ci95 is None:
                return "–"
            low, high = quality.judge_ci95
            return f"{quality.judge_score:.1f} ±\u00a0{(high - low) / 2:.1f}"

        def answer_time(item: ModelFigures) -> str:
            if item.latency_ms is None:
                return "–"
            ms, apart = round(item.latency_ms.total_p50), item.timing.apart if item.timing else None
            if apart is None:
                return self.tr("{ms} ms").format(ms=ms)
            text = self.tr("{ms}\u00a0ms (passes {share}\u00a0% apart)")
            return text.format(ms=ms, share=round(apart * 100))

        def general(item: ModelFigures) -> str:
            return number_text(item.general.perplexity) if item.general else "–"

        columns: list[tuple[str, Any]] = [
            (self.tr("Model"), lambda item: short_name(item.model)),
            (measure_name(measure, report.answers_by), figure),
            (self.tr("An answer takes (median)"), answer_time),
            (self.tr("On disk"), lambda item: size_text(item.bytes_on_disk)),
        ]
        if report.judge is not None:
            columns.insert(2, (self.tr("Rated, 1–5"), rated))
        if any(item.general for item in report.models):
            columns.append((self.tr("General perplexity"), general))
        return columns

    def _on_the_judge(self, report: EvaluationReport) -> str:
        """Who rated, how many rows, and how many of its replies could not be read."""
        assert report.judge is not None
        rows = max((item.quality.judge_rows or 0 for item in report.models), default=0)
        unread = sum(item.quality.judge_unread or 0 for item in report.models)
        text = self.tr("Rated by {judge} on {rows}.")
        if report.judge.host:
            text = self.tr("Rated by {judge} at {host} on {rows}.")
        said = text.format(judge=short_name(report.judge.name), host=report.judge.host, rows=rows_text(rows))
        if unread:
            more = self.tr("Replies without a mark, which count nowhere: {count}.")
            said = f"{said} {more.format(count=unread)}"
        return said

    def _fill_worst(self, grid: QGridLayout, report: EvaluationReport, row: int, columns: int) -> None:
        grid.addWidget(Line(self), row, 0, 1, columns)
        last = report.models[-1].model
        title = self.tr("Rows that {model} answered worst").format(model=short_name(last))
        grid.addWidget(Label(title, "strong"), row + 1, 0, 1, columns)
        row += 2
        for item in report.worst:
            said = _line(item.answers.get(last, "")) or self.tr("(no answer)")
            text = self.tr("{answer}  instead of  {expected}").format(
                answer=said, expected=_line(item.expected)
            )
            grid.addWidget(Label(_line(item.prompt), "note", wrap=True), row, 0, 1, columns)
            grid.addWidget(Label(text, "", wrap=True, selectable=True), row + 1, 0, 1, columns)
            row += 2

    def _put(self, grid: QGridLayout, row: int, column: int, text: str, role: str) -> None:
        label = Label(text, role, wrap=True)
        side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
        label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(label, row, column)


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
