"""The quantize page: builds, binds and translates; the rules are in the view-model."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.formats import disk_text, size_text
from app.models.repeat import Repeat
from app.pages.input_card import InputCard, model_choice, model_summary
from app.pages.name_field import NameField
from app.pages.quantize import words
from app.pages.quantize.search_limits import SearchLimits
from app.pages.quantize.serving_list import ServingList
from app.pages.quantize.target_list import TargetList
from app.pages.quantize.view_model import STEPS, QuantizeViewModel
from app.pages.run_preview import RunNeeds
from app.pages.wizard_page import StepsPage
from app.widgets.buttons import LinkButton, PlainButton
from app.widgets.card import Card
from app.widgets.choice_cards import Choice, ChoiceCards
from app.widgets.labels import Label
from app.widgets.spec_form import SpecForm
from core.specs import QuantizeSpec


class QuantizePage(StepsPage):
    """Model, recipe, check and run, with the run preview beside them."""

    def __init__(self, view_model: QuantizeViewModel, parent: QWidget | None = None) -> None:
        super().__init__(view_model, parent)
        self.view_model = view_model
        self._choices: list[Choice] = []
        self.set_title(
            self.tr("Quantize"),
            self.tr("Make a model small and fast, and check that it still answers the same."),
        )
        self.add_steps(view_model, STEPS, [self.tr("Model"), self.tr("Recipe"), self.tr("Check and run")])
        self._build_cards()
        self._bind()
        view_model.refresh()
        self._go_to("recipe")

    def _build_cards(self) -> None:
        self.model_card = InputCard(
            self.tr("Model"),
            self.tr("The model to make small. An add-on is merged into a copy first."),
            self.tr("There is no model to make small yet."),
            self.tr("Add the starter model"),
            self,
        )
        self.recipe_card = Card(self.tr("How small should it be?"), parent=self)
        self.change_button = PlainButton(self.tr("Change"), parent=self)
        self.change_button.setAccessibleName(self.tr("Change the recipe"))
        self.recipe_card.add_action(self.change_button)
        self.recipes = ChoiceCards(self.tr("Recipe"), 2, self)
        self.recipe_card.add(self.recipes)
        self.more_button = LinkButton("", parent=self)
        more = QHBoxLayout()
        more.addWidget(self.more_button)
        more.addStretch(1)
        self.recipe_card.add(more)
        self.limits = SearchLimits(self)
        self.recipe_card.add(self.limits)
        self.absent = Label(
            self.tr("fp16 and bf16 are not offered: the processor's runtime can run neither of them."),
            "note",
            wrap=True,
        )
        self.recipe_card.add(self.absent)
        self.serving = ServingList(self)
        self.recipe_card.add(self.serving)
        self.targets = TargetList(self)
        self.recipe_card.add(self.targets)
        choices = {"kv_cache": {"float": self.tr("32 bits"), "int8": self.tr("8 bits (int8)")}}
        self.form = SpecForm(QuantizeSpec, [], choices=choices, columns=2, parent=self)
        self.recipe_card.add(self.form)
        self.check_card = Card(self.tr("Check and run"), parent=self)
        self.name = NameField(self.tr("Name of the result"), self)
        self.check_card.add(self.name)
        self.check_card.set_note(
            self.tr(
                "After the export it is opened again in the target runtime and compared with the original."
            )
        )
        for card in (self.model_card, self.recipe_card, self.check_card):
            self.add(card)
        self.add_preview(self.tr("Start quantizing"))

    def _bind(self) -> None:
        model = self.view_model
        self.follow(model.changed, model.failed, model.run_started)
        model.filled.connect(self._on_filled)
        self.model_card.chosen.connect(model.choose_model)
        self.model_card.taken.connect(self._on_model_taken)
        self.model_card.change_requested.connect(self._on_change_model)
        self.model_card.add_requested.connect(self._on_add_model)
        self.change_button.clicked.connect(self._on_change_recipe)
        self.recipes.chosen.connect(model.choose_recipe)
        self.more_button.clicked.connect(model.toggle_all)
        self.form.values_changed.connect(self._on_form_changed)
        self.serving.toggled.connect(model.serve)
        self.limits.room.changed.connect(model.set_limit)
        self.limits.timed.connect(model.set_timed)
        self.limits.time.changed.connect(model.set_limit_ms)
        self.limits.data_chosen.connect(model.choose_data)
        self.targets.chosen.connect(model.choose_target)
        self.name.edited.connect(model.set_name)
        self.preview_card.start_requested.connect(model.start)

    def open_with(self, argument: object) -> None:
        """Reads the models again; a model's id preselects it, a `Repeat` fills all."""
        self.view_model.ask_runtime()
        if isinstance(argument, Repeat):
            self.view_model.fill(argument)
            self._go_to("recipe")
            return
        self.view_model.refresh()
        if isinstance(argument, str) and argument:
            self.view_model.choose_model(argument)
            self._go_to("recipe")

    @Slot(str)
    def _on_model_taken(self, artifact_id: str) -> None:
        self.view_model.choose_model(artifact_id)
        self._go_to("recipe")

    @Slot()
    def _on_filled(self) -> None:
        values, recipe = dict(self.view_model.advanced), self.view_model.recipe
        self._show_recipes()
        for widget in (self.recipes, self.form):
            widget.blockSignals(True)
        self.recipes.choose(recipe)
        self.form.reset()
        self.form.set_values(values)
        for widget in (self.recipes, self.form):
            widget.blockSignals(False)

    @Slot()
    def _on_change_model(self) -> None:
        self._go_to("model")

    @Slot()
    def _on_change_recipe(self) -> None:
        self._go_to("recipe")

    @Slot()
    def _on_form_changed(self) -> None:
        errors = self.form.errors()
        self.view_model.set_advanced({} if errors else self.form.changed_values(), errors)

    @Slot()
    def _show(self) -> None:
        model = self.view_model
        self._show_steps()
        self.model_card.set_choices(
            [model_choice(item) for item in model.models], model.model.id if model.model else ""
        )
        self.model_card.show_as(
            "open" if self._shown == "model" else "closed", model_summary(model.model) if model.model else ""
        )
        self._show_recipes()
        is_open = self._shown == "recipe"
        self.recipe_card.setVisible(self._shown != "model")
        self.recipes.setVisible(is_open)
        self.more_button.setText(
            self.tr("Show fewer recipes") if model.shows_all else self.tr("Show all recipes")
        )
        self.more_button.setVisible(is_open and model.is_usual)
        self.absent.setVisible(is_open and model.shows_all)
        self.form.setVisible(is_open)
        self.limits.show_state(model)
        self.limits.setVisible(is_open and model.looks)
        self.serving.show_adapters(model.adapters(), model.served)
        self.serving.setVisible(is_open and bool(model.adapters()))
        self.targets.show_targets(model.target_obstacles, model.target)
        self.targets.setVisible(is_open)
        self.change_button.setVisible(not is_open)
        self.recipe_card.set_note("" if is_open else words.titles()[model.recipe])
        self.check_card.setVisible(self._shown == "check")
        self.name.show_name(model.name, model.blocker)
        self.preview_card.show_needs(self._needs())

    def _show_recipes(self) -> None:
        titles, uses, hints = words.titles(), words.uses(), words.hints()
        choices = []
        model = self.view_model
        for recipe in model.offered:
            figures = words.figures(model.expected_bytes(recipe), model.expected(recipe))
            choices.append(
                Choice(
                    recipe,
                    titles[recipe],
                    f"{uses[recipe]}\n{figures}".strip(),
                    pill=self.tr("Recommended") if recipe == "int4-mixed" else "",
                    hint=hints[recipe],
                )
            )
        blocked = self.recipes.blockSignals(True)
        if choices != self._choices:
            self._choices = choices
            self.recipes.set_choices(choices, self.view_model.recipe)
        elif self.recipes.current != self.view_model.recipe:
            self.recipes.choose(self.view_model.recipe)
        self.recipes.blockSignals(blocked)

    def _memory(self) -> list[tuple[str, str]]:
        found = self.view_model.memory_bytes
        if found is None:
            return []
        return [(self.tr("Memory at work"), self.tr("about {size}").format(size=size_text(found)))]

    def _needs(self) -> RunNeeds:
        model = self.view_model
        blocked = {
            "": "",
            "model": self.tr("Choose a model first"),
            "settings": self.tr("Correct the advanced fields first"),
            "name": self.tr("Choose another name first"),
            "name_taken": self.tr("Choose a free name first"),
            "disk": self.tr("Does not fit: free disk space first"),
        }[model.blocker]
        expected = model.expected_bytes(model.recipe)
        if model.model is None or expected is None:
            note = self.tr("Choose a model, and you see here how small it becomes.")
            return RunNeeds(note=note, blocked=blocked, command=model.command())
        told = model.expected(model.recipe)
        return RunNeeds(
            fits=model.has_disk,
            facts=[
                (self.tr("Size now"), size_text(model.bytes_now)),
                (self.tr("Size after"), self.tr("about {size}").format(size=size_text(expected))),
                *self._memory(),
                *words.facts(told),
                (self.tr("Disk"), disk_text(model.disk_needed, model.disk_free)),
            ],
            note=words.note(told, model),
            blocked=blocked,
            command=model.command(),
        )
