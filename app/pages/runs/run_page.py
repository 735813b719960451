"""One run: how far it is, its curves, its answers, its log, and what to do next."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from app.dialogs.confirm import ConfirmDialog
from app.dialogs.export_figures import ExportDialog
from app.dialogs.loss_text import with_loss
from app.formats import when_text
from app.goes_on_text import goes_on_text
from app.job_status import kind_word
from app.models.repeat import Repeat
from app.models.run_record import Delta
from app.pages.runs.batch_card import BatchCard
from app.pages.runs.cards import LogCard, OutcomeCard, ProgressCard, WarningsCard
from app.pages.runs.charts import RunCharts
from app.pages.runs.damage_card import DamageCard
from app.pages.runs.evaluation_card import EvaluationCard
from app.pages.runs.generating_card import GeneratingCard
from app.pages.runs.healing_card import HealingCard
from app.pages.runs.learning_card import LearningCard
from app.pages.runs.result_card import ResultCard
from app.pages.runs.rows_card import RowsCard
from app.pages.runs.run_view_model import RunViewModel
from app.pages.runs.samples_card import SamplesCard
from app.pages.runs.stopped_card import StoppedCard
from app.widgets.buttons import PlainButton
from app.widgets.error_panel import ErrorPanel
from app.widgets.error_text import ErrorText
from app.widgets.menu_button import MenuButton
from app.widgets.page_frame import PageFrame
from core.specs import GenerateSpec

_CLOCK_MS = 500


class RunPage(PageFrame):
    """Follows a run while it works, and shows it again afterwards."""

    def __init__(self, view_model: RunViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        view_model.setParent(self)
        self._model = view_model
        self._make_buttons()
        self.outcome = OutcomeCard()
        self.outcome.requested.connect(self.page_requested)
        self.error = ErrorPanel()
        self.error.hide()
        self.progress, self.stopped = ProgressCard(), StoppedCard()
        for card in (self.progress, self.stopped, self.outcome, self.error):
            self.top.addWidget(card)
        self.evaluation, self.generating, self.damage = EvaluationCard(), GeneratingCard(), DamageCard()
        self.add(self.evaluation)
        self.add(self.generating)
        self.add(self.damage)
        self.charts = RunCharts()
        self.add(self.charts, 1)
        self.batch, self.rows = BatchCard(), RowsCard()
        self.add(self.batch)
        self.add(self.rows)
        self._rest = QWidget()  # else the cards would take the place of charts that are left out
        self._rest.hide()
        self.add(self._rest, 1)
        self.samples, self.result, self.learning = SamplesCard(), ResultCard(), LearningCard()
        self.learning.stop_requested.connect(view_model.stop)
        self.learning.again_requested.connect(view_model.repeat_keeping_best)
        self.healing = HealingCard()
        self.healing.heal_requested.connect(view_model.repeat_healing)
        self.warnings, self.log = WarningsCard(), LogCard()
        for card in (self.learning, self.healing, self.result, self.samples, self.warnings):
            self.add_side(card)
        self.add_side(self.log, 1)
        self._clock = QTimer(self)
        self._clock.setInterval(_CLOCK_MS)
        self._clock.timeout.connect(self._show_progress)
        view_model.opened.connect(self._on_opened)
        view_model.changed.connect(self._on_changed)
        view_model.added.connect(self._on_added)
        view_model.refused.connect(self._on_refused)
        view_model.removed.connect(self._on_removed)
        view_model.repeat_requested.connect(self._on_repeat_requested)
        view_model.exported.connect(self._on_exported)
        view_model.saved.connect(self._on_saved)

    def _make_buttons(self) -> None:
        self.stop_button = PlainButton(self.tr("Stop and keep"))
        self.cancel_button = PlainButton(self.tr("Cancel"))
        self.resume_button = PlainButton(self.tr("Resume"), "rotate-ccw")
        self.more_button = MenuButton(self.tr("More"))
        self.all_button = PlainButton(self.tr("All runs"))
        for button, action in (
            (self.stop_button, self._model.stop),
            (self.cancel_button, self._on_cancel),
            (self.resume_button, self._model.resume),
            (self.all_button, self._on_all),
        ):
            button.clicked.connect(action)
            self.add_action(button)
        self.add_action(self.more_button)
        more = self.more_button
        self.again_action = more.add(self.tr("Resume"), "rotate-ccw", self._model.resume)
        self.repeat_action = more.add(self.tr("Duplicate and change"), "copy", self._model.repeat)
        self.recipe_action = more.add(self.tr("Save as recipe…"), "save", self._on_save_recipe)
        self.export_action = more.add(self.tr("Export figures…"), "download", self._on_export)
        self.remove_action = more.add(self.tr("Remove…"), "trash-2", self._on_remove)

    def open_with(self, argument: object) -> None:
        """Shows the run whose id is given."""
        if isinstance(argument, str):
            self._model.open(argument)

    def _on_opened(self) -> None:
        run = self._model.run
        assert run is not None
        when = when_text(run.began_at or run.created_at, time.time())
        parts = [kind_word(run.kind), *self._model.inputs, when]
        self.set_title(run.name, " · ".join(parts))
        self.charts.begin(run.kind, self._model.memory_limit)
        self.samples.begin()
        self.batch.begin()
        self.rows.begin()
        self.log.begin(str(self._model.folder))
        self._on_changed()

    def _on_added(self, delta: Delta) -> None:
        self.charts.add_points(delta.points)
        self._rest.setVisible(self.charts.isHidden())
        self.log.add_lines(delta.lines)

    def _on_changed(self) -> None:
        run, record = self._model.run, self._model.record
        if run is None:
            return
        active = run.is_active
        self.stop_button.setVisible(active or run.state == "queued")
        self.stop_button.setEnabled(run.state != "stopping")
        self.cancel_button.setVisible(active)
        again = self.tr("Resume") if self._model.goes_on else self.tr("Start again")
        self.resume_button.setVisible(run.can_resume and not self._model.is_refused)
        self.resume_button.setText(again)
        self.again_action.setVisible(run.can_resume and self._model.is_refused)
        self.again_action.setText(again)
        self.remove_action.setVisible(not active and run.state != "queued")
        self.repeat_action.setVisible(self._model.can_repeat)
        self.recipe_action.setVisible(self._model.can_save)
        self.export_action.setVisible(self._model.has_figures)
        self.more_button.fit()
        if run.ended_at is not None and run.state != "succeeded" and self._model.is_read:
            self.charts.leave_out_empty()
        self._rest.setVisible(self.charts.isHidden())
        self._clock.start() if active else self._clock.stop()
        if record.progress.unit == "steps" and record.progress.total:
            self.charts.set_steps(record.progress.total)
        if record.best_look is not None:
            self.charts.mark_best(record.best_look.step, record.best_look.validation_loss)
        learns = run.kind != GenerateSpec.kind  # whose answers stand in a card of their own
        self.samples.show_samples(list(record.history.values()) if learns else [])
        self.batch.show_rows(record.batch)
        self.rows.show_rows(record.rows)
        self.learning.show_learning(self._model.learning)
        self.healing.show_run(run)
        self.warnings.show_warnings(record.warnings)
        self.generating.show_run(run, record)
        self.damage.show_record(record)
        self.evaluation.show_result(run.result if run.ended_at is not None else {})
        self.result.show_result(run.result if run.ended_at is not None else {})
        self.outcome.show_step(self._model.next_step)
        self.stopped.show_run(run, self._model.resumed)
        error = self._model.error
        self.error.setVisible(error is not None)
        if error is not None:
            self.error.show_error(error)
        self._show_progress()

    def _show_progress(self) -> None:
        if self._model.run is not None:
            self.progress.show_progress(
                self._model.run, self._model.record, self._model.left_s(), self._model.grace_left_s
            )

    def _on_cancel(self) -> None:
        run = self._model.run
        assert run is not None
        dialog = ConfirmDialog(
            self.tr("Cancel “{name}”?").format(name=run.name),
            self.tr("It ends now, and you can resume it later.")
            + f" {goes_on_text(self._model.if_ended_now)}.",
            self.tr("Cancel the run"),
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
            self.tr("Remove the run “{name}”?").format(name=run.name),
            with_loss(
                self.tr("Its log, curves, saves and report are deleted. Models and data it made stay."),
                self._model.loss,
            ),
            self.tr("Remove the run"),
            self.tr("Keep it"),
            parent=self,
        )
        dialog.confirmed.connect(self._model.remove)
        dialog.open()

    def _on_export(self) -> None:
        dialog = ExportDialog(self)
        dialog.confirmed.connect(self._model.export)
        dialog.open()

    def _on_exported(self, path: str) -> None:
        self.notice_raised.emit(self.tr("The figures are in {path}.").format(path=path), "good")

    def _on_repeat_requested(self, repeat: Repeat) -> None:
        self.page_requested.emit(repeat.page, repeat)

    def _on_save_recipe(self) -> None:
        run = self._model.run
        assert run is not None
        dialog = QFileDialog(self.window(), self.tr("Save as recipe"), str(Path.home() / f"{run.name}.yaml"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(self.tr("Recipes (*.yaml *.yml)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._model.save_recipe)
        dialog.open()

    def _on_saved(self, file: str) -> None:
        text = self.tr("Saved. Run it again with: {command}")
        self.notice_raised.emit(text.format(command=self._model.command_of(file)), "accent")

    def _on_refused(self, error: ErrorText) -> None:
        self.notice_raised.emit(" ".join(filter(None, (error.what, error.fix))), "warn")

    def _on_removed(self) -> None:
        self.page_requested.emit("runs", None)

    def _on_all(self) -> None:
        self.page_requested.emit("runs", None)
