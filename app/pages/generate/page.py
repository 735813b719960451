"""The generate page: builds, binds and translates; the rules are in the view-model."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from app.models.repeat import Repeat
from app.pages.generate.ask_card import AskCard
from app.pages.generate.consent import Consent
from app.pages.generate.dialogs import EndpointDialog, KeyDialog
from app.pages.generate.needs import needs_of
from app.pages.generate.trial_card import TrialCard
from app.pages.generate.trial_model import Question
from app.pages.generate.view_model import STEPS, GenerateViewModel
from app.pages.input_card import CardState, InputCard, data_choice, data_summary, model_choice, model_summary
from app.pages.name_field import NameField
from app.pages.wizard_page import StepsPage
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.error_text import ErrorText
from core.workspace.records import Run

_LONGEST_NAME = 32


class GeneratePage(StepsPage):
    """Teacher, data, what is asked, preview and start, with the run preview beside them."""

    def __init__(self, view_model: GenerateViewModel, parent: QWidget | None = None) -> None:
        super().__init__(view_model, parent)
        self.view_model = view_model
        self.consent = Consent(self)
        self.set_title(
            self.tr("Generate data"),
            self.tr("Have a large model write the examples from which a small one learns."),
        )
        self.add_steps(
            view_model,
            STEPS,
            [self.tr("Teacher"), self.tr("Data"), self.tr("What is asked"), self.tr("Preview and start")],
        )
        self._build_cards()
        self._bind()
        view_model.refresh()
        self._go_to(view_model.step if view_model.step != "check" else "ask")

    def _build_cards(self) -> None:
        self.teacher_card = InputCard(
            self.tr("Teacher"),
            self.tr("The model that writes: one of yours, or one at an endpoint."),
            self.tr("There is no model yet."),
            self.tr("Add the starter model"),
            self,
        )
        self.key_button = PlainButton(self.tr("Its key…"), parent=self)
        self.key_button.setAccessibleName(self.tr("Change the key of this endpoint"))
        self.endpoint_button = PlainButton(self.tr("Add an endpoint…"), "plus", self)
        self.teacher_card.add_action(self.key_button)
        self.teacher_card.add_action(self.endpoint_button)
        self.data_card = InputCard(
            self.tr("Data"),
            self.tr("The questions, examples or documents that the teacher works on."),
            self.tr("There is no data yet."),
            self.tr("Add the starter data"),
            self,
        )
        self.ask_card = AskCard(self)
        self.trial_card = TrialCard(self)
        self.check_card = Card(parent=self)
        self.name = NameField(self.tr("Name of the new data set"), self)
        self.check_card.add(self.name)
        for card in (self.teacher_card, self.data_card, self.ask_card, self.trial_card, self.check_card):
            self.add(card)
        self.add_preview(self.tr("Start generating"))

    def _bind(self) -> None:
        model = self.view_model
        self.follow(model.changed, model.failed, model.run_started)
        model.filled.connect(self._on_filled)
        model.asked.connect(self._on_asked)
        model.endpoints.key_kept.connect(self.consent.say_kept)
        self.consent.agreed.connect(model.agree)
        self.consent.noticed.connect(self.notice_raised)
        model.endpoints.key_forgotten.connect(self._on_key_forgotten)
        model.endpoints.run_failed.connect(self._on_run_failed)
        self.teacher_card.chosen.connect(model.choose_teacher)
        self.teacher_card.taken.connect(self._on_teacher_taken)
        self.teacher_card.change_requested.connect(self._on_change_teacher)
        self.teacher_card.add_requested.connect(self._on_add_model)
        self.endpoint_button.clicked.connect(self._on_add_endpoint)
        self.key_button.clicked.connect(self._on_change_key)
        self.data_card.chosen.connect(model.choose_data)
        self.data_card.taken.connect(self._on_data_taken)
        self.data_card.change_requested.connect(self._on_change_data)
        self.data_card.add_requested.connect(self._on_add_data)
        self.ask_card.source_chosen.connect(model.choose_source)
        self.ask_card.task_chosen.connect(model.choose_task)
        self.ask_card.like_chosen.connect(model.choose_like)
        self.ask_card.fields_changed.connect(model.set_fields)
        self.ask_card.change_requested.connect(self._on_change_ask)
        self.ask_card.continue_requested.connect(self._on_continue)
        self.trial_card.try_requested.connect(self._on_try)
        self.trial_card.stop_requested.connect(model.trial.stop)
        self.name.edited.connect(model.set_name)
        self.preview_card.start_requested.connect(model.start)

    def open_with(self, argument: object) -> None:
        """Reads the lists again; an artifact id preselects, a `Repeat` fills everything."""
        if isinstance(argument, Repeat):
            self.view_model.fill(argument)
            self._go_to("ask")
            return
        self.view_model.refresh()
        if isinstance(argument, str) and argument:
            self.view_model.choose(argument)
            self._go_to("ask")

    # --- what the person does ---

    @Slot(str)
    def _on_teacher_taken(self, artifact_id: str) -> None:
        self.view_model.choose_teacher(artifact_id)
        self._go_to("data" if self.view_model.data is None else "ask")

    @Slot(str)
    def _on_data_taken(self, artifact_id: str) -> None:
        self.view_model.choose_data(artifact_id)
        self._go_to("ask")

    @Slot()
    def _on_change_teacher(self) -> None:
        self._go_to("teacher")

    @Slot()
    def _on_change_data(self) -> None:
        self._go_to("data")

    @Slot()
    def _on_change_ask(self) -> None:
        self._go_to("ask")

    @Slot()
    def _on_continue(self) -> None:
        self._go_to("check")

    @Slot()
    def _on_filled(self) -> None:
        self.ask_card.fill(dict(self.view_model.values))

    @Slot()
    def _on_try(self) -> None:
        self.error_panel.hide()
        self.view_model.show_rows()

    @Slot()
    def _on_add_endpoint(self) -> None:
        self.error_panel.hide()
        dialog = EndpointDialog(self.view_model.workspace, self.window())
        dialog.confirmed.connect(self.view_model.endpoints.add)
        dialog.open()

    @Slot()
    def _on_change_key(self) -> None:
        teacher = self.view_model.teacher
        if teacher is None:
            return
        dialog = KeyDialog(teacher.name, self.window())
        dialog.confirmed.connect(self.view_model.change_key)
        dialog.open()

    @Slot(object)
    def _on_asked(self, question: Question) -> None:
        answered = not question.is_trial and bool(self.view_model.trial.answers_for(question.spec))
        self.consent.ask(question, answered=answered)

    @Slot()
    def _on_key_forgotten(self) -> None:
        self.notice_raised.emit(self.tr("The key is forgotten."), "good")

    @Slot(object)
    def _on_run_failed(self, run: Run) -> None:
        self.error_panel.show_error(ErrorText.of_dict(run.error or {"what": run.name}))
        self.error_panel.show()

    # --- what is shown ---

    @Slot()
    def _show(self) -> None:
        model = self.view_model
        self._show_steps()
        teacher, data = model.teacher, model.data
        at_teacher = self._shown == "teacher"
        self.teacher_card.set_choices(
            [model_choice(item, _LONGEST_NAME) for item in model.teachers], teacher.id if teacher else ""
        )
        self.teacher_card.show_as(
            "open" if at_teacher else "closed", model_summary(teacher) if teacher else ""
        )
        adding = bool(model.endpoints.jobs.open_runs)
        self.endpoint_button.setVisible(at_teacher)
        self.endpoint_button.setEnabled(not adding)
        self.endpoint_button.setText(self.tr("Adding it …") if adding else self.tr("Add an endpoint…"))
        self.key_button.setVisible(teacher is not None and teacher.is_endpoint)
        self.data_card.set_choices([data_choice(item) for item in model.data_sets], data.id if data else "")
        state: CardState = "waiting" if at_teacher else "open" if self._shown == "data" else "closed"
        self.data_card.show_as(state, data_summary(data) if data else "")
        self.ask_card.setVisible(self._shown in ("ask", "check"))
        self.ask_card.show_state(model, is_open=self._shown == "ask")
        for card in (self.trial_card, self.check_card):
            card.setVisible(self._shown == "check")
        self.trial_card.show_state(model)
        self.name.show_name(model.name, model.blocker)
        self.preview_card.show_needs(needs_of(model))
