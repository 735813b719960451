"""The card in which a person says what the teacher is asked, and which answers are kept."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.formats import count_text
from app.pages.data.fields import ChoiceField
from app.pages.generate.view_model import CHOSEN, SOURCES, GenerateViewModel
from app.tokens import SPACE_L
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.choice_cards import Choice, ChoiceCards
from app.widgets.labels import Label
from app.widgets.spec_form import SpecForm
from core.specs import GenerateSpec

_SIMPLE = ("rows", "answers_per_prompt", "temperature", "max_new_tokens", "budget")
_FIELDS = tuple(name for name in GenerateSpec.model_fields if name not in CHOSEN)


class AskCard(Card):
    """Where the questions come from, what is done with them, and the fields.

    Signals:
        fields_changed: Changed values and errors, each by field.
        continue_requested: The person wants to see some rows.
    """

    source_chosen = Signal(str)
    task_chosen = Signal(str)
    like_chosen = Signal(str)
    fields_changed = Signal(dict, dict)
    change_requested = Signal()
    continue_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.set_title(self.tr("What is the teacher asked?"))
        self.change_button = PlainButton(self.tr("Change"), parent=self)
        self.change_button.setAccessibleName(self.tr("Change what the teacher is asked"))
        self.change_button.clicked.connect(self.change_requested)
        self.add_action(self.change_button)
        self._choices: list[Choice] = []
        self._tasks: list[tuple[str, str]] = []
        self._followable: list[tuple[str, str]] = []
        self.choosing = QWidget(self)
        column = QVBoxLayout(self.choosing)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_L)
        self.sources = ChoiceCards(self.tr("Where the questions come from"), 3, self.choosing)
        self.sources.chosen.connect(self.source_chosen)
        self.task = ChoiceField(self.tr("What it does with them"), self.choosing)
        self.task.chosen.connect(self.task_chosen)
        self.like = ChoiceField(self.tr("Answered like"), self.choosing)
        self.like.chosen.connect(self.like_chosen)
        rest = [name for name in _FIELDS if name not in _SIMPLE]
        self.form = SpecForm(GenerateSpec, _SIMPLE, rest, columns=2, parent=self.choosing)
        self.form.values_changed.connect(self._on_form_changed)
        self.problem = Label("", "error", wrap=True)
        self.continue_button = PlainButton(self.tr("Continue"), parent=self.choosing)
        self.continue_button.clicked.connect(self.continue_requested)
        for widget in (self.sources, self.like, self.task, self.form, self.problem):
            column.addWidget(widget)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.continue_button)
        column.addLayout(foot)
        self.add(self.choosing)

    def fill(self, values: dict[str, Any]) -> None:
        """Shows values of an earlier run in every field; those left out are the defaults."""
        blocked = self.blockSignals(True)
        self.form.reset()
        self.form.set_values(values)
        self.blockSignals(blocked)

    def show_state(self, model: GenerateViewModel, *, is_open: bool) -> None:
        """Shows what is chosen; closed, in one line."""
        self.choosing.setVisible(is_open)
        self.change_button.setVisible(not is_open)
        choices = self._sources(model)
        blocked = self.sources.blockSignals(True)
        if choices != self._choices:
            self._choices = choices
            self.sources.set_choices(choices, model.asking.source)
        else:
            self.sources.choose(model.asking.source)
        self.sources.blockSignals(blocked)
        self._show_like(model)
        words = self._task_words()
        tasks = [(task, words[task][0]) for task in model.asking.tasks]
        if tasks != self._tasks:
            self._tasks = tasks
            self.task.set_choices(tasks)
        self.task.choose(model.asking.task)
        note = words[model.asking.task][1]
        if model.asking.task == "auto" and model.data is not None:
            note = self.tr("With this data: {task}.").format(task=words[model.asking.preset][0])
        if model.asking.as_learnt:
            note = self.tr("{note} The teacher learnt this task, and is asked as it learnt it.").format(
                note=note
            )
        self.task.set_note(note)
        reasons = self._idle_reasons()
        for name in _FIELDS:
            self.form.field(name).explain(
                reasons[name] if name in reasons and model.asking.is_idle(name) else ""
            )
        self.problem.setText(model.problem)
        self.problem.setVisible(bool(model.problem))
        self.continue_button.setEnabled(not model.errors and not model.problem)
        source = next(choice.title for choice in choices if choice.key == model.asking.source)
        rows = self.tr("{count} rows").format(count=count_text(model.rows))
        self.set_note("" if is_open else " · ".join([source, words[model.asking.preset][0], rows]))

    def _show_like(self, model: GenerateViewModel) -> None:
        """What the answers are to be like, where the data has questions alone."""
        choices = [(item.id, item.name) for item in model.asking.followable]
        self.like.setVisible(bool(choices))
        if choices != self._followable:
            self._followable = choices
            self.like.set_choices([("", self.tr("No other data")), *choices])
        self.like.choose(model.asking.like.id if model.asking.like is not None else "")
        self.like.set_note(
            self.tr("They get its task and labels, and its test rows stay the test.")
            if model.asking.like is not None
            else self.tr("Choose data that has labels, if the answers are to be its labels.")
        )

    def _sources(self, model: GenerateViewModel) -> list[Choice]:
        titles = {
            "prompts": (
                self.tr("Questions"),
                self.tr("The teacher answers the questions that your data holds."),
            ),
            "seeds": (
                self.tr("Similar ones"),
                self.tr("The teacher reads a few of your examples and makes up more like them."),
            ),
            "documents": (
                self.tr("Documents"),
                self.tr("The teacher reads pieces of your texts, and asks and answers about them."),
            ),
        }
        documents = self.tr("Not for this data: it holds questions, no plain documents.")
        questions = self.tr("Not for this data: it holds plain documents, no questions.")
        found = []
        for key in SOURCES:
            blocked = ""
            if model.data is not None and (key == "documents") != model.asking.holds_documents:
                blocked = documents if key == "documents" else questions
            found.append(Choice(key, *titles[key], blocked=blocked))
        return found

    def _task_words(self) -> dict[str, tuple[str, str]]:
        return {
            "auto": (self.tr("What the data teaches"), self.tr("Chosen by the columns of your data.")),
            "classification": (self.tr("Sort into labels"), self.tr("Says one of the data's labels.")),
            "extraction": (self.tr("Pick out fields"), self.tr("Answers with the fields as JSON.")),
            "question_answering": (
                self.tr("Answer questions"),
                self.tr("Answers correctly and in few words."),
            ),
            "conversation": (
                self.tr("Hold a conversation"),
                self.tr("Answers and also plays the person who asks, for some turns."),
            ),
            "inference": (
                self.tr("Compare two sentences"),
                self.tr("Says whether the second follows from the first."),
            ),
            "mathematics": (
                self.tr("Solve problems"),
                self.tr("Works step by step and ends with the figure."),
            ),
            "summarization": (self.tr("Summarize"), self.tr("Says the text in one or two sentences.")),
            "generation": (self.tr("Answer freely"), self.tr("Answers correctly and to the point.")),
        }

    def _idle_reasons(self) -> dict[str, str]:
        far = self.tr("Only for a teacher at an endpoint.")
        return {
            "turns": self.tr("Only in conversations."),
            "examples": self.tr("Only where more questions are made up."),
            "chunk_characters": self.tr("Only for documents."),
            "check_label": self.tr("Only for questions of your own that have answers to compare with."),
            "valid_json": self.tr("Only when fields are picked out."),
            "rubric": self.tr("Only with a judge."),
            "agreement": self.tr("Only with several answers to one question."),
            "budget": self.tr("Only for an endpoint that was added with its prices."),
            "with_rows": self.tr("Only where answers follow data of yours, or more questions are made up."),
            "concurrency": far,
            "requests_per_minute": far,
            "timeout_s": far,
        }

    @Slot()
    def _on_form_changed(self) -> None:
        errors = self.form.errors()
        self.fields_changed.emit({} if errors else self.form.changed_values(), errors)
