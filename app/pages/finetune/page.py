"""The fine-tune page: builds, binds and translates; the rules are in the view-model."""

from __future__ import annotations

import html

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from app.dialogs.start_anyway import StartAnywayDialog
from app.models.repeat import Repeat
from app.pages.finetune.check_card import CheckCard
from app.pages.finetune.method_card import MethodCard
from app.pages.finetune.needs import needs_of
from app.pages.finetune.view_model import STEPS, FinetuneViewModel
from app.pages.input_card import CardState, InputCard, data_choice, data_summary, model_choice, model_summary
from app.pages.sees_card import SeesCard
from app.pages.wizard_page import StepsPage
from core.specs import FinetuneSpec


class FinetunePage(StepsPage):
    """Model, data, method, check and run, from top to bottom, with the run preview beside them."""

    def __init__(self, view_model: FinetuneViewModel, parent: QWidget | None = None) -> None:
        super().__init__(view_model, parent)
        self.view_model = view_model
        self.set_title(self.tr("Fine-tune"), self.tr("Teach a model your task from examples."))
        self.add_steps(
            view_model,
            STEPS,
            [self.tr("Model"), self.tr("Data"), self.tr("Method"), self.tr("Check and run")],
        )
        self._build_cards()
        self._bind()
        view_model.refresh()
        self._go_to(view_model.step if view_model.step != "check" else "method")

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
            self.tr("The examples it learns from."),
            self.tr("There is no data yet."),
            self.tr("Add the starter data"),
            self,
        )
        self.method_card = MethodCard(self)
        self.check_card = CheckCard(self)
        self.sees_card = SeesCard(self)
        for card in (self.model_card, self.data_card, self.method_card, self.check_card, self.sees_card):
            self.add(card)
        self.add_preview(self.tr("Start fine-tuning"))

    def _bind(self) -> None:
        model = self.view_model
        model.filled.connect(self._on_filled)
        model.facts_read.connect(self._show_sees)
        self.follow(model.changed, model.failed, model.run_started)
        self.model_card.chosen.connect(model.choose_model)
        self.model_card.taken.connect(self._on_model_taken)
        self.model_card.change_requested.connect(self._on_change_model)
        self.model_card.add_requested.connect(self._on_add_model)
        self.data_card.chosen.connect(model.choose_data)
        self.data_card.taken.connect(self._on_data_taken)
        self.data_card.change_requested.connect(self._on_change_data)
        self.data_card.add_requested.connect(self._on_add_data)
        self.method_card.method_chosen.connect(model.choose_method)
        self.method_card.patience_chosen.connect(model.choose_patience)
        self.method_card.advanced_changed.connect(model.set_advanced)
        self.method_card.change_requested.connect(self._on_change_method)
        self.method_card.search_requested.connect(self._on_search_requested)
        self.check_card.name_edited.connect(model.set_name)
        self.preview_card.start_requested.connect(self._on_start)
        self.preview_card.measure_requested.connect(model.measure)
        self.preview_card.suggestion_chosen.connect(self._on_suggestion_chosen)

    def open_with(self, argument: object) -> None:
        """Reads the lists again; an artifact id preselects, a `Repeat` or a spec fills everything."""
        if isinstance(argument, FinetuneSpec):  # the best settings of a search
            argument = Repeat("finetune", argument, "")
        if isinstance(argument, Repeat):
            self.view_model.fill(argument)
            self._go_to("method")
            return
        self.view_model.refresh()
        if isinstance(argument, str) and argument:
            self.view_model.choose(argument)
        self._go_to(min(self.view_model.step, "method", key=STEPS.index))

    # --- what the person does ---

    @Slot(str)
    def _on_model_taken(self, artifact_id: str) -> None:
        self.view_model.choose_model(artifact_id)
        self._go_to("data" if self.view_model.data is None else "method")

    @Slot(str)
    def _on_data_taken(self, artifact_id: str) -> None:
        self.view_model.choose_data(artifact_id)
        self._go_to("method")

    @Slot()
    def _on_filled(self) -> None:
        self.method_card.fill(dict(self.view_model.values))

    @Slot()
    def _on_change_model(self) -> None:
        self._go_to("model")

    @Slot()
    def _on_change_data(self) -> None:
        self._go_to("data")

    @Slot()
    def _on_change_method(self) -> None:
        self._go_to("method")

    @Slot()
    def _on_search_requested(self) -> None:
        self.page_requested.emit("search", self.view_model.spec())

    @Slot()
    def _on_start(self) -> None:
        if not self.view_model.fit.is_refused:
            self.view_model.start()
            return
        dialog = StartAnywayDialog(self)
        dialog.confirmed.connect(self.view_model.start_anyway)
        dialog.open()

    @Slot(int)
    def _on_suggestion_chosen(self, index: int) -> None:
        said = self.view_model.fit.forecast
        if said is not None and index < len(said.suggestions):
            changes = said.suggestions[index].changes
            if "method" in changes:
                self.view_model.choose_method(changes["method"])
            self.method_card.form.set_values(changes)

    # --- what is shown ---

    @Slot()
    def _show(self) -> None:
        model = self.view_model
        self._show_steps()
        self.model_card.set_choices([model_choice(item) for item in model.models], _id(model.model))
        self.model_card.show_as(
            "open" if self._shown == "model" else "closed", model_summary(model.model) if model.model else ""
        )
        self.data_card.set_choices([data_choice(item) for item in model.data_sets], _id(model.data))
        data_state: CardState = (
            "waiting" if model.model is None else "open" if self._shown == "data" else "closed"
        )
        self.data_card.show_as(data_state, data_summary(model.data) if model.data else "")
        warnings = model.facts.warnings if model.facts else ()
        self.data_card.show_pill(
            self.tr("To look at: {count}").format(count=len(warnings)) if warnings else ""
        )
        self.data_card.pill.setToolTip(html.escape("\n".join(warnings)).replace("\n", "<br>"))
        ready = model.model is not None and model.data is not None
        self.method_card.setVisible(ready and self._shown not in ("model", "data"))
        self.method_card.show_state(model, is_open=self._shown == "method")
        self.check_card.setVisible(self._shown == "check")
        self.check_card.show_run(model.name, model.blocker, model.data, model.steps)
        self.sees_card.setVisible(ready and self._shown in ("method", "check"))
        if self.sees_card.isVisible():
            model.sees.want()
        self._show_sees()
        self.preview_card.show_needs(needs_of(model))

    @Slot()
    def _show_sees(self) -> None:
        facts = self.view_model.facts
        self.sees_card.show_sees(facts.turns if facts else (), self.view_model.sees.look)


def _id(item: object) -> str:
    return str(getattr(item, "id", ""))
