"""The page on which a search is set up: builds, binds and translates; the rules are in the view-model."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from app.formats import count_text, duration_text, number_text
from app.models.search_words import field_word
from app.pages.input_card import InputCard, data_choice, data_summary, model_choice, model_summary
from app.pages.name_field import NameField
from app.pages.run_preview import RunNeeds
from app.pages.search.field_card import FieldCard
from app.pages.search.view_model import Blocker, SearchViewModel
from app.pages.wizard_page import WizardPage
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.spec_form import SpecForm
from core.specs import FinetuneSpec, SearchSpec


class SearchPage(WizardPage):
    """Model and data, what to try, how to search; the run preview beside them."""

    def __init__(self, view_model: SearchViewModel, parent: QWidget | None = None) -> None:
        super().__init__(view_model, parent)
        self.view_model = view_model
        self._open = ""
        self.set_title(
            self.tr("Search for good settings"),
            self.tr("Tries settings on your data, one training after the other, and says which learn best."),
        )
        self.back_button = PlainButton(self.tr("Back to fine-tuning"))
        self.back_button.clicked.connect(self._on_back)
        self.add_action(self.back_button)
        self._build_cards()
        self._bind()
        view_model.refresh()

    def _build_cards(self) -> None:
        self.model_card = InputCard(
            self.tr("Model"),
            self.tr("The model that learns."),
            self.tr("There is no model that can learn yet."),
            self.tr("Add the starter model"),
            self,
        )
        self.data_card = InputCard(
            self.tr("Data"),
            self.tr("The examples it learns from; its validation rows judge."),
            self.tr("There is no data yet."),
            self.tr("Add the starter data"),
            self,
        )
        self.field_card = FieldCard(self)
        self.how_card = Card(self.tr("How to search"), parent=self)
        self.form = SpecForm(
            SearchSpec,
            ["minutes", "trials", "sampler"],
            ["pruner", "seed", "threads"],
            {
                "sampler": {
                    "tpe": self.tr("Learn from the trials before (TPE)"),
                    "random": self.tr("Anything at random"),
                    "grid": self.tr("Every combination (grid)"),
                },
                "pruner": {"median": self.tr("Yes, after the median"), "none": self.tr("No")},
            },
            columns=3,
            parent=self,
        )
        self.how_card.add(self.form)
        self.name = NameField(self.tr("Name of the report"), self)
        self.how_card.add(self.name)
        for card in (self.model_card, self.data_card, self.field_card, self.how_card):
            self.add(card)
        self.add_preview(self.tr("Start the search"))

    def _bind(self) -> None:
        model = self.view_model
        self.follow(model.changed, model.failed, model.run_started)
        self.model_card.chosen.connect(model.choose_model)
        self.model_card.taken.connect(self._on_taken)
        self.model_card.change_requested.connect(self._on_change_model)
        self.model_card.add_requested.connect(self._on_add_model)
        self.data_card.chosen.connect(model.choose_data)
        self.data_card.taken.connect(self._on_taken)
        self.data_card.change_requested.connect(self._on_change_data)
        self.data_card.add_requested.connect(self._on_add_data)
        self.field_card.edited.connect(model.set_field)
        self.form.values_changed.connect(self._on_form_changed)
        self.name.edited.connect(model.set_name)
        self.preview_card.start_requested.connect(model.start)

    def open_with(self, argument: object) -> None:
        """Reads the lists again; a fine-tuning spec gives model, data and the settings that trials share."""
        self.view_model.refresh()
        if isinstance(argument, FinetuneSpec):
            self.view_model.take(argument)

    # --- what the person does ---

    @Slot()
    def _on_form_changed(self) -> None:
        errors = self.form.errors()
        self.view_model.set_values({} if errors else self.form.changed_values(), errors)

    @Slot(str)
    def _on_taken(self, _artifact_id: str) -> None:
        self._open = ""
        self._show()

    @Slot()
    def _on_change_model(self) -> None:
        self._open = "model"
        self._show()

    @Slot()
    def _on_change_data(self) -> None:
        self._open = "data"
        self._show()

    @Slot()
    def _on_back(self) -> None:
        self.page_requested.emit("finetune", None)

    # --- what is shown ---

    @Slot()
    def _show(self) -> None:
        model = self.view_model
        self.model_card.set_choices([model_choice(item) for item in model.models], _id(model.model))
        is_open = self._open == "model" or model.model is None
        self.model_card.show_as(
            "open" if is_open else "closed", model_summary(model.model) if model.model else ""
        )
        self.data_card.set_choices([data_choice(item) for item in model.data_sets], _id(model.data))
        is_open = self._open == "data" or model.data is None
        self.data_card.show_as(
            "open" if is_open else "closed", data_summary(model.data) if model.data else ""
        )
        self.field_card.show_fields(model.fields, self._shared_text())
        self.name.show_name(model.name, model.blocker)
        self.preview_card.show_needs(
            RunNeeds(
                facts=self._facts(),
                note=self.tr(
                    "A trial costs one training; the first takes the usual settings, to compare with. "
                    "Validation rows judge; the rows kept for the final figure are never touched."
                ),
                blocked=self._blocked_text(model.blocker),
                command=model.command(),
            )
        )

    def _facts(self) -> list[tuple[str, str]]:
        model = self.view_model
        time = (
            self.tr("until all are tried")
            if model.minutes is None
            else self.tr("at most {time}").format(time=duration_text(model.minutes * 60))
        )
        trials = self.tr("at most {count}").format(count=count_text(model.trials)) if model.trials else "–"
        judged = count_text(model.data.validation) if model.data else "–"
        return [
            (self.tr("Time"), time),
            (self.tr("Trials"), trials),
            (self.tr("Validation rows"), judged),
        ]

    def _shared_text(self) -> str:
        shared = dict(self.view_model.shared)
        method = {"lora": "LoRA", "full": self.tr("Full")}.get(shared.pop("method"), self.view_model.method)
        parts = [self.tr("Method: {method}").format(method=method)]
        for field, value in shared.items():
            shown = number_text(value) if isinstance(value, int | float) else str(value)
            parts.append(f"{field_word(field)}: {shown}")
        return self.tr("All trials share: {settings}").format(settings=" · ".join(parts))

    def _blocked_text(self, blocker: Blocker) -> str:
        return {
            "": "",
            "model": self.tr("Choose a model first"),
            "data": self.tr("Choose data first"),
            "no_validation": self.tr("Choose data with validation rows first"),
            "fields": self.tr("Choose something to try first"),
            "ranges": self.tr("Correct the values to try first"),
            "settings": self.tr("Correct the settings first"),
            "name": self.tr("Choose another name first"),
            "name_taken": self.tr("Choose a free name first"),
        }[blocker]


def _id(item: object) -> str:
    return str(getattr(item, "id", ""))
