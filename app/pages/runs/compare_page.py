"""Several runs on one chart, with what they were told differently and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QVBoxLayout, QWidget

from app.formats import duration_text, number_text, rate_text, size_text
from app.i18n import spec_text
from app.job_status import state_sign, state_word
from app.models.item_table import Column, ItemTableModel
from app.pages.runs.compare_view_model import CompareViewModel
from app.plots.live_plot import Curve, LivePlot
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.error_text import ErrorText
from app.widgets.labels import Label
from app.widgets.page_frame import PageFrame
from app.widgets.tabs import Tabs
from core.jobs.comparison import Figures
from core.jobs.curves import MEMORY

_ROW_HEIGHT, _CHART_HEIGHT, _GB = 36, 360, 1e9
_LEGEND_COLUMNS = 4


@dataclass(frozen=True)
class _Row:
    """A row of a table: what it is, and its text for each run."""

    id: str
    values: tuple[str, ...]


class ComparePage(PageFrame):
    """Chart above, the two tables below it; a run is a column."""

    def __init__(self, view_model: CompareViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        view_model.setParent(self)
        self._model = view_model
        self.set_title(self.tr("Compare runs"))
        self.all_button = PlainButton(self.tr("All runs"))
        self.all_button.clicked.connect(self._on_all)
        self.add_action(self.all_button)
        self._chart_place = QVBoxLayout()
        self.add(self._chart_place)
        self.plot: LivePlot | None = None
        self.tabs: Tabs | None = None
        self._metric = ""
        self.told = QTableView()
        self.came = QTableView()
        self.told_card = _table_card(self.tr("What they were told differently"), self.told)
        self.came_card = _table_card(self.tr("What came of it"), self.came)
        self.same = Label(self.tr("Nothing: they had the same settings and inputs."), "muted")
        self.told_card.add(self.same)
        for card in (self.told_card, self.came_card):
            card.hide()
            self.add(card)
        view_model.compared.connect(self._on_compared)
        view_model.refused.connect(self._on_refused)

    def open_with(self, argument: object) -> None:
        """Compares the runs whose ids are given."""
        if isinstance(argument, list | tuple):
            self._model.open([str(item) for item in argument])

    def _on_compared(self) -> None:
        found = self._model.comparison
        assert found is not None
        self.set_title(self.tr("Compare runs"), " · ".join(self._model.labels))
        metrics = self._model.metrics
        self._metric = self._metric if self._metric in metrics else next(iter(metrics), "")
        self._show_chart()
        labels = self._model.labels
        self._fill(
            self.told,
            [
                _Row(spec_text(item.label), tuple(value_text(value) for value in item.values))
                for item in found.differences
            ],
            labels,
        )
        self.told.setVisible(bool(found.differences))
        self.same.setVisible(not found.differences)
        states = _Row(
            self.tr("State"), tuple(f"{state_sign(run.state)} {state_word(run.state)}" for run in found.runs)
        )
        self._fill(self.came, [states, *self._figure_rows(found.figures)], labels)
        self.came_card.set_note(
            self.tr("They learnt from different data, so their losses cannot be held against each other.")
            if self._model.data_differ
            else ""
        )
        self.told_card.show()
        self.came_card.show()

    def _figure_rows(self, figures: tuple[Figures, ...]) -> list[_Row]:
        lows = [item.best_validation_loss for item in figures if item.best_validation_loss is not None]
        lowest = min(lows) if len(lows) > 1 and not self._model.data_differ else None

        def best(item: Figures) -> str:
            if item.best_validation_loss is None:
                return ""
            text = self.tr("{loss} at step {step}").format(
                loss=number_text(item.best_validation_loss), step=item.best_step
            )
            return f"✓ {text}" if item.best_validation_loss == lowest else text

        texts: list[tuple[str, Callable[[Figures], str]]] = [
            (self.tr("Best validation loss"), best),
            (self.tr("Last validation loss"), lambda item: _if(item.validation_loss, number_text)),
            (self.tr("Training loss at the end"), lambda item: _if(item.train_loss, number_text)),
            (self.tr("Steps"), lambda item: _if(item.steps, number_text)),
            (self.tr("Tokens a second"), lambda item: _if(item.tokens_per_s, number_text)),
            (self.tr("Memory at most"), lambda item: _if(item.peak_rss_bytes, size_text)),
            (self.tr("Took"), lambda item: _if(item.seconds, duration_text)),
        ]
        rows = [_Row(title, tuple(text(item) for item in figures)) for title, text in texts]
        return [row for row in rows if any(row.values)]

    def _fill(self, table: QTableView, rows: list[_Row], labels: list[str]) -> None:
        columns: list[Column[_Row]] = [Column("", _title_of)]
        columns += [Column(label, _Cell(place)) for place, label in enumerate(labels)]
        old = table.model()
        model: ItemTableModel[_Row] = ItemTableModel(columns, table)
        model.set_items(rows)
        table.setModel(model)
        if old is not None:
            old.deleteLater()
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(110)
        table.setFixedHeight(_ROW_HEIGHT * max(len(rows), 1) + 40)

    def _show_chart(self) -> None:
        """Builds the chart for the metric that is chosen."""
        if self.plot is not None:
            self.plot.hide()
            self.plot.deleteLater()
            self.plot = self.tabs = None
        if not self._metric:
            return
        titles = {
            "validation_loss": self.tr("Validation loss"),
            "loss": self.tr("Training loss"),
            "tokens_per_s": self.tr("Speed"),
            MEMORY: self.tr("Memory"),
        }
        texts: dict[str, Callable[[float], str]] = {"tokens_per_s": self._speed_text, MEMORY: _memory_text}
        curves = self._model.curves(self._metric)
        self.plot = LivePlot(
            titles[self._metric],
            [
                Curve(item.run_id, item.label, place, sparse=self._metric == "validation_loss")
                for place, item in enumerate(curves)
            ],
            x_label=self.tr("steps"),
            columns=_LEGEND_COLUMNS,
            readout_text=texts.get(self._metric, number_text),
            parent=self,
        )
        self.plot.value.hide()
        self.plot.setFixedHeight(_CHART_HEIGHT)
        shown = {name: titles[name] for name in self._model.metrics}
        self.tabs = Tabs(self.tr("What is compared"), shown, self.plot)
        self.tabs.choose(self._metric)
        self.tabs.chosen.connect(self._on_metric_chosen)
        self.plot.set_tabs(self.tabs)
        divisor = _GB if self._metric == MEMORY else 1.0
        for item in curves:
            for x, y in item.points:
                self.plot.add_point(item.run_id, x, y / divisor)
        self._chart_place.addWidget(self.plot)
        self.plot.show()

    def _on_metric_chosen(self, metric: str) -> None:
        self._metric = metric
        self._show_chart()
        if self.tabs is not None:
            self.tabs.button(metric).setFocus()

    def _on_refused(self, error: ErrorText) -> None:
        self.notice_raised.emit(" ".join(filter(None, (error.what, error.why))), "warn")

    def _on_all(self) -> None:
        self.page_requested.emit("runs", None)

    def _speed_text(self, value: float) -> str:
        return self.tr("{value} tokens/s").format(value=number_text(value))


class _Cell:
    """The text of one column; a callable, so that each column keeps its own place."""

    def __init__(self, place: int) -> None:
        self._place = place

    def __call__(self, row: _Row) -> str:
        return row.values[self._place]


def _title_of(row: _Row) -> str:
    return row.id


def _if(value: float | None, text: Callable[[float], str]) -> str:
    return "" if value is None else text(value)


def _memory_text(value: float) -> str:
    return size_text(value * _GB)


def value_text(value: Any) -> str:
    """A setting's value in a word or figure."""
    if value is None:
        return QCoreApplication.translate("ComparePage", "automatic")
    if isinstance(value, bool):
        if value:
            return QCoreApplication.translate("ComparePage", "on")
        return QCoreApplication.translate("ComparePage", "off")
    if isinstance(value, float):
        return rate_text(value)
    return str(value)


def _table_card(title: str, table: QTableView) -> Card:
    card = Card(title)
    table.setAccessibleName(title)
    table.setProperty("frameless", True)
    table.setFrameShape(QFrame.Shape.NoFrame)
    table.setShowGrid(False)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
    table.horizontalHeader().setHighlightSections(False)
    card.add(table)
    return card
