"""The card in which a person says how the model should learn."""

from __future__ import annotations

import html
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QVBoxLayout, QWidget

from app.formats import passes_text
from app.pages.finetune.view_model import FinetuneViewModel
from app.tokens import CONTROL_HEIGHT, SPACE_L, SPACE_XS
from app.widgets.buttons import LinkButton, PlainButton
from app.widgets.card import Card
from app.widgets.choice_cards import Choice, ChoiceCards
from app.widgets.labels import Label
from app.widgets.spec_form import SpecForm
from core.models.methods import missing
from core.specs import FinetuneSpec

_LORA_FIELDS = ("lora_rank", "lora_alpha", "lora_dropout", "use_rslora")
_LORA_METHODS = ("lora", "dora", "qlora")


class MethodCard(Card):
    """Method, patience, and the advanced fields.

    Signals:
        advanced_changed: Changed values and errors, each by field.
    """

    method_chosen = Signal(str)
    patience_chosen = Signal(str)
    advanced_changed = Signal(dict, dict)
    change_requested = Signal()
    search_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.set_title(self.tr("How should it learn?"))
        self.change_button = PlainButton(self.tr("Change"), parent=self)
        self.change_button.setAccessibleName(self.tr("Change how it learns"))
        self.change_button.clicked.connect(self.change_requested)
        self.search_button = LinkButton(self.tr("Search for good settings"), "search", self)
        self.search_button.clicked.connect(self.search_requested)
        self.add_action(self.search_button)
        self.add_action(self.change_button)
        self.choosing = QWidget(self)
        column = QVBoxLayout(self.choosing)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_L)
        self.methods = ChoiceCards(self.tr("Method"), 2, self.choosing)
        self.methods.set_choices(self._methods(), "lora")
        self.methods.chosen.connect(self.method_chosen)
        column.addWidget(self.methods)
        self.more_button = LinkButton(self.tr("More methods"), "chevron-right", self.choosing)
        self.more_button.clicked.connect(self.show_more)
        column.addWidget(self.more_button)
        text = self.tr("It learns on in its own add-on, with the method that it was begun with.")
        self.continuing = Label(text, "note", wrap=True)
        column.addWidget(self.continuing)
        column.addLayout(self._patience())
        self.form = SpecForm(FinetuneSpec, [], _advanced(), columns=2, parent=self.choosing)
        self.form.values_changed.connect(self._on_form_changed)
        column.addWidget(self.form)
        self.add(self.choosing)

    def _methods(self) -> list[Choice]:
        return [
            Choice(
                "lora",
                "LoRA",
                self.tr("Learns a small add-on. Fast, little memory, easy to undo."),
                pill=self.tr("Recommended"),
            ),
            Choice(
                "full", self.tr("Full"), self.tr("Changes every weight. Best result when there is much data.")
            ),
        ]

    def _more_methods(self) -> list[Choice]:
        needed = missing("qlora")
        blocked = self.tr("Cannot run here: it needs {package}, which is not installed.")
        return [
            Choice(
                "dora",
                "DoRA",
                self.tr("A finer add-on. A step takes half as long again and needs much more memory."),
            ),
            Choice(
                "qlora",
                "QLoRA",
                self.tr("LoRA with the model kept in 4 bits meanwhile. For large models; a third slower."),
                blocked=blocked.format(package=needed) if needed else "",
            ),
            Choice(
                "ia3", "(IA)³", self.tr("A tiny add-on that only scales. Needs little data, learns least.")
            ),
        ]

    @Slot()
    def show_more(self) -> None:
        """Offers the rarer methods too."""
        self.more_button.hide()
        self.methods.set_choices([*self._methods(), *self._more_methods()], self.methods.current)

    def _patience(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE_L)
        grid.setVerticalSpacing(SPACE_XS)
        label = Label(self.tr("How patient are you?"))
        self.patience = QComboBox(self)
        self.patience.setMinimumHeight(CONTROL_HEIGHT)
        self.patience.setAccessibleName(self.tr("How patient are you?"))
        for patience, text in (
            ("quick", self.tr("Quick: to see whether it learns")),
            ("balanced", self.tr("Balanced: good for most")),
            ("thorough", self.tr("Thorough: takes its time")),
        ):
            self.patience.addItem(text, patience)
        self.patience.setCurrentIndex(1)
        self.patience.currentIndexChanged.connect(self._on_patience_changed)
        label.setBuddy(self.patience)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.patience, 1, 0)
        self.chosen = Label("", "note", wrap=True)
        grid.addWidget(self.chosen, 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        return grid

    def fill(self, values: dict[str, Any]) -> None:
        """Shows values of an earlier run in every field; those left out are the defaults."""
        blocked = self.blockSignals(True)
        self.methods.choose(values["method"])
        self.form.reset()
        self.form.set_values(values)
        self.blockSignals(blocked)

    def show_state(self, model: FinetuneViewModel, *, is_open: bool) -> None:
        """Shows what is chosen; closed, in one line."""
        self.choosing.setVisible(is_open)
        self.methods.choose(model.method)
        self.change_button.setVisible(not is_open)
        method = {"full": self.tr("Full"), "dora": "DoRA", "qlora": "QLoRA", "ia3": "(IA)³"}.get(
            model.method, "LoRA"
        )
        self.continuing.setVisible(model.continues)
        passes = passes_text(model.passes)
        changed = self.tr("advanced: {count} changed").format(count=model.changed_fields)
        self.set_note("" if is_open else " · ".join([method, passes, changed]))
        self.chosen.setText(model.preset_text)
        self.chosen.setToolTip(html.escape("\n".join(model.preset_reasons)).replace("\n", "<br>"))
        self.form.set_defaults(model.preset_values)
        for name in _LORA_FIELDS:
            self.form.field(name).setEnabled(model.method in _LORA_METHODS and not model.continues)
        self.form.field("continue_adapter").setEnabled(model.can_continue)

    @Slot(int)
    def _on_patience_changed(self, index: int) -> None:
        self.patience_chosen.emit(str(self.patience.itemData(index)))

    @Slot()
    def _on_form_changed(self) -> None:
        errors = self.form.errors()
        self.advanced_changed.emit({} if errors else self.form.changed_values(), errors)


def _advanced() -> list[str]:
    """The passes, which patience chooses, and every field that the spec calls advanced."""
    return ["epochs"] + [
        name
        for name, info in FinetuneSpec.model_fields.items()
        if isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get("advanced")
    ]
