"""The card in which a person says what goes, and sees what that leaves."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from app.formats import breakable, count_text, number_text, size_text
from app.pages.prune.picture import BeforeAfter
from app.pages.prune.view_model import PruneViewModel
from app.pages.prune.wish import FEWEST_LAYERS, decimals
from app.tokens import SPACE_L, SPACE_XS
from app.widgets.amount import AmountField
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.choice_cards import Choice, ChoiceCards
from app.widgets.labels import Label
from app.widgets.spec_form import SpecForm
from core.models.pruning.rounds import MOST_ROUNDS
from core.specs import PruneSpec

_LEAST_PERCENT = 10
_TIMES = (5.0, 2000.0)


class CutCard(Card):
    """To a size or by hand, the vocabulary, and the model before and after.

    Signals:
        fields_changed: Changed advanced values and errors, each by field.
    """

    fields_changed = Signal(dict, dict)
    change_requested = Signal()

    def __init__(self, model: PruneViewModel, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self._model = model
        self.set_title(self.tr("What should go?"))
        self.change_button = PlainButton(self.tr("Change"), parent=self)
        self.change_button.setAccessibleName(self.tr("Change what goes"))
        self.change_button.clicked.connect(self.change_requested)
        self.add_action(self.change_button)
        self.choosing = QWidget(self)
        column = QVBoxLayout(self.choosing)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_L)
        self.ways = ChoiceCards(self.tr("How to say it"), 3, self.choosing)
        self.ways.set_choices(self._ways(), model.wish.way)
        self.ways.chosen.connect(model.choose_way)
        self.target = AmountField(self.tr("How large may it be?"), self.tr(" MB"), self)
        self.target.changed.connect(model.set_target)
        self.time = AmountField(self.tr("How long may an answer take?"), self.tr(" ms"), self)
        self.time.changed.connect(model.set_target_ms)
        self.time.note.setText(self.tr("An answer of the data's usual length, in int8 on this computer."))
        self.layers = AmountField(self.tr("Layers that stay"), parent=self)
        self.layers.changed.connect(model.set_layers)
        self.neurons = AmountField(self.tr("Neurons of each layer that stay"), self.tr(" %"), self)
        self.neurons.changed.connect(model.set_percent)
        self.trim = QCheckBox(self.tr("Keep only the tokens that the data needs"), self)
        self.trim.toggled.connect(model.set_trims)
        self.trim_note = Label("", "note", wrap=True)
        words = QVBoxLayout()
        words.setSpacing(SPACE_XS)
        words.addWidget(self.trim)
        words.addWidget(self.trim_note)
        self.repeats = QCheckBox(
            self.tr("Cut in rounds, and learn again from the whole model after each"), self
        )
        self.repeats.toggled.connect(model.set_repeats)
        self.rounds = AmountField(self.tr("Rounds"), parent=self)
        self.rounds.changed.connect(model.set_rounds)
        for part in (self.ways, self.target, self.time, self.layers, self.neurons):
            column.addWidget(part)
        column.addLayout(words)
        column.addWidget(self.repeats)
        column.addWidget(self.rounds)
        self.picture = BeforeAfter(self)
        self.outcome = Label("", wrap=True)
        self.problem = Label("", "error", wrap=True, selectable=True)
        self.truth = Label(
            self.tr(
                "Why whole parts and not single weights: on the processor, ONNX Runtime computes with a zero "
                "as with any other number. Zeros, single ones or two of four, would make the model neither "
                "smaller nor faster here."
            ),
            "note",
            wrap=True,
        )
        self.form = SpecForm(PruneSpec, [], columns=3, parent=self)
        self.form.values_changed.connect(self._on_form_changed)
        self.add(self.choosing)
        for part in (self.picture, self.outcome, self.problem, self.truth, self.form):
            self.add(part)

    def fill(self) -> None:
        """Shows the choices of an earlier run."""
        blocked = self.blockSignals(True)
        values = dict(self._model.advanced)
        self.form.reset()
        self.form.set_values(values)
        self.blockSignals(blocked)

    def show_state(self, *, is_open: bool) -> None:
        """Shows what is chosen; closed, in one line and the picture."""
        model = self._model
        self.choosing.setVisible(is_open)
        self.change_button.setVisible(not is_open)
        for part in (self.truth, self.form):
            part.setVisible(is_open)
        blocked = self.ways.blockSignals(True)
        self.ways.choose(model.wish.way)
        self.ways.blockSignals(blocked)
        for part in (self.layers, self.neurons):
            part.setVisible(model.wish.way == "hand")
        self.target.setVisible(model.wish.way == "size")
        self.time.setVisible(model.is_timed)
        self.time.show_amount(*_TIMES, model.wish.target_ms)
        self._show_amounts()
        self._show_words()
        self._show_rounds()
        sizes, cut, problem = model.sizes, model.cut, model.problem
        self.picture.setVisible(sizes is not None and not model.is_timed)
        if sizes is not None:
            self.picture.show_cut(sizes, cut)
        said = "\n".join(filter(None, (problem.what, problem.why, problem.fix))) if problem else ""
        self.problem.setText(breakable(said))
        self.problem.setVisible(bool(said))
        self.outcome.setText(self._outcome_text())
        self.outcome.setVisible(cut is not None)

    def _ways(self) -> list[Choice]:
        return [
            Choice(
                "size",
                self.tr("To a size"),
                self.tr("Layers go first, at most half of them, then neurons, until the rest fits."),
                pill=self.tr("Recommended"),
            ),
            Choice(
                "time",
                self.tr("To a time"),
                self.tr("The same, until an answer is fast enough on this computer, which is measured."),
            ),
            Choice(
                "hand",
                self.tr("By hand"),
                self.tr("You say how many layers and neurons stay; measuring says which ones."),
            ),
        ]

    def _show_amounts(self) -> None:
        model, sizes, tokens, cut = self._model, self._model.sizes, self._model.tokens, self._model.cut
        if sizes is None:
            return
        whole = sizes.whole
        if tokens is not None:
            least, most = model.wish.limits(sizes, tokens)
            self.target.show_amount(least, most, model.wish.target_mb(sizes, tokens), decimals(sizes))
        if cut is not None:
            text = self.tr(
                "Counted at one byte a number, as in int8: {all} now. The int8 files, with scales and "
                "tokenizer, will take about {file}."
            )
            self.target.note.setText(
                text.format(all=size_text(sizes.bytes(whole)), file=size_text(model.int8_bytes(cut)))
            )
            text = self.tr("{left} of {all}: the busiest ones of each layer, in steps of 32.")
            self.neurons.note.setText(
                text.format(left=count_text(cut.neurons), all=count_text(whole.neurons))
            )
        self.layers.show_amount(FEWEST_LAYERS, whole.layers, model.wish.layers(sizes))
        text = self.tr("It has {all}. Those go that change least, never the first or the last.")
        self.layers.note.setText(text.format(all=count_text(whole.layers)))
        self.neurons.show_amount(_LEAST_PERCENT, 100, model.wish.percent)

    def _show_words(self) -> None:
        model = self._model
        source = model.files.source
        blocked = self.trim.blockSignals(True)
        self.trim.setChecked(model.wish.trims and (source is None or model.can_trim))
        self.trim.blockSignals(blocked)
        self.trim.setEnabled(model.can_trim)
        text = self.tr("Other text is then read in smaller pieces; the data as before.")
        if source is not None and source.whole_only:
            text = source.whole_only
        elif source is not None and model.files.needed is not None:
            needed = self.tr("About {needed} of {all} tokens are needed.").format(
                needed=count_text(model.files.needed), all=count_text(source.sizes.whole.tokens)
            )
            text = f"{needed} {text}"
        self.trim_note.setText(text)
        self.trim.setAccessibleDescription(text)

    def _show_rounds(self) -> None:
        model = self._model
        blocked = self.repeats.blockSignals(True)
        self.repeats.setChecked(model.wish.rounds > 1)
        self.repeats.blockSignals(blocked)
        self.repeats.setVisible(model.can_repeat)
        self.rounds.setVisible(bool(model.rounds))
        if not model.rounds or model.sizes is None:
            return
        self.rounds.show_amount(2, MOST_ROUNDS, model.wish.rounds)
        left = [model.sizes.whole, *model.rounds]
        arrow = self.tr(" → ")
        said = self.tr("Layers {numbers}").format(numbers=arrow.join(count_text(cut.layers) for cut in left))
        if model.cut is not None and model.cut.neurons < left[0].neurons:
            neurons = self.tr("neurons of each {numbers}")
            said += "; " + neurons.format(numbers=arrow.join(count_text(cut.neurons) for cut in left))
        self.rounds.note.setText(said)

    def _outcome_text(self) -> str:
        model = self._model
        cut, sizes = model.cut, model.sizes
        if cut is None or sizes is None:
            return ""
        if model.rounds:
            return self.tr("Each round prunes and then distills from {model}, so it takes its time.").format(
                model=breakable(model.model.name if model.model else "")
            )
        if not model.forgets:
            return self.tr("It answers the data as before. Other text it reads in smaller pieces.")
        text = self.tr(
            "Without what goes it answers worse until it has learnt again: distill it next, or fine-tune it."
        )
        if cut.layers * 2 < sizes.whole.layers:
            few = self.tr("With less than half of its layers it hardly recovers in one cut: take rounds.")
            return f"{text} {few}"
        return text

    def summary(self) -> str:
        """What is left, in a line."""
        cut, sizes = self._model.cut, self._model.sizes
        if cut is None or sizes is None:
            return ""
        if self._model.is_timed:
            time = number_text(self._model.wish.target_ms)
            return self.tr("As much stays as answers in {time} ms").format(time=time)
        text = self.tr("{layers} of {all} layers stay, and {percent} % of all numbers")
        share = sizes.parameters(cut) / sizes.parameters(sizes.whole)
        return text.format(
            layers=count_text(cut.layers),
            all=count_text(sizes.whole.layers),
            percent=number_text(round(share * 100)),
        )

    @Slot()
    def _on_form_changed(self) -> None:
        errors: dict[str, Any] = self.form.errors()
        self.fields_changed.emit({} if errors else self.form.changed_values(), errors)
