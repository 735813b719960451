"""The distill page: builds, binds and translates; the rules are in the view-model."""

from __future__ import annotations

import html

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from app.dialogs.start_anyway import StartAnywayDialog
from app.models.repeat import Repeat
from app.pages.distill.method_card import MethodCard
from app.pages.distill.more_teachers import MoreTeachers
from app.pages.distill.needs import needs_of
from app.pages.distill.pair_card import PairCard
from app.pages.distill.pickers import PairPickers
from app.pages.distill.view_model import STEPS, DistillViewModel
from app.pages.finetune.check_card import CheckCard
from app.pages.input_card import CardState, InputCard, data_choice, data_summary
from app.pages.sees_card import SeesCard
from app.pages.wizard_page import StepsPage


class DistillPage(StepsPage):
    """Teacher and student, data, method, check and run, with the run preview beside them."""

    def __init__(self, view_model: DistillViewModel, parent: QWidget | None = None) -> None:
        super().__init__(view_model, parent)
        self.view_model = view_model
        self.set_title(self.tr("Distill"), self.tr("Teach a small model to answer like a large one."))
        self.add_steps(
            view_model,
            STEPS,
            [
                self.tr("Teacher and student"),
                self.tr("Data"),
                self.tr("Method"),
                self.tr("Check and run"),
            ],
        )
        self._build_cards()
        self._bind()
        view_model.refresh()
        self._go_to("pair")

    def _build_cards(self) -> None:
        self.pickers = PairPickers(self.view_model, self)
        self.more_teachers = MoreTeachers(self.view_model, self)
        self.pair_card = PairCard(self)
        self.data_card = InputCard(
            self.tr("Data"),
            self.tr("The examples on which it learns to answer like the teacher."),
            self.tr("There is no data yet."),
            self.tr("Add the starter data"),
            self,
        )
        self.method_card = MethodCard(self)
        self.check_card = CheckCard(self)
        self.sees_card = SeesCard(self)
        for part in (
            self.pickers,
            self.more_teachers,
            self.pair_card,
            self.data_card,
            self.method_card,
            self.check_card,
            self.sees_card,
        ):
            self.add(part)
        self.add_preview(self.tr("Start distilling"))

    def _bind(self) -> None:
        model = self.view_model
        model.filled.connect(self._on_filled)
        model.facts_read.connect(self._show_sees)
        self.follow(model.changed, model.failed, model.run_started)
        for card in (self.pickers.teacher, self.pickers.student):
            card.add_requested.connect(self._on_add_model)
        self.pickers.opened.connect(self._on_change_pair)
        self.pickers.taken.connect(self._show)
        self.pair_card.correct_requested.connect(self._on_correct)
        self.pair_card.cut_requested.connect(self._on_cut)
        self.pair_card.continue_requested.connect(self._on_continue)
        self.data_card.chosen.connect(model.choose_data)
        self.data_card.taken.connect(self._on_data_taken)
        self.data_card.change_requested.connect(self._on_change_data)
        self.data_card.add_requested.connect(self._on_add_data)
        self.method_card.method_chosen.connect(model.choose_method)
        self.method_card.divergence_chosen.connect(model.choose_divergence)
        self.method_card.fields_changed.connect(model.set_fields)
        self.method_card.change_requested.connect(self._on_change_method)
        self.check_card.name_edited.connect(model.set_name)
        self.preview_card.start_requested.connect(self._on_start)
        self.preview_card.suggestion_chosen.connect(self._on_suggestion_chosen)

    def open_with(self, argument: object) -> None:
        """Reads the lists again; an artifact id preselects, a `Repeat` fills everything."""
        if isinstance(argument, Repeat):
            self.view_model.fill(argument)
            self._go_to("method")
            return
        self.view_model.refresh()
        if isinstance(argument, str) and argument:
            self.view_model.choose(argument)
            self._go_to("pair")

    # --- what the person does ---

    @Slot()
    def _on_change_pair(self) -> None:
        self._go_to("pair")

    @Slot()
    def _on_correct(self) -> None:
        if self.view_model.teacher is not None:
            self.page_requested.emit("finetune", self.view_model.teacher.id)

    @Slot()
    def _on_cut(self) -> None:
        if self.view_model.teacher is not None:
            self.page_requested.emit("prune", self.view_model.teacher.id)

    @Slot()
    def _on_continue(self) -> None:
        self._go_to("data" if self.view_model.data is None else "method")

    @Slot(str)
    def _on_data_taken(self, artifact_id: str) -> None:
        self.view_model.choose_data(artifact_id)
        self._go_to("method")

    @Slot()
    def _on_filled(self) -> None:
        self.method_card.fill(dict(self.view_model.values))

    @Slot()
    def _on_change_data(self) -> None:
        self._go_to("data")

    @Slot()
    def _on_change_method(self) -> None:
        self._go_to("method")

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
        at_pair = self._shown == "pair"
        self.pickers.show_pair(is_open=at_pair)
        self.more_teachers.show_teachers(is_open=at_pair)
        self.pair_card.setVisible(at_pair)
        self.pair_card.show_pair(model)
        self.data_card.set_choices(
            [data_choice(item) for item in model.data_sets], model.data.id if model.data else ""
        )
        state: CardState = "waiting" if at_pair else "open" if self._shown == "data" else "closed"
        self.data_card.show_as(state, data_summary(model.data) if model.data else "")
        warnings = model.facts.warnings if model.facts else ()
        self.data_card.show_pill(
            self.tr("To look at: {count}").format(count=len(warnings)) if warnings else ""
        )
        self.data_card.pill.setToolTip(html.escape("\n".join(warnings)).replace("\n", "<br>"))
        self.method_card.setVisible(self._shown in ("method", "check"))
        self.method_card.show_state(model, is_open=self._shown == "method")
        self.check_card.setVisible(self._shown == "check")
        self.check_card.show_run(model.name, model.blocker, model.data, model.steps)
        self.sees_card.setVisible(self._shown == "check")
        if self.sees_card.isVisible():
            model.sees.want()
        self._show_sees()
        self.preview_card.show_needs(needs_of(model))

    @Slot()
    def _show_sees(self) -> None:
        facts = self.view_model.facts
        self.sees_card.show_sees(facts.turns if facts else (), self.view_model.sees.look)
