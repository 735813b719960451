"""How fast the models answer, by length of the prompt, what an answer takes, and what the machine can do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.formats import count_text, number_text, short_name
from app.tokens import SPACE_M
from app.widgets.buttons import LinkButton
from app.widgets.figure_table import FigureTable
from app.widgets.labels import Label
from core.models.report import EvaluationReport, ModelFigures
from core.models.speed import Energy, Timing

_NOTHING = "–"


class TimesPanel(QWidget):
    """A link, and behind it two small tables with a few sentences on how the figures came about.

    Args:
        report: A report in which something was timed.
        parent: Owner.
    """

    def __init__(self, report: EvaluationReport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models = [model for model in report.models if model.timing and model.latency_ms]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_M)
        self.link = LinkButton(self.tr("Show times and energy"), parent=self)
        self.link.clicked.connect(self._on_link)
        self.details = QWidget(self)
        self.details.hide()
        inside = QVBoxLayout(self.details)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(SPACE_M)
        inside.addWidget(FigureTable(self._whole(), parent=self.details))
        if any(model.timing and model.timing.by_length for model in self._models):
            inside.addWidget(Label(self.tr("By length of the prompt"), "strong"))
            inside.addWidget(FigureTable(self._by_length(), parent=self.details))
        self.notes = Label("\n".join(self._said(report)), "note", wrap=True, selectable=True)
        inside.addWidget(self.notes)
        column.addWidget(self.link, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.details)

    @Slot()
    def _on_link(self) -> None:
        shown = self.details.isHidden()
        self.details.setVisible(shown)
        self.link.setText(self.tr("Hide times and energy") if shown else self.tr("Show times and energy"))

    def _whole(self) -> list[list[str]]:
        heads = [
            self.tr("Model"),
            self.tr("First token"),
            self.tr("Each next token"),
            self.tr("Slow answer (p95)"),
            self.tr("Answers an hour (mean)"),
            self.tr("1,000 answers take"),
            self.tr("Of memory's speed"),
        ]
        return [heads, *map(self._row, self._models)]

    def _row(self, model: ModelFigures) -> list[str]:
        latency, timing = model.latency_ms, model.timing
        assert latency is not None
        assert timing is not None
        share = timing.bandwidth_share
        return [
            short_name(model.model),
            self._ms(latency.ttft_p50),
            self._ms(latency.token_p50),
            self._ms(latency.total_p95),
            self._hourly(timing),
            self._energy(timing.energy),
            f"{share * 100:.0f} %" if share else _NOTHING,
        ]

    def _hourly(self, timing: Timing) -> str:
        if timing.answers_an_hour is None or timing.mean_ms is None:
            return _NOTHING
        count = count_text(round(timing.answers_an_hour))
        return self.tr("{count} ({ms}\u00a0ms\u00a0each)").format(count=count, ms=round(timing.mean_ms))

    def _ms(self, value: float | None) -> str:
        return self.tr("{ms} ms").format(ms=number_text(value)) if value is not None else _NOTHING

    def _energy(self, energy: Energy | None) -> str:
        if energy is None:
            return _NOTHING
        text = self.tr("{wh} Wh") if energy.is_measured else self.tr("about {wh} Wh")
        return text.format(wh=number_text(energy.wh_a_thousand))

    def _by_length(self) -> list[list[str]]:
        names = {
            "short": self.tr("Short: {least} to {most} tokens"),
            "medium": self.tr("Medium: {least} to {most} tokens"),
            "long": self.tr("Long: {least} to {most} tokens"),
        }
        timings = [(model, model.timing) for model in self._models if model.timing and model.timing.by_length]
        heads = [
            names[part.length].format(least=part.tokens_least, most=part.tokens_most)
            for part in timings[0][1].by_length
        ]
        rows = [[self.tr("Whole answer (first token)"), *heads]]
        for model, timing in timings:
            text = self.tr("{answer} ms ({first} ms)")
            cells = [
                text.format(answer=round(own.total_p50), first=round(own.ttft_p50))
                for own in timing.by_length
            ]
            rows.append([short_name(model.model), *cells])
        return rows

    def _said(self, report: EvaluationReport) -> list[str]:
        """How the figures came about."""
        timings = [model.timing for model in self._models if model.timing]
        timing, said = timings[0], [self._how(timings)]
        if (energy := timing.energy) is not None:
            measured = self.tr("Energy by the processor's own counters, which count all that it does.")
            estimated = self.tr(
                "Energy is estimated with {core} W for each busy core and {rest} W for the rest of the "
                "computer: the processor's counters cannot be read here."
            )
            said.append(
                measured
                if energy.is_measured
                else estimated.format(
                    core=number_text(energy.watts_a_core), rest=number_text(energy.watts_rest)
                )
            )
        if (best := timing.ceilings) is not None:
            text = self.tr(
                "In the same minute this computer read {gb} GB a second from memory and made {gflops} "
                "billion multiplications and additions a second, on {threads} cores. A model reads all its "
                "weights for each token: at 100 % of memory's speed it cannot get faster."
            )
            said.append(
                text.format(
                    gb=number_text(best.read_gb_s),
                    gflops=number_text(best.gflops),
                    threads=report.machine.threads,
                )
            )
        shares = [model.timing.bandwidth_share or 0.0 for model in self._models if model.timing]
        if max(shares, default=0.0) > 1:
            said.append(self.tr("Above 100 %: such a model fits into the processor's own cache."))
        return said

    def _how(self, timings: list[Timing]) -> str:
        timing = timings[0]
        text = self.tr("Medians of {prompts} prompts, each answered alone {repeats}×")
        said = text.format(prompts=timing.prompts, repeats=timing.repeats)
        if timing.warm_up:
            said += self.tr(", after {count} to warm up").format(count=timing.warm_up)
        if spreads := [each.spread for each in timings if each.spread is not None]:
            differ = self.tr("; the passes differ by {share} %")
            if len(timings) > 1:
                differ = self.tr("; the passes differ by up to {share} %")
            said += differ.format(share=number_text(max(spreads) * 100))
        return self.tr("{text}. Answers an hour go by the mean over the prompts.").format(text=said)
