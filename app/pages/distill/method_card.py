"""The card in which a person says how the student learns from its teacher."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.formats import breakable, number_text, passes_text
from app.pages.distill.view_model import DistillViewModel
from app.tokens import SPACE_L, SPACE_S
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.choice_cards import Choice, ChoiceCards
from app.widgets.labels import Label
from app.widgets.spec_form import SpecForm
from core.models.compatibility import INSIDE
from core.models.methods import NAMES
from core.specs import DistillSpec

_SIMPLE = ("epochs", "label_weight", "on_policy")
_LORA_FIELDS = ("lora_rank", "lora_alpha", "lora_dropout", "use_rslora")
_LORA_METHODS = ("lora", "dora", "qlora")
#: What has cards of its own, what names several teachers, what does not go with a teacher's probabilities.
_ELSEWHERE = ("divergence", "teacher_weights", "loss", "focal_gamma", "label_smoothing")
#: First what belongs to distilling, then what it shares with fine-tuning.
_OWN = ("temperature", "top_k", *INSIDE)


class MethodCard(Card):
    """Method, what is compared, and the fields.

    Signals:
        fields_changed: Changed values and errors, each by field.
    """

    method_chosen = Signal(str)
    divergence_chosen = Signal(str)
    fields_changed = Signal(dict, dict)
    change_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.set_title(self.tr("How should the student learn?"))
        self.change_button = PlainButton(self.tr("Change"), parent=self)
        self.change_button.setAccessibleName(self.tr("Change how the student learns"))
        self.change_button.clicked.connect(self.change_requested)
        self.add_action(self.change_button)
        self.choosing = QWidget(self)
        column = QVBoxLayout(self.choosing)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_L)
        self._method_choices: list[Choice] = []
        self._divergence_choices: list[Choice] = []
        self.methods = ChoiceCards(self.tr("Method"), 2, self.choosing)
        self.methods.chosen.connect(self.method_chosen)
        self.divergences = ChoiceCards(self.tr("What is compared"), 2, self.choosing)
        self.divergences.chosen.connect(self.divergence_chosen)
        compared = QVBoxLayout()
        compared.setSpacing(SPACE_S)
        compared.addWidget(Label(self.tr("What is compared with the teacher?"), "strong"))
        compared.addWidget(self.divergences)
        self.form = SpecForm(DistillSpec, _SIMPLE, _advanced(), columns=3, parent=self.choosing)
        self.form.values_changed.connect(self._on_form_changed)
        column.addWidget(self.methods)
        column.addLayout(compared)
        column.addWidget(self.form)
        self.add(self.choosing)

    def fill(self, values: dict[str, Any]) -> None:
        """Shows values of an earlier run in every field; those left out are the defaults."""
        blocked = self.blockSignals(True)
        self.form.reset()
        self.form.set_values(values)
        self.blockSignals(blocked)

    def show_state(self, model: DistillViewModel, *, is_open: bool) -> None:
        """Shows what is chosen; closed, in one line."""
        self.choosing.setVisible(is_open)
        self.change_button.setVisible(not is_open)
        self._method_choices = _shown(
            self.methods, self._methods(model.method), self._method_choices, model.method
        )
        divergences = self._divergences(model)
        self._divergence_choices = _shown(
            self.divergences, divergences, self._divergence_choices, model.divergence
        )
        compared = next(choice.title for choice in divergences if choice.key == model.divergence)
        passes = passes_text(model.passes)
        self.set_note("" if is_open else " · ".join([self._method_name(model.method), compared, passes]))
        self._show_own_answers(model)
        for name in INSIDE:
            obstacle = model.obstacle(name)
            text = self.tr("Not for this pair: {reason}").format(reason=breakable(obstacle))
            several = self._with_one() if model.has_several else ""
            self.form.field(name).explain(several or (text if obstacle else ""))
        for name in _LORA_FIELDS:
            self.form.field(name).setEnabled(model.method in _LORA_METHODS)
        self.form.field("continue_adapter").setEnabled(model.can_continue)

    def _methods(self, chosen: str) -> list[Choice]:
        known = [
            Choice(
                "full",
                self.tr("Full"),
                self.tr("Changes every weight. A student that was cut down or knows little needs it."),
                pill=self.tr("Recommended"),
            ),
            Choice(
                "lora",
                "LoRA",
                self.tr("Learns a small add-on. Little memory; enough when the student is good already."),
            ),
        ]
        if chosen in ("full", "lora"):
            return known
        return [*known, Choice(chosen, self._method_name(chosen), self.tr("As in the run that is repeated."))]

    def _divergences(self, model: DistillViewModel) -> list[Choice]:
        said = model.diagnosis
        titles = {
            "forward_kl": (
                self.tr("Forward KL"),
                self.tr("The student covers everything that the teacher finds possible. Good for most."),
            ),
            "reverse_kl": (
                self.tr("Reverse KL"),
                self.tr("The student keeps to what the teacher likes best, and leaves the rest."),
            ),
            "jensen_shannon": (
                self.tr("Jensen–Shannon"),
                self.tr("Between the two, where the one is too broad and the other too narrow."),
            ),
            "universal": (
                self.tr("By rank (universal)"),
                self.tr("Compares the likeliest with the likeliest, for a teacher with other tokens."),
            ),
        }
        blocked = ""
        if said is not None and said.divergences:
            blocked = self.tr(
                "Not for this pair: only {share} % of the student's tokens are the teacher's too."
            ).format(share=number_text(round(said.overlap * 100)))
        return [
            Choice(
                key,
                title,
                text,
                pill=self.tr("Recommended") if key == "forward_kl" and not self._is_out(key, model) else "",
                blocked=blocked if self._is_out(key, model) else "",
            )
            for key, (title, text) in titles.items()
        ]

    def _method_name(self, method: str) -> str:
        return self.tr("Full") if method == "full" else NAMES[method]

    @staticmethod
    def _is_out(divergence: str, model: DistillViewModel) -> bool:
        said = model.diagnosis
        return said is not None and bool(said.divergences) and divergence not in said.divergences

    def _show_own_answers(self, model: DistillViewModel) -> None:
        """Own answers need a live teacher with the student's very tokens."""
        reason = ""
        if model.has_several:
            reason = self._with_one()
        elif not model.can_answer and model.teacher is not None and model.teacher.is_exported:
            reason = self.tr("Not for this pair: an exported teacher cannot judge the student's own answers.")
        elif not model.can_answer:
            reason = self.tr(
                "Not for this pair: with other tokens the teacher cannot judge the student's own answers."
            )
        self.form.field("on_policy").explain(reason)

    def _with_one(self) -> str:
        return self.tr("Works with one teacher only: it must be in memory while the student learns.")

    @Slot()
    def _on_form_changed(self) -> None:
        errors = self.form.errors()
        self.fields_changed.emit({} if errors else self.form.changed_values(), errors)


def _shown(cards: ChoiceCards, choices: list[Choice], before: list[Choice], current: str) -> list[Choice]:
    """Shows these choices without saying that one was chosen; cards are built anew only when they differ."""
    blocked = cards.blockSignals(True)
    if choices != before:
        cards.set_choices(choices, current)
    else:
        cards.choose(current)
    cards.blockSignals(blocked)
    return choices


def _advanced() -> list[str]:
    fields = DistillSpec.model_fields
    rest = [
        name
        for name, info in fields.items()
        if isinstance(info.json_schema_extra, dict)
        and info.json_schema_extra.get("advanced")
        and name not in (*_SIMPLE, *_ELSEWHERE, *_OWN)
    ]
    return [*_OWN, *rest]
