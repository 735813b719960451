"""The quantize page: builds, binds and translates; the rules are in the view-model."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from app.formats import disk_text, size_text
from app.models.repeat import Repeat
from app.pages.input_card import InputCard, model_choice, model_summary
from app.pages.name_field import NameField
from app.pages.quantize.search_limits import SearchLimits
from app.pages.quantize.serving_list import ServingList
from app.pages.quantize.target_list import TargetList
from app.pages.quantize.view_model import RECIPES, STEPS, QuantizeViewModel
from app.pages.run_preview import RunNeeds
from app.pages.wizard_page import StepsPage
from app.widgets.buttons import PlainButton
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
        self.absent = Label(
            self.tr("fp16 and bf16 are not offered: the processor's runtime can run neither of them."),
            "note",
            wrap=True,
        )
        self.recipe_card.add(self.absent)
        self.limits = SearchLimits(self)
        self.recipe_card.add(self.limits)
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
        self.absent.setVisible(is_open)
        self.form.setVisible(is_open)
        self.limits.show_state(model)
        self.limits.setVisible(is_open and model.looks)
        self.serving.show_adapters(model.adapters(), model.served)
        self.serving.setVisible(is_open and bool(model.adapters()))
        self.targets.show_targets(model.target_obstacles, model.target)
        self.targets.setVisible(is_open)
        self.change_button.setVisible(not is_open)
        self.recipe_card.set_note("" if is_open else self._recipe_titles()[model.recipe])
        self.check_card.setVisible(self._shown == "check")
        self.name.show_name(model.name, model.blocker)
        self.preview_card.show_needs(self._needs())

    def _show_recipes(self) -> None:
        titles, texts = self._recipe_titles(), self._recipe_texts()
        choices = []
        for recipe in RECIPES:
            size = self.view_model.expected_bytes(recipe)
            about = self.tr("About {size}.").format(size=size_text(size)) if size else ""
            choices.append(
                Choice(
                    recipe,
                    titles[recipe],
                    f"{texts[recipe]} {about}".strip(),
                    pill=self.tr("Recommended") if recipe == "int4-mixed" else "",
                )
            )
        blocked = self.recipes.blockSignals(True)
        if choices != self._choices:
            self._choices = choices
            self.recipes.set_choices(choices, self.view_model.recipe)
        elif self.recipes.current != self.view_model.recipe:
            self.recipes.choose(self.view_model.recipe)
        self.recipes.blockSignals(blocked)

    def _recipe_titles(self) -> dict[str, str]:
        return {
            "int8": self.tr("8 bit (int8)"),
            "int4-mixed": self.tr("4 and 8 bit mixed (int4-mixed)"),
            "search": self.tr("Searched for this model (search)"),
            "int4-edges": self.tr("8 bit at the edges (int4-edges)"),
            "int4-gptq": self.tr("4 bit, mended on your rows (int4-gptq)"),
            "int4-awq": self.tr("4 bit, weighed by your rows (int4-awq)"),
            "int4-kquant": self.tr("4 bit, searched steps (int4-kquant)"),
            "int4-hqq": self.tr("4 bit, searched zero points (int4-hqq)"),
            "int4": self.tr("4 bit (int4)"),
            "fp32": self.tr("Full precision (fp32)"),
        }

    def _recipe_texts(self) -> dict[str, str]:
        return {
            "int8": self.tr("Nearly free of loss."),
            "int4-mixed": self.tr(
                "Small and fast; the sensitive parts keep 8 bits. On your rows nearer to the original."
            ),
            "search": self.tr("Measures what each part costs and packs the size you allow. Takes minutes."),
            "int4-edges": self.tr("The first, last and every third layer keep 8 bits, as llama.cpp chooses."),
            "int4-gptq": self.tr("Each column makes up for what the one before lost."),
            "int4-awq": self.tr("Weights that meet large inputs are rounded most carefully."),
            "int4-kquant": self.tr("Needs no rows; only the output layer keeps 8 bits."),
            "int4-hqq": self.tr("Needs no rows; few large weights count less than the many."),
            "int4": self.tr("The smallest; loses most."),
            "fp32": self.tr("Loses nothing; as large as the original, for comparing."),
        }

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
        return RunNeeds(
            fits=model.has_disk,
            facts=[
                (self.tr("Size now"), size_text(model.bytes_now)),
                (self.tr("Size after"), self.tr("about {size}").format(size=size_text(expected))),
                *self._memory(),
                (self.tr("Disk"), disk_text(model.disk_needed, model.disk_free)),
            ],
            note=self.tr("Sizes are computed from the model's own matrices."),
            blocked=blocked,
            command=model.command(),
        )
