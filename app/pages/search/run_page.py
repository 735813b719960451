"""One search: its trials as they come, what mattered, and the way to use the best."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from app.dialogs.confirm import ConfirmDialog
from app.formats import when_text
from app.job_status import kind_word
from app.models.run_record import Delta
from app.pages.runs.cards import LogCard, ProgressCard, WarningsCard
from app.pages.runs.run_view_model import RunViewModel
from app.pages.runs.stopped_card import StoppedCard
from app.pages.search.results import SearchResults
from app.pages.search.run_cards import BestCard, ImportanceCard, TrialTable
from app.plots.live_plot import Curve, LivePlot
from app.plots.parallel_plot import ParallelPlot
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.error_panel import ErrorPanel
from app.widgets.error_text import ErrorText
from app.widgets.page_frame import PageFrame
from core.specs import SearchSpec

_CLOCK_MS = 500
_HISTORY = ("best_validation_loss", "validation_loss")


class SearchRunPage(PageFrame):
    """Follows a search while it works, and shows it again afterwards."""

    def __init__(self, view_model: RunViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        view_model.setParent(self)
        self._model = view_model
        self._spec: SearchSpec | None = None
        self._make_buttons()
        self.progress, self.best, self.error = ProgressCard(), BestCard(), ErrorPanel()
        self.stopped = StoppedCard()
        self.error.hide()
        for card in (self.progress, self.stopped, self.best, self.error):
            self.top.addWidget(card)
        self.parallel = ParallelPlot(
            self.tr("How the settings go together"),
            self.tr("Each line is a trial, the stronger its colour the better. Click one to find it below."),
        )
        self.table = TrialTable()
        self.table_card = Card()
        self.table_card.set_title(self.tr("Trials"))
        self.table_card.add(self.table)
        self.add(self.parallel, 1)
        self.add(self.table_card)
        self.importance = ImportanceCard()
        self.history = LivePlot(
            self.tr("Best loss so far"),
            [
                Curve("best_validation_loss", self.tr("best"), 0),
                Curve("validation_loss", self.tr("each trial"), 1, True),
            ],
            x_label=self.tr("trials"),
        )
        self.warnings, self.log = WarningsCard(), LogCard()
        for card in (self.importance, self.history, self.warnings):
            self.add_side(card)
        self.add_side(self.log, 1)
        self._clock = QTimer(self)
        self._clock.setInterval(_CLOCK_MS)
        self._clock.timeout.connect(self._show_progress)
        self._bind()

    def _make_buttons(self) -> None:
        self.stop_button = PlainButton(self.tr("Stop and keep"))
        self.cancel_button = PlainButton(self.tr("Cancel"))
        self.resume_button = PlainButton(self.tr("Resume"), "rotate-ccw")
        self.remove_button = PlainButton(self.tr("Remove"), "trash-2")
        self.all_button = PlainButton(self.tr("All runs"))
        for button, action in (
            (self.stop_button, self._model.stop),
            (self.cancel_button, self._on_cancel),
            (self.resume_button, self._model.resume),
            (self.remove_button, self._on_remove),
            (self.all_button, self._on_all),
        ):
            button.clicked.connect(action)
            self.add_action(button)

    def _bind(self) -> None:
        model = self._model
        model.opened.connect(self._on_opened)
        model.changed.connect(self._on_changed)
        model.added.connect(self._on_added)
        model.refused.connect(self._on_refused)
        model.removed.connect(self._on_all)
        self.best.use_requested.connect(self._on_use)
        self.table.trial_chosen.connect(self.parallel.choose)
        self.parallel.trial_chosen.connect(self.table.choose)

    def open_with(self, argument: object) -> None:
        """Shows the search whose run id is given."""
        if isinstance(argument, str):
            self._model.open(argument)

    @property
    def results(self) -> SearchResults | None:
        """The search as it is now."""
        return SearchResults(self._spec, self._model.record.trials) if self._spec is not None else None

    def _on_opened(self) -> None:
        run = self._model.run
        assert run is not None
        self._spec = SearchSpec.model_validate(run.spec)
        when = when_text(run.began_at or run.created_at, time.time())
        self.set_title(run.name, " · ".join([kind_word(run.kind), *self._model.inputs, when]))
        self.table.rows.begin(list(self._spec.fields))
        self.parallel.choose(0)
        self.history.clear()
        self.log.begin(str(self._model.folder))
        self._show_results()
        self._on_changed()

    def _on_added(self, delta: Delta) -> None:
        for name, x, y in delta.points:
            if name in _HISTORY:
                self.history.add_point(name, x, y)
        self.log.add_lines(delta.lines)
        if delta.trials:
            self._show_results()

    def _show_results(self) -> None:
        results = self.results
        if results is None:
            return
        self.best.show_results(results)
        self.importance.show_importance(results.importance)
        self.parallel.show_trials(results.axes(self.tr("Loss")), results.threads())
        self.table.show_results(results)

    def _on_changed(self) -> None:
        run = self._model.run
        if run is None:
            return
        active = run.is_active
        self.stop_button.setVisible(active or run.state == "queued")
        self.stop_button.setEnabled(run.state != "stopping")
        self.cancel_button.setVisible(active)
        self.resume_button.setVisible(run.can_resume)
        self.remove_button.setVisible(not active and run.state != "queued")
        self._clock.start() if active else self._clock.stop()
        self.warnings.show_warnings(self._model.record.warnings)
        self.stopped.show_run(run, self._model.resumed)
        error = self._model.error
        self.error.setVisible(error is not None)
        if error is not None:
            self.error.show_error(error)
        self._show_progress()

    def _show_progress(self) -> None:
        run, results = self._model.run, self.results
        if run is None or results is None:
            return
        self.progress.show_progress(run, self._model.record, self._model.left_s(), self._model.grace_left_s)
        running = results.running
        if run.ended_at is None and running is not None:
            text = self.tr("Trial {number} of at most {total}")
            self.progress.step.setText(text.format(number=running.number, total=results.spec.planned_trials))
        else:
            count = results.finished
            one, many = self.tr("1 trial"), self.tr("{count} trials")
            self.progress.step.setText(one if count == 1 else many.format(count=count))

    def _on_use(self) -> None:
        results = self.results
        if results is not None and results.best_settings is not None:
            self.page_requested.emit("finetune", results.best_settings)

    def _on_cancel(self) -> None:
        run = self._model.run
        assert run is not None
        dialog = ConfirmDialog(
            self.tr("Cancel “{name}”?").format(name=run.name),
            self.tr("It ends now. Finished trials stay, and you can resume the search."),
            self.tr("Cancel the search"),
            self.tr("Let it run"),
            self.tr("Stop and keep"),
            self,
        )
        dialog.confirmed.connect(self._model.cancel)
        dialog.third_chosen.connect(self._model.stop)
        dialog.open()

    def _on_remove(self) -> None:
        run = self._model.run
        assert run is not None
        dialog = ConfirmDialog(
            self.tr("Remove the search “{name}”?").format(name=run.name),
            self.tr("Its trials and its log are deleted. Its report stays."),
            self.tr("Remove the search"),
            self.tr("Keep it"),
            parent=self,
        )
        dialog.confirmed.connect(self._model.remove)
        dialog.open()

    def _on_refused(self, error: ErrorText) -> None:
        self.notice_raised.emit(" ".join(filter(None, (error.what, error.fix))), "warn")

    def _on_all(self) -> None:
        self.page_requested.emit("runs", None)
