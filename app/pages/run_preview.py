"""The sticky card beside a wizard: what the run will need, whether it fits, and Start."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QWidget

from app.formats import size_text
from app.widgets.buttons import LinkButton, PlainButton, PrimaryButton
from app.widgets.card import Card, Facts, Room
from app.widgets.labels import Label, Line
from app.widgets.lines import Lines
from app.widgets.meter import MemoryBar, Segment
from app.widgets.pill import Pill, Tone


@dataclass(frozen=True)
class RunNeeds:
    """What the card says.

    Attributes:
        fits: Whether it fits; None while that is not known.
        tight: Whether it fits with little room.
        segments: Parts of the memory at its highest.
        memory_free: Bytes of memory that are free.
        facts: Names and figures, such as time and disk.
        rooms: For facts by name, whether there is room for what they say; those not named say nothing of it.
        note: Where the figures come from, or what to choose first.
        blocked: Why it cannot start, for the button; empty when it can.
        command: The same as a command line.
        suggestions: Changes that would make it fit, each a button.
        measure: Label of the button that measures; empty shows none.
        is_measuring: Whether that is under way, so that the button waits.
        start: Label of the start button, where it is another one than usual.
    """

    fits: bool | None = None
    tight: bool = False
    segments: list[Segment] = field(default_factory=list)
    memory_free: int = 0
    facts: list[tuple[str, str]] = field(default_factory=list)
    rooms: dict[str, Room] = field(default_factory=dict)
    note: str = ""
    blocked: str = ""
    command: str = ""
    suggestions: tuple[str, ...] = ()
    measure: str = ""
    is_measuring: bool = False
    start: str = ""


class RunPreview(Card):
    """Shows `RunNeeds`.

    Args:
        start: Label of the start button.
        parent: Owner.
    """

    start_requested = Signal()
    command_copied = Signal()
    measure_requested = Signal()
    suggestion_chosen = Signal(int)

    def __init__(self, start: str, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.set_title(self.tr("Run preview"))
        self.fit = Pill(parent=self)
        self.add_action(self.fit)
        self.memory = Facts(self)
        self.bar = MemoryBar(self.tr("Memory at its highest, estimated"), self)
        self.line = Line(self)
        self.facts = Facts(self)
        self.note = Label("", "note", wrap=True)
        self.measure_button = LinkButton("", parent=self)
        self.measure_button.clicked.connect(self.measure_requested)
        self.helps = Lines()
        self.help_buttons: list[PlainButton] = []
        self._start = start
        self.start_button = PrimaryButton(start, parent=self)
        self.start_button.clicked.connect(self.start_requested)
        for item in (
            self.memory,
            self.bar,
            self.line,
            self.facts,
            self.note,
            self.measure_button,
            self.helps,
            self.start_button,
        ):
            self.add(item)
        links = QHBoxLayout()
        self.command_button = LinkButton(self.tr("Show command"), parent=self)
        self.command_button.clicked.connect(self._on_command_clicked)
        self.copy_button = LinkButton(self.tr("Copy"), parent=self)
        self.copy_button.setAccessibleName(self.tr("Copy the command"))
        self.copy_button.clicked.connect(self._on_copy_clicked)
        self.copy_button.hide()
        links.addWidget(self.command_button)
        links.addStretch(1)
        links.addWidget(self.copy_button)
        self.add(links)
        self.command = QPlainTextEdit(self)
        self.command.setReadOnly(True)
        self.command.setProperty("role", "mono")
        self.command.setAccessibleName(self.tr("The same as a command"))
        self.command.setFixedHeight(120)
        self.command.hide()
        self.add(self.command)

    def show_needs(self, needs: RunNeeds) -> None:
        """Shows the run as it would start now."""
        self.fit.setVisible(needs.fits is not None)
        words: dict[bool, tuple[str, Tone]] = {
            True: (self.tr("Tight"), "warn") if needs.tight else (self.tr("It fits"), "good"),
            False: (self.tr("Does not fit"), "bad"),
        }
        self.fit.show_status(*words[bool(needs.fits)])
        for widget in (self.memory, self.bar):
            widget.setVisible(bool(needs.segments))
        if needs.segments:
            text = self.tr("{need} of {free}").format(
                need=size_text(sum(item.size for item in needs.segments)), free=size_text(needs.memory_free)
            )
            self.memory.set_fact(self.tr("Memory"), text)
            self.bar.set_segments(needs.segments, needs.memory_free)
        self.line.setVisible(bool(needs.segments) and bool(needs.facts))
        self.facts.setVisible(bool(needs.facts))
        if [name for name, _value in needs.facts] != self.facts.names:
            self.facts.clear()
        for name, value in needs.facts:
            self.facts.set_fact(name, value, needs.rooms.get(name, "fits"))
        self.note.setText(needs.note)
        self.measure_button.setVisible(bool(needs.measure))
        self.measure_button.setText(needs.measure)
        self.measure_button.setEnabled(not needs.is_measuring)
        self._show_suggestions(needs.suggestions)
        self.start_button.set_ready_text(needs.start or self._start)
        self.start_button.block(needs.blocked)
        self.command.setPlainText(needs.command)

    def _show_suggestions(self, texts: tuple[str, ...]) -> None:
        if texts == tuple(button.text() for button in self.help_buttons):
            return
        self.help_buttons = [PlainButton(text, parent=self) for text in texts]
        for button in self.help_buttons:
            button.clicked.connect(self._on_suggestion_clicked)
        heading = [Label(self.tr("This would make it fit:"), "strong")] if texts else []
        self.helps.replace([*heading, *self.help_buttons])

    @Slot()
    def _on_suggestion_clicked(self) -> None:
        self.suggestion_chosen.emit(self.help_buttons.index(self.sender()))

    @Slot()
    def _on_command_clicked(self) -> None:
        hidden = self.command.isHidden()
        self.command.setVisible(hidden)
        self.copy_button.setVisible(hidden)
        self.command_button.setText(self.tr("Hide command") if hidden else self.tr("Show command"))

    @Slot()
    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.command.toPlainText())
        self.command_copied.emit()
