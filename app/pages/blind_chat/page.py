"""The page of the blind chat: builds, binds and translates; the rules are in the view-model."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QWidget

from app import receipt_text
from app.formats import breakable, count_text, short_name
from app.pages.blind_chat.view_model import BlindChatViewModel
from app.tokens import CONTROL_HEIGHT, SPACE_L, SPACE_S
from app.widgets.buttons import LinkButton, PlainButton, PrimaryButton
from app.widgets.card import Card, Facts
from app.widgets.error_panel import ErrorPanel
from app.widgets.error_text import ErrorText
from app.widgets.labels import Label
from app.widgets.page_frame import PageFrame
from core.models.board.sentence import p_text
from core.models.votes import Choice

_ENOUGH = 0.05
_CHOICES: tuple[Choice, ...] = ("a", "b", "equal", "bad")


class BlindChatPage(PageFrame):
    """Two models, one question, two answers called A and B, a vote, the score."""

    def __init__(self, view_model: BlindChatViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        view_model.setParent(self)
        self.view_model = view_model
        self.set_title(
            self.tr("Chat with two"),
            self.tr("Ask both the same, and vote before you know which answer is whose."),
        )
        self.back_button = LinkButton(self.tr("Back to the comparison"), "chevron-left", self)
        self.add_action(self.back_button)
        self.error_panel = ErrorPanel(parent=self)
        self.error_panel.hide()
        self.top.addWidget(self.error_panel)
        self._build_question()
        self._build_answers()
        self._build_vote()
        self._build_side()
        self._bind()
        view_model.refresh()

    def _build_question(self) -> None:
        self.question_card = Card(self.tr("Your question"), parent=self)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        self.line = QLineEdit(self)
        self.line.setMinimumHeight(CONTROL_HEIGHT)
        self.line.setAccessibleName(self.tr("Your question"))
        self.line.setPlaceholderText(self.tr("Ask what your users would ask"))
        self.ask_button = PrimaryButton(self.tr("Ask both"), "send", self)
        row.addWidget(self.line, 1)
        row.addWidget(self.ask_button)
        self.question_card.add(row)
        self.progress = Label("", "muted", wrap=True)
        self.question_card.add(self.progress)
        self.add(self.question_card)

    def _build_answers(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACE_L)
        self.cards: dict[str, Card] = {}
        self.answers: dict[str, Label] = {}
        for letter in ("a", "b"):
            card = Card(letter.upper(), parent=self)
            card.title_label.setProperty("role", "value")
            card.setMinimumHeight(160)
            answer = Label("", wrap=True, selectable=True)
            card.add(answer)
            card.body.addStretch(1)
            row.addWidget(card, 1)
            self.cards[letter], self.answers[letter] = card, answer
        self.add(row)

    def _build_vote(self) -> None:
        self.vote_card = Card(self.tr("Which answer is better?"), parent=self)
        grid = QGridLayout()
        grid.setSpacing(SPACE_S)
        titles = self._titles = {
            "a": self.tr("A is better"),
            "b": self.tr("B is better"),
            "equal": self.tr("Equally good"),
            "bad": self.tr("Both are bad"),
        }
        self.vote_buttons: dict[Choice, PlainButton] = {}
        for place, choice in enumerate(_CHOICES):
            button = PlainButton(titles[choice], parent=self)
            button.setObjectName(choice)
            button.clicked.connect(self._on_vote)
            grid.addWidget(button, 0, place)
            self.vote_buttons[choice] = button
        self.vote_card.add(grid)
        self.add(self.vote_card)

    def _build_side(self) -> None:
        self.pair_card = Card(self.tr("Who answers"), parent=self)
        self.boxes = (QComboBox(self), QComboBox(self))
        names = (self.tr("The one model"), self.tr("The other model"))
        for box, name in zip(self.boxes, names, strict=True):
            box.setAccessibleName(name)
            box.setMinimumHeight(CONTROL_HEIGHT)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.activated.connect(self._on_pair)
            self.pair_card.add(box)
        self.pair_note = Label("", "note", wrap=True)
        self.pair_card.add(self.pair_note)
        self.score_card = Card(self.tr("Your votes between them"), parent=self)
        self.facts = Facts(self)
        self.score_card.add(self.facts)
        self.score_note = Label("", "note", wrap=True)
        self.score_card.add(self.score_note)
        self.side.addWidget(self.pair_card)
        self.side.addWidget(self.score_card)

    def _bind(self) -> None:
        model = self.view_model
        model.changed.connect(self._show)
        model.failed.connect(self._on_failed)
        self.back_button.clicked.connect(self._on_back)
        self.line.returnPressed.connect(self._on_ask)
        self.line.textChanged.connect(self._show_button)
        self.ask_button.clicked.connect(self._on_ask)

    def open_with(self, argument: object) -> None:
        """Reads the models again; a list of two ids lets these two answer."""
        self.view_model.refresh()
        if isinstance(argument, list) and len(argument) == 2:
            self.view_model.choose(str(argument[0]), str(argument[1]))
        self.line.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        """Frees the models' memory when the page is left, not when the window is minimised."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.view_model.leave()

    # --- what is shown ---

    @Slot()
    def _show(self) -> None:
        model = self.view_model
        if model.state == "asking":
            self.error_panel.hide()
        self._show_pair()
        self._show_answers()
        self._show_score()
        self._show_button()
        self.vote_card.setVisible(model.state in ("voting", "told"))
        self.vote_card.set_note(
            self.tr("Both say the same, so neither is better. Vote on the answer, or ask the next question.")
            if model.says_same
            else ""
        )
        for choice, button in self.vote_buttons.items():
            button.setEnabled(model.state == "voting" and not (model.says_same and choice in ("a", "b")))
            chosen = model.vote is not None and model.vote.choice == choice
            button.setText(f"✓ {self._titles[choice]}" if chosen else self._titles[choice])
        if model.state == "asking":
            text = self.tr("Asking model {number} of 2. You see both answers once both are there.")
            self.progress.setText(text.format(number=max(model.duel.asked, 1)))
        elif model.state == "told":
            self.progress.setText(self.tr("Your vote is kept. Ask the next question."))
        else:
            self.progress.setText(self.tr("Nothing leaves this computer."))

    def _show_pair(self) -> None:
        model = self.view_model
        keys = [key for key, _item in model.models]
        for box, chosen in zip(self.boxes, model.pair, strict=True):
            if [box.itemData(place) for place in range(box.count())] != keys:
                box.clear()
                for place, (key, item) in enumerate(model.models):
                    name = model.name_of(key)
                    box.addItem(f"{receipt_text.sign(item.receipt)}{short_name(name)}", key)
                    spoken = receipt_text.spoken_name(name, item.receipt)
                    box.setItemData(place, spoken, Qt.ItemDataRole.AccessibleTextRole)
                    box.setItemData(place, spoken, Qt.ItemDataRole.ToolTipRole)
            box.setCurrentIndex(box.findData(chosen))
            box.setEnabled(model.state != "asking")
        if model.duel.one_at_a_time:
            self.pair_note.setText(
                self.tr("Memory holds one of them at a time, so each is loaded anew for every question.")
            )
        self.pair_note.setVisible(model.duel.one_at_a_time)

    def _show_answers(self) -> None:
        model = self.view_model
        letters: tuple[Literal["a", "b"], ...] = ("a", "b")
        for letter in letters:
            name = model.told_name(letter)
            self.cards[letter].set_title(f"{letter.upper()} · {short_name(name)}" if name else letter.upper())
            there = model.state in ("voting", "told")
            text = (model.answer(letter) or self.tr("(no answer)")) if there else ""
            self.answers[letter].setText(breakable(text, 48))
            self.answers[letter].setAccessibleName(f"{letter.upper()}: {text}")

    def _show_score(self) -> None:
        model = self.view_model
        self.score_card.setVisible(model.state != "choosing")
        if model.state == "choosing":
            return
        found, (one, other) = model.score, (short_name(model.name_of(key), 24) for key in model.pair)
        self.facts.clear()
        for name, count in (
            (one, found.one),
            (other, found.other),
            (self.tr("Equally good"), found.equal),
            (self.tr("Both bad"), found.bad),
        ):
            self.facts.set_fact(name, count_text(count))
        if not found.one + found.other:
            self.score_note.setText(self.tr("No vote has decided between them yet."))
        elif found.p_value < _ENOUGH:
            leader = one if found.one > found.other else other
            text = self.tr("“{name}” is liked better; chance alone would hardly do that ({p}).")
            self.score_note.setText(text.format(name=leader, p=p_text(found.p_value)))
        else:
            text = self.tr("Chance alone would do as much or more ({p}): no preference shown yet.")
            self.score_note.setText(text.format(p=p_text(found.p_value)))

    @Slot()
    def _show_button(self) -> None:
        blocked = {
            "": "",
            "few": self.tr("Two models are needed"),
            "same": self.tr("Choose two different models"),
            "asking": self.tr("Answering …"),
            "voting": self.tr("Vote first"),
            "text": self.tr("Write a question first"),
        }[self.view_model.blocker(self.line.text())]
        self.ask_button.block(blocked)

    # --- what a person does ---

    @Slot()
    def _on_ask(self) -> None:
        text = self.line.text()
        if not self.view_model.blocker(text):
            self.line.clear()
            self.view_model.ask(text)
            self.question_card.set_note(breakable(self.view_model.prompt, 48))

    @Slot()
    def _on_vote(self) -> None:
        name = self.sender().objectName()
        self.view_model.choose_better(next(choice for choice in _CHOICES if choice == name))
        self.line.setFocus()

    @Slot(int)
    def _on_pair(self, _place: int) -> None:
        one, other = (str(box.currentData()) for box in self.boxes)
        self.question_card.set_note("")
        self.view_model.choose(one, other)

    @Slot(object)
    def _on_failed(self, error: ErrorText) -> None:
        self.error_panel.show_error(error)
        self.error_panel.show()

    @Slot()
    def _on_back(self) -> None:
        self.page_requested.emit("compare", None)
