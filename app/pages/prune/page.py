"""The prune page: builds, binds and translates; the rules are in the view-model."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from app.formats import breakable
from app.models.library import ModelItem
from app.models.repeat import Repeat
from app.pages.input_card import CardState, InputCard, data_choice, data_summary, model_choice, model_summary
from app.pages.name_field import NameField
from app.pages.prune.cut_card import CutCard
from app.pages.prune.needs import needs_of
from app.pages.prune.view_model import STEPS, PruneViewModel
from app.pages.wizard_page import StepsPage
from app.widgets.card import Card
from app.widgets.choice_cards import Choice
from app.widgets.labels import Label

_LONGEST_NAME = 32  # whatever its letters, it fits into the narrowest window


class PrunePage(StepsPage):
    """Model, data, what goes, check and run, with the run preview beside them."""

    def __init__(self, view_model: PruneViewModel, parent: QWidget | None = None) -> None:
        super().__init__(view_model, parent)
        self.view_model = view_model
        self.set_title(
            self.tr("Prune"),
            self.tr("Cut a smaller model out of a model: fewer layers, neurons or tokens."),
        )
        self.add_steps(
            view_model,
            STEPS,
            [self.tr("Model"), self.tr("Data"), self.tr("What goes"), self.tr("Check and run")],
        )
        self._build_cards()
        self._bind()
        view_model.refresh()
        self._go_to("cut")

    def _build_cards(self) -> None:
        self.model_card = InputCard(
            self.tr("Model"),
            self.tr("The model to cut from; it stays as it is. An add-on is merged into a copy first."),
            self.tr("There is no model to cut from yet."),
            self.tr("Add the starter model"),
            self,
        )
        self.refused = Label("", "error", wrap=True, selectable=True)
        self.model_card.add(self.refused)
        self.data_card = InputCard(
            self.tr("Data"),
            self.tr("Its training rows show which layers, neurons and tokens the task needs."),
            self.tr("There is no data yet."),
            self.tr("Add the starter data"),
            self,
        )
        self.cut_card = CutCard(self.view_model, self)
        self.check_card = Card(self.tr("Check and run"), parent=self)
        self.name = NameField(self.tr("Name of the result"), self)
        self.check_card.add(self.name)
        self.check_card.set_note(
            self.tr(
                "The training rows are sent through the model once; what was cut is loaded and tried after."
            )
        )
        for card in (self.model_card, self.data_card, self.cut_card, self.check_card):
            self.add(card)
        self.add_preview(self.tr("Start pruning"))

    def _bind(self) -> None:
        model = self.view_model
        self.follow(model.changed, model.failed, model.run_started)
        model.filled.connect(self.cut_card.fill)
        model.recipe_started.connect(self._on_recipe_started)
        self.model_card.chosen.connect(model.choose_model)
        self.model_card.taken.connect(self._on_model_taken)
        self.model_card.change_requested.connect(self._on_change_model)
        self.model_card.add_requested.connect(self._on_add_model)
        self.data_card.chosen.connect(model.choose_data)
        self.data_card.taken.connect(self._on_data_taken)
        self.data_card.change_requested.connect(self._on_change_data)
        self.data_card.add_requested.connect(self._on_add_data)
        self.cut_card.fields_changed.connect(model.set_advanced)
        self.cut_card.change_requested.connect(self._on_change_cut)
        self.name.edited.connect(model.set_name)
        self.preview_card.start_requested.connect(model.start)

    def open_with(self, argument: object) -> None:
        """Reads the lists again; an artifact id preselects, a `Repeat` fills everything."""
        if isinstance(argument, Repeat):
            self.view_model.fill(argument)
            self._go_to("cut")
            return
        self.view_model.refresh()
        if isinstance(argument, str) and argument:
            self.view_model.choose(argument)
            self._go_to("cut")

    # --- what the person does ---

    @Slot(str)
    def _on_model_taken(self, artifact_id: str) -> None:
        self.view_model.choose_model(artifact_id)
        self._go_to("data" if self.view_model.data is None else "cut")

    @Slot()
    def _on_change_model(self) -> None:
        self._go_to("model")

    @Slot(str)
    def _on_data_taken(self, artifact_id: str) -> None:
        self.view_model.choose_data(artifact_id)
        self._go_to("cut")

    @Slot()
    def _on_change_data(self) -> None:
        self._go_to("data")

    @Slot()
    def _on_change_cut(self) -> None:
        self._go_to("cut")

    @Slot()
    def _on_recipe_started(self) -> None:
        self.error_panel.hide()
        self.page_requested.emit("runs", None)

    # --- what is shown ---

    @Slot()
    def _show(self) -> None:
        model = self.view_model
        self._show_steps()
        self.model_card.set_choices(
            [self._model_choice(item) for item in model.all_models], model.model.id if model.model else ""
        )
        self.model_card.show_as(
            "open" if self._shown == "model" else "closed", model_summary(model.model) if model.model else ""
        )
        self.data_card.set_choices(
            [data_choice(item) for item in model.data_sets], model.data.id if model.data else ""
        )
        at_data: CardState = "open" if self._shown == "data" else "closed"
        self.data_card.show_as(
            "waiting" if self._shown == "model" else at_data, data_summary(model.data) if model.data else ""
        )
        refused = model.files.refused
        said = f"{refused.what}\n{refused.why}\n{refused.fix}" if refused else ""
        self.refused.setText(breakable(said))
        self.refused.setVisible(refused is not None)
        self.cut_card.setVisible(self._shown in ("cut", "check"))
        self.cut_card.show_state(is_open=self._shown == "cut")
        self.cut_card.set_note(self.cut_card.summary() if self._shown == "check" else "")
        self.check_card.setVisible(self._shown == "check")
        self.name.show_name(model.name, model.blocker)
        self.preview_card.show_needs(needs_of(model))

    def _model_choice(self, item: ModelItem) -> Choice:
        """A model as a card; what cannot be cut says why and what to do."""
        choice = model_choice(item, _LONGEST_NAME)
        if item.is_trainable:
            return choice
        why = self.tr("An exported model: its weights can no longer be cut. Take the model it was made from.")
        if item.is_endpoint:
            why = self.tr("It is on another computer; here is only its address. Take a model of your own.")
        return Choice(choice.key, choice.title, choice.text, blocked=why)
