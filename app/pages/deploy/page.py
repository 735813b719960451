"""The deploy page: builds, binds and translates; the rules are in the view-model."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import Slot
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from app import receipt_text
from app.dialogs.receipt import ReceiptDialog
from app.dialogs.use_anyway import UseAnywayDialog
from app.formats import breakable, number_text, when_text
from app.pages.deploy.receipt import Verdict
from app.pages.deploy.transcript import Transcript
from app.pages.deploy.view_model import DeployViewModel
from app.pages.input_card import InputCard, model_choice, model_summary, receipt_mark
from app.tokens import CONTROL_HEIGHT, SPACE_S
from app.widgets.buttons import LinkButton, PlainButton, PrimaryButton
from app.widgets.card import Card, Facts
from app.widgets.choice_cards import Choice
from app.widgets.error_panel import ErrorPanel
from app.widgets.error_text import ErrorText
from app.widgets.labels import Label
from app.widgets.page_frame import PageFrame
from app.widgets.pill import Pill
from app.widgets.spec_form import SpecForm
from core.specs import ChatSpec


class DeployPage(PageFrame):
    """A finished model, and a chat with it."""

    def __init__(self, view_model: DeployViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        view_model.setParent(self)
        self.view_model = view_model
        self._choosing = True
        self.set_title(self.tr("Deploy"), self.tr("Use a finished model on this computer."))
        self.error_panel = ErrorPanel(action=self.tr("Load it again"), parent=self)
        self.error_panel.hide()
        self.top.addWidget(self.error_panel)
        self.model_card = InputCard(
            self.tr("Model"),
            self.tr("The model that answers."),
            self.tr("There is no model yet."),
            self.tr("Add the starter model"),
            self,
        )
        self.chat_card = self._build_chat()
        self.add(self.model_card)
        self.add(self.chat_card, 1)
        self.filler = QWidget(self)  # keeps the model card small while there is no chat
        self.add(self.filler, 1)
        self._build_side()
        self._bind()
        view_model.refresh()

    def _build_chat(self) -> Card:
        card = Card(self.tr("Chat"), parent=self)
        self.state_pill = Pill(parent=self)
        card.add_action(self.state_pill)
        self.new_button = LinkButton(self.tr("New conversation"), "rotate-ccw", self)
        card.add_action(self.new_button)
        self.hint = Label("", "muted", wrap=True)
        card.add(self.hint)
        self.caution = Label("", "note", wrap=True, selectable=True)
        card.add(self.caution)
        self.receipt_button = LinkButton(self.tr("Show the receipt"), parent=self)
        card.add(self.receipt_button)
        self.transcript = Transcript(self)
        card.add(self.transcript, 1)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        self.line = QLineEdit(self)
        self.line.setMinimumHeight(CONTROL_HEIGHT)
        self.line.setAccessibleName(self.tr("Your message"))
        self.line.setPlaceholderText(self.tr("Write a message"))
        self.send_button = PrimaryButton(self.tr("Send"), "send", self)
        self.stop_button = PlainButton(self.tr("Stop"), "square", self)
        self.stop_button.setAccessibleName(self.tr("Stop this answer"))
        for widget in (self.line, self.send_button, self.stop_button):
            row.addWidget(widget)
        card.add(row)
        return card

    def _build_side(self) -> None:
        self.speed_card = Card(self.tr("Measured on the last answer"), parent=self)
        self.facts = Facts(self)
        self.speed_card.add(self.facts)
        self.form_card = Card(self.tr("How it answers"), parent=self)
        self.form = SpecForm(ChatSpec, ["max_new_tokens", "temperature"], advanced=[], columns=1, parent=self)
        self.adapter_label = Label(self.tr("Who answers"))
        self.adapters = QComboBox(self)
        self.adapters.setMinimumHeight(CONTROL_HEIGHT)
        self.adapters.setAccessibleName(self.tr("Who answers"))
        self.adapter_label.setBuddy(self.adapters)
        self.form_card.add(self.adapter_label)
        self.form_card.add(self.adapters)
        self.form_card.add(self.form)
        self.command_card = Card(self.tr("The same as a command"), parent=self)
        self.command = QPlainTextEdit(self)
        self.command.setReadOnly(True)
        self.command.setProperty("role", "mono")
        self.command.setAccessibleName(self.tr("The same as a command"))
        self.command.setFixedHeight(76)
        self.copy_button = LinkButton(self.tr("Copy"), "copy", self)
        self.copy_button.setAccessibleName(self.tr("Copy the command"))
        self.command_card.add(self.command)
        self.command_card.add(self.copy_button)
        for card in (self.speed_card, self.form_card, self.command_card):
            self.side.addWidget(card)

    def _bind(self) -> None:
        model = self.view_model
        model.changed.connect(self._show)
        model.chat.turns_changed.connect(self._show_turns)
        model.chat.answer_grew.connect(self._show_turns)
        model.chat.question_returned.connect(self._on_question_returned)
        self.model_card.taken.connect(self._on_model_taken)
        self.model_card.change_requested.connect(self._on_change_model)
        self.model_card.add_requested.connect(self._on_add_model)
        self.line.returnPressed.connect(self._on_send)
        self.line.textChanged.connect(self._show_buttons)
        self.send_button.clicked.connect(self._on_send)
        self.stop_button.clicked.connect(model.chat.interrupt)
        self.new_button.clicked.connect(model.chat.forget)
        self.receipt_button.clicked.connect(self._on_receipt)
        self.form.values_changed.connect(self._on_form_changed)
        self.adapters.activated.connect(self._on_adapter_chosen)
        self.copy_button.clicked.connect(self._on_copy)
        self.error_panel.action_requested.connect(self._on_load_again)

    def open_with(self, argument: object) -> None:
        """Reads the models again; a model's id chooses and loads it, of `M:A` its adapter answers."""
        self.view_model.refresh()
        if isinstance(argument, str) and argument:
            model, _colon, adapter = argument.partition(":")
            self._on_model_taken(model)
            if adapter and self.view_model.model is not None and self.view_model.model.id == model:
                self.view_model.choose_adapter(adapter)

    def showEvent(self, event: QShowEvent) -> None:
        """Keeps the model that still answers what was asked before the page was left."""
        super().showEvent(event)
        self.view_model.come_back()

    def hideEvent(self, event: QHideEvent) -> None:
        """Frees the model's memory when the page is left, not when the window is minimised."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.view_model.leave()

    @Slot(str)
    def _on_model_taken(self, artifact_id: str) -> None:
        said = self.view_model.verdict(artifact_id)
        if said.is_refused:
            name = next((item.name for item in self.view_model.models if item.id == artifact_id), artifact_id)
            dialog = UseAnywayDialog(artifact_id, name, said.reasons, self.window())
            dialog.decided.connect(self._on_use_anyway)
            dialog.finished.connect(self._show)  # the card that was clicked is not the model that answers
            dialog.open()
            return
        self.view_model.choose_model(artifact_id)
        self._show_chosen(artifact_id)

    @Slot(str, str)
    def _on_use_anyway(self, artifact_id: str, why: str) -> None:
        self.view_model.use_anyway(artifact_id, why)
        self._show_chosen(artifact_id)

    def _show_chosen(self, artifact_id: str) -> None:
        chosen = self.view_model.model
        self._choosing = chosen is None or chosen.id != artifact_id
        self._show()
        if not self._choosing:
            self.line.setFocus()

    @Slot()
    def _on_change_model(self) -> None:
        self._choosing = True
        self._show()

    @Slot()
    def _on_add_model(self) -> None:
        self.page_requested.emit("models", "starter")

    @Slot()
    def _on_send(self) -> None:
        if not self.view_model.blocker(self.line.text()):
            text = self.line.text()
            self.line.clear()
            self.view_model.ask(text)

    @Slot(str)
    def _on_question_returned(self, text: str) -> None:
        if not self.line.text():  # what is being written now is worth more
            self.line.setText(text)

    @Slot()
    def _on_form_changed(self) -> None:
        errors = self.form.errors()
        self.view_model.set_values({} if errors else self.form.changed_values(), errors)

    @Slot(int)
    def _on_adapter_chosen(self, index: int) -> None:
        self.view_model.choose_adapter(str(self.adapters.itemData(index)))
        self.line.setFocus()

    @Slot()
    def _on_load_again(self) -> None:
        if self.view_model.model is not None:
            self.view_model.choose_model(self.view_model.model.id)

    @Slot()
    def _on_receipt(self) -> None:
        chosen = self.view_model.model
        found = self.view_model.receipt(chosen.id) if chosen is not None else None
        if chosen is not None and found is not None:
            ReceiptDialog(chosen.name, found, self.window()).open()

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.view_model.command())
        self.notice_raised.emit(self.tr("The command is on the clipboard."), "accent")

    @Slot()
    def _show(self) -> None:
        model, chat = self.view_model, self.view_model.chat
        choosing = self._choosing or model.model is None
        self.model_card.set_choices(
            [self._choice(index) for index in range(len(model.models))], model.model.id if model.model else ""
        )
        self.model_card.show_as(
            "open" if choosing else "closed", model_summary(model.model) if model.model else ""
        )
        self.chat_card.setVisible(model.model is not None)
        self.filler.setVisible(model.model is None)
        self.show_side(model.model is not None)
        self.error_panel.setVisible(chat.error is not None)
        if chat.error is not None:
            self.error_panel.show_error(ErrorText.of(chat.error))
            self.error_panel.action_button.setVisible(chat.state == "failed")
        self._show_verdict()
        texts = {
            "closed": self.tr("Not loaded"),
            "opening": self.tr("Loading"),
            "idle": self.tr("Ready"),
            "answering": self.tr("Answering"),
            "failed": self.tr("Stopped"),
        }
        loading = chat.state in ("idle", "answering") and chat.phase == "loading"
        tones = {"idle": "good", "failed": "bad", "closed": "muted"}
        tone = "accent" if loading else tones.get(chat.state, "accent")
        self.state_pill.show_status(texts["opening" if loading else chat.state], tone)  # type: ignore[arg-type]
        self.command.setPlainText(model.command())
        self._show_adapters()
        self._show_buttons()
        self._show_turns()

    def _show_adapters(self) -> None:
        chosen = self.view_model.model
        names = ("", *chosen.adapters) if chosen else ("",)
        if [self.adapters.itemData(at) for at in range(self.adapters.count())] != list(names):
            self.adapters.clear()
            for name in names:
                self.adapters.addItem(name or self.tr("The base model alone"), name)
        self.adapters.setCurrentIndex(self.adapters.findData(self.view_model.adapter))
        for widget in (self.adapter_label, self.adapters):
            widget.setVisible(len(names) > 1)

    def _show_verdict(self) -> None:
        chosen = self.view_model.model
        verdict = self.view_model.verdict(chosen.id) if chosen else Verdict()
        found = self.view_model.receipt(chosen.id) if chosen else None
        self.receipt_button.setVisible(found is not None)
        said: tuple[str, ...] = verdict.reasons
        if found is not None and found.status == "amber":
            said = (*receipt_text.reasons(found), receipt_text.advice(found))
        warnings = [*said, *self.view_model.chat.warnings]
        if verdict.override is not None:
            text = self.tr("Its receipt is red. Used anyway, decided {date}: “{why}”")
            since = when_text(verdict.override.at, time.time())
            others = [warning for warning in self.view_model.chat.warnings if said[0] not in warning]
            warnings = [text.format(date=since, why=verdict.override.why), *said, *others]
        self.caution.setText(breakable("\n".join(warnings)))
        self.caution.setVisible(bool(warnings))
        word = receipt_mark(chosen)[0] if chosen else ""
        self.model_card.show_pill(self.tr("Red, used anyway") if verdict.override is not None else word)

    def _choice(self, index: int) -> Choice:
        item = self.view_model.models[index]
        choice = model_choice(item)
        said = self.view_model.verdict(item.id)
        if said.override is not None:
            text = self.tr("Used anyway: “{why}”").format(why=breakable(said.override.why))
            return replace(choice, text=text, pill=self.tr("Red, used anyway"), tone="warn")
        found = self.view_model.receipt(item.id)
        if found is None or found.status == "green":
            return choice
        text = "\n".join((choice.text, *receipt_text.reasons(found)))
        word = receipt_text.colour_word(found.status, is_untaught=found.is_untaught)
        return replace(choice, text=breakable(text), pill=word, tone=receipt_text.TONES[found.status])

    @Slot()
    def _show_buttons(self) -> None:
        answering = self.view_model.chat.state == "answering"
        blocker = self.view_model.blocker(self.line.text())
        self.send_button.setVisible(not answering)
        self.send_button.setEnabled(not blocker)
        self.stop_button.setVisible(answering)
        self.new_button.setEnabled(bool(self.view_model.chat.turns))

    @Slot()
    def _show_turns(self) -> None:
        model, chat = self.view_model, self.view_model.chat
        self.transcript.show_turns(chat.turns, model.model.name if model.model else "")
        self.new_button.setEnabled(bool(chat.turns))
        self.hint.setVisible(not chat.turns)
        self.hint.setText(
            self.tr("Ask it what it has learnt. Everything stays on this computer; nothing is kept.")
        )
        speed = chat.speed
        none_yet = self.tr("not measured yet")
        first = (
            self.tr("{time} ms").format(time=number_text(speed.ttft_ms))
            if speed and speed.ttft_ms
            else none_yet
        )
        rate = speed.tokens_per_s if speed else None
        self.facts.set_fact(self.tr("First word after"), first)
        self.facts.set_fact(
            self.tr("Speed"), self.tr("{rate} tokens/s").format(rate=number_text(rate)) if rate else none_yet
        )
        length = self.tr("{count} tokens").format(count=speed.tokens) if speed and speed.tokens else none_yet
        self.facts.set_fact(self.tr("Length"), length)
