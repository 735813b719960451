"""The evaluate page: builds, binds and translates; the rules are in the view-model."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QWidget

from app.formats import breakable, count_text, estimate_text, short_name
from app.pages.evaluate.judge_field import JudgeField
from app.pages.evaluate.models_card import ModelsCard
from app.pages.evaluate.view_model import STEPS, EvaluateViewModel
from app.pages.generate.consent import Consent
from app.pages.generate.trial_model import Question
from app.pages.input_card import InputCard, data_choice, data_summary
from app.pages.name_field import NameField
from app.pages.run_preview import RunNeeds
from app.pages.wizard_page import StepsPage
from app.tokens import CONTROL_HEIGHT
from app.widgets.card import Card
from app.widgets.labels import Label
from app.widgets.spec_form import SpecForm
from core.specs import EvaluateSpec


class EvaluatePage(StepsPage):
    """Models, data, check and run, with the run preview beside them."""

    def __init__(self, view_model: EvaluateViewModel, parent: QWidget | None = None) -> None:
        super().__init__(view_model, parent)
        self.view_model = view_model
        self.consent = Consent(self)
        self.set_title(
            self.tr("Evaluate"),
            self.tr("Measure models on rows that none of them has learnt from, and see what was gained."),
        )
        self.add_steps(view_model, STEPS, [self.tr("Models"), self.tr("Data"), self.tr("Check and run")])
        self._build_cards()
        self._bind()
        view_model.refresh()

    def _build_cards(self) -> None:
        self.models_card = ModelsCard(self)
        self.data_card = InputCard(
            self.tr("Data"),
            self.tr("The data whose test rows are answered."),
            self.tr("There is no data yet."),
            self.tr("Add data"),
            self,
        )
        self.check_card = Card(self.tr("Check and run"), parent=self)
        self.name = NameField(self.tr("Name of the report"), self)
        self.general_box = QCheckBox(self.tr("General check: what was forgotten?"), self)
        self.general_box.setMinimumHeight(CONTROL_HEIGHT)
        self.general_note = Label(
            self.tr(
                "A model that learns a task may forget other things. Each model is also asked 80 general "
                "questions and reads a little plain text; this takes about a minute a model."
            ),
            "note",
            wrap=True,
        )
        self.judge = JudgeField(self)
        self.form = SpecForm(EvaluateSpec, [], columns=2, parent=self)
        for widget in (self.name, self.general_box, self.general_note, self.judge, self.form):
            self.check_card.add(widget)
        for card in (self.models_card, self.data_card, self.check_card):
            self.add(card)
        self.add_preview(self.tr("Start measuring"))

    def _bind(self) -> None:
        model = self.view_model
        self.follow(model.changed, model.failed, model.run_started)
        self.models_card.toggled.connect(model.set_chosen)
        self.models_card.change_requested.connect(self._on_change_models)
        self.models_card.add_requested.connect(self._on_add_model)
        self.data_card.chosen.connect(model.choose_data)
        self.data_card.taken.connect(self._on_data_taken)
        self.data_card.change_requested.connect(self._on_change_data)
        self.data_card.add_requested.connect(self._on_add_data)
        self.general_box.toggled.connect(model.set_general)
        self.judge.chosen.connect(model.set_judge)
        model.judging.asked.connect(self._on_asked)
        model.judging.key_kept.connect(self.consent.say_kept)
        self.consent.agreed.connect(model.agree)
        self.consent.noticed.connect(self.notice_raised)
        self.form.values_changed.connect(self._on_form_changed)
        self.name.edited.connect(model.set_name)
        self.preview_card.start_requested.connect(model.start)

    def open_with(self, argument: object) -> None:
        """Reads the library again; an id prepares to measure what that model gained, or takes that data.

        A list of ids takes exactly these models, and the data among them.
        """
        self.view_model.refresh()
        if isinstance(argument, list):
            self.view_model.take_only([str(item) for item in argument])
            self._go_to("check")
        if isinstance(argument, str) and argument:
            self.view_model.take(argument)
            self._go_to("check")

    @Slot()
    def _on_change_models(self) -> None:
        self._go_to("models")

    @Slot()
    def _on_change_data(self) -> None:
        self._go_to("data")

    @Slot(str)
    def _on_data_taken(self, artifact_id: str) -> None:
        self.view_model.choose_data(artifact_id)
        self._go_to("check")

    @Slot()
    def _on_add_data(self) -> None:
        self.page_requested.emit("data", None)

    @Slot()
    def _on_form_changed(self) -> None:
        errors = self.form.errors()
        self.view_model.set_advanced({} if errors else self.form.changed_values(), errors)

    @Slot(object)
    def _on_asked(self, question: Question) -> None:
        self.view_model.changed.emit()
        self.consent.ask(question, also=self.tr("So are the answers that the models give to them."))

    @Slot()
    def _show(self) -> None:
        model = self.view_model
        self._show_steps()
        self.models_card.show_models(model.models, model.chosen, self._shown == "models")
        self.data_card.set_choices(
            [data_choice(item) for item in model.data_sets], model.data.id if model.data else ""
        )
        summary = data_summary(model.data) if model.data else ""
        state = STEPS.index(self._shown) - 1
        self.data_card.show_as("waiting" if state < 0 else "open" if state == 0 else "closed", summary)
        self.check_card.setVisible(self._shown == "check")
        self.general_box.setChecked(model.general)
        self.judge.show_judges(model.judging.judges, model.judging.judge)
        self.name.show_name(model.name, model.blocker)
        self.preview_card.show_needs(self._needs())

    def _needs(self) -> RunNeeds:
        model = self.view_model
        blocked = {
            "": "",
            "models": self.tr("Choose a model first"),
            "data": self.tr("Choose data first"),
            "no_test": self.tr("This data has no rows to test on"),
            "settings": self.tr("Correct the advanced fields first"),
            "asking": self.tr("Looking at what would be sent …"),
            "name": self.tr("Choose another name first"),
            "name_taken": self.tr("Choose a free name first"),
        }[model.blocker]
        facts = [
            (self.tr("Models"), count_text(len(model.chosen))),
            (self.tr("Rows each answers"), count_text(model.rows)),
            (self.tr("General check"), self.tr("yes") if model.general else self.tr("no")),
        ]
        seconds = model.seconds
        if seconds is not None:
            facts.append((self.tr("Time"), self.tr("about {time}").format(time=estimate_text(seconds))))
        judge = model.judging.judge
        note = self.tr("All models answer the same rows, each in a process of its own.")
        if judge is not None:
            rated = self.tr("The answers are rated by {name}.").format(name=short_name(judge.name, 24))
            note += " " + breakable(rated, 16)
        if seconds is not None:
            pace = self.tr("The time is that of earlier evaluations here.")
            if judge is not None:
                pace = self.tr("The time is that of earlier evaluations here, without the judge.")
            note += " " + pace
        elif model.rows and model.chosen:
            note += " " + self.tr("How long it takes shows after the first rows.")
        if judge is not None and judge.is_endpoint:
            note += " " + self.tr("Nothing is sent to the judge before you agree.")
        return RunNeeds(facts=facts, note=note, blocked=blocked, command=model.command())
