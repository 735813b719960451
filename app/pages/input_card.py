"""The card of a wizard in which an input is chosen from the library; closed, it says what was chosen."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app import receipt_text
from app.formats import count_text, rows_text, short_name, size_text
from app.models.library import DataItem, ModelItem
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.choice_cards import Choice, ChoiceCards
from app.widgets.labels import Label
from app.widgets.pill import Pill, Tone
from core.models.receipts import is_colour

CardState = Literal["waiting", "open", "closed"]
_COLUMNS = 1
_MARK = 8  # letters, the widest ones, that have the place of a mark
#: Of the name of a data set so many letters fit in the narrowest window, however wide they are.
_DATA_LETTERS = 32


class InputCard(Card):
    """A choice among models or data sets.

    Args:
        title: What is chosen.
        note: What it is for, shown while nothing is chosen.
        empty: What it says when there is nothing to choose.
        add: Label of the button that leads to something to choose.
        parent: Owner.
    """

    chosen = Signal(str)
    taken = Signal(str)
    change_requested = Signal()
    add_requested = Signal()

    def __init__(self, title: str, note: str, empty: str, add: str, parent: QWidget | None = None) -> None:
        super().__init__(title, note, parent=parent)
        self._note = note
        self._choices: list[Choice] = []
        self.pill = Pill(parent=self)
        self.pill.hide()
        self.add_action(self.pill)
        self.change_button = PlainButton(self.tr("Change"), parent=self)
        self.change_button.setAccessibleName(self.tr("Change: {what}").format(what=title))
        self.change_button.clicked.connect(self.change_requested)
        self.add_action(self.change_button)
        self.cards = ChoiceCards(title, _COLUMNS, self)
        self.cards.chosen.connect(self.chosen)
        self.cards.taken.connect(self.taken)
        self.add(self.cards)
        self.nothing = QWidget(self)
        row = QHBoxLayout(self.nothing)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(Label(empty, wrap=True), 1)
        self.add_button = PlainButton(add, "plus", self.nothing)
        self.add_button.clicked.connect(self.add_requested)
        row.addWidget(self.add_button)
        self.add(self.nothing)

    def set_choices(self, choices: list[Choice], current: str) -> None:
        """Shows what can be chosen."""
        if choices != self._choices:
            self._choices = choices
            self.cards.blockSignals(True)
            self.cards.set_choices(choices, current)
            self.cards.blockSignals(False)
        elif current and current != self.cards.current:
            self.cards.blockSignals(True)
            self.cards.choose(current)
            self.cards.blockSignals(False)

    def show_as(self, state: CardState, summary: str) -> None:
        """Opens or closes the card.

        Args:
            state: `waiting` for an earlier step, `open` to choose, `closed` once chosen.
            summary: What was chosen, in a line.
        """
        is_open = state == "open"
        self.set_note(summary if summary and not is_open else self._note)
        self.title_label.setEnabled(state != "waiting")
        self.note_label.setEnabled(state != "waiting")
        self.cards.setVisible(is_open and bool(self._choices))
        self.nothing.setVisible(is_open and not self._choices)
        self.change_button.setVisible(state == "closed")

    def show_pill(self, text: str) -> None:
        """Shows something to look at, or nothing."""
        self.pill.show_status(text, "warn")
        self.pill.setVisible(bool(text))


def million_text(count: int) -> str:
    """A number of parameters as the field writes it: `135 M`, `1.5 B`."""
    if count >= 1_000_000_000:
        return f"{count / 1e9:.1f}".removesuffix(".0") + " B"
    return f"{round(count / 1e6)} M" if count >= 1_000_000 else count_text(count)


def parameters_text(count: int) -> str:
    """`135 M parameters`."""
    return QCoreApplication.translate("InputCard", "{count} parameters").format(count=million_text(count))


def format_text(item: ModelItem) -> str:
    """What kind of folder it is, in words."""
    if item.format == "adapter":
        names = {"dora": "DoRA", "ia3": "(IA)³", "qlora": "QLoRA"}
        text = QCoreApplication.translate("InputCard", "{method} add-on")
        return text.format(method=names.get(item.method, "LoRA"))
    if item.format == "onnx":
        text = QCoreApplication.translate("InputCard", "ONNX {recipe}")
        return text.format(recipe=item.recipe or "").strip()
    if item.is_endpoint:
        return QCoreApplication.translate("InputCard", "endpoint")
    return QCoreApplication.translate("InputCard", "full weights")


def model_summary(item: ModelItem) -> str:
    """Name and facts in a line: `SmolLM2-135M-Instruct · 135 M parameters · Apache-2.0`."""
    return " · ".join(filter(None, [short_name(item.name), model_facts(item)]))


def model_facts(item: ModelItem) -> str:
    """The facts alone: `135 M parameters · Apache-2.0`."""
    return " · ".join(_model_facts(item))


def model_choice(item: ModelItem, longest: int = 38) -> Choice:
    """A model as a card, its name cut to so many letters, and some more where a word stands beside it."""
    more = item.note if item.is_endpoint else size_text(item.bytes)
    pill, tone = receipt_mark(item)
    name = short_name(item.name, longest - _MARK if pill else longest)
    hint = item.name if name != item.name else ""
    return Choice(item.id, name, " · ".join([*_model_facts(item), more]), pill, tone, hint=hint)


def receipt_mark(item: ModelItem) -> tuple[str, Tone]:
    """The word beside a model whose receipt is not green, and its tone; an empty word beside the others."""
    if not is_colour(item.receipt) or item.receipt == "green":
        return "", "accent"
    word = receipt_text.colour_word(item.receipt, is_untaught=item.is_untaught)
    return word, receipt_text.TONES[item.receipt]


def _model_facts(item: ModelItem) -> list[str]:
    facts = [parameters_text(item.parameters)] if item.parameters and item.format != "adapter" else []
    return [*facts, *([short_name(item.licence, 24)] if item.licence else []), format_text(item)]


def data_summary(item: DataItem) -> str:
    """Name and counts in a line."""
    return f"{short_name(item.name)} · {data_facts(item)}"


def data_choice(item: DataItem) -> Choice:
    """A data set as a card."""
    name = short_name(item.name, _DATA_LETTERS)
    return Choice(item.id, name, data_facts(item), hint=item.name if name != item.name else "")


def data_facts(item: DataItem) -> str:
    """How many rows serve for what."""
    if not item.has_answers:
        text = QCoreApplication.translate("InputCard", "{count} for a teacher to answer")
        return text.format(count=rows_text(item.train))
    text = QCoreApplication.translate(
        "InputCard", "{train} to learn from, {validation} to watch, {test} kept for the test"
    ).format(train=rows_text(item.train), validation=count_text(item.validation), test=count_text(item.test))
    if item.labels:
        labels = QCoreApplication.translate("InputCard", "{count} labels").format(
            count=count_text(item.labels)
        )
        text = f"{text} · {labels}"
    return text
