"""What the model answers to a few fixed prompts, now and before."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app.models.run_record import Sample
from app.tokens import SPACE_L, SPACE_XS
from app.widgets.buttons import LinkButton
from app.widgets.card import Card
from app.widgets.labels import Label, Line
from app.widgets.lines import Lines

_MOST_PROMPTS = 6


class SamplesCard(Card):
    """The newest answer to each prompt; the earlier ones open below it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.set_title(self.tr("What it answers now"))
        self._lines = Lines()
        self.add(self._lines)
        self._shown: list[tuple[Sample, ...]] = []
        self._open: set[str] = set()
        self.prompts: list[PromptSamples] = []
        self.hide()

    def begin(self) -> None:
        """Closes everything for another run."""
        self._open.clear()

    def show_samples(self, histories: list[list[Sample]]) -> None:
        """Shows each prompt's answers, oldest first as they came; at most six prompts."""
        shown = [tuple(history) for history in histories[-_MOST_PROMPTS:] if history]
        if shown == self._shown:
            return
        self._shown = shown
        rows: list[QWidget] = []
        self.prompts = []
        for index, history in enumerate(shown):
            if index:
                rows.append(Line())
            part = PromptSamples(history, self._open)
            rows.append(part)
            self.prompts.append(part)
        self._lines.replace(rows)
        self.setVisible(bool(shown))


class PromptSamples(QWidget):
    """One prompt: the answer now, and a link to those before.

    Args:
        history: Its answers, oldest first.
        opened: Prompts whose earlier answers are shown; kept by the card from one redraw to the next.
        parent: Owner.
    """

    def __init__(self, history: tuple[Sample, ...], opened: set[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history, self._opened = history, opened
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        # One above the other: a long label beside its message would leave the message no room.
        column.addWidget(Label(short(history[-1].prompt), "note", wrap=True))
        self.teacher: Label | None = None
        if history[-1].teacher is None:
            column.addWidget(self._answer(history[-1]))
        else:
            column.addLayout(self._both(history[-1], history[-1].teacher))
        self.link = LinkButton("", "chevron-right", self)
        self.link.setVisible(len(history) > 1)
        self.link.clicked.connect(self._on_clicked)
        column.addWidget(self.link)
        self._earlier = QWidget(self)
        inner = QVBoxLayout(self._earlier)
        inner.setContentsMargins(SPACE_L, 0, 0, 0)
        inner.setSpacing(SPACE_XS)
        for sample in reversed(history[:-1]):
            inner.addWidget(self._answer(sample, with_step=True))
        column.addWidget(self._earlier)
        self._show()

    @property
    def earlier_texts(self) -> list[str]:
        """The earlier answers as shown, newest first; none while closed."""
        if self._earlier.isHidden():
            return []
        return [label.text() for label in self._earlier.findChildren(Label)]

    def _both(self, sample: Sample, teacher: str) -> QGridLayout:
        """The student's answer and the teacher's, side by side."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE_L)
        grid.setVerticalSpacing(0)
        self.teacher = self._answer(replace(sample, answer=teacher))
        sides = ((self.tr("Student"), self._answer(sample)), (self.tr("Teacher"), self.teacher))
        for side, (who, answer) in enumerate(sides):
            grid.addWidget(Label(who, "note"), 0, side)
            grid.addWidget(answer, 1, side)
            grid.setColumnStretch(side, 1)
            answer.setAccessibleName(f"{who}: {answer.text()}")
        return grid

    def _answer(self, sample: Sample, *, with_step: bool = False) -> Label:
        text = short(sample.answer) or self.tr("(no answer)")
        if with_step and sample.step is not None:
            text = self.tr("Step {step}: {answer}").format(step=sample.step, answer=text)
        label = Label(text, wrap=True, selectable=True)
        role = {True: "right", False: "wrong", None: ""}[sample.is_right]
        label.setProperty("role", f"{role}_note" if with_step and role else "note" if with_step else role)
        if sample.is_right is not None:
            label.setText(f"{text} {'✓' if sample.is_right else '✗'}")
            word = self.tr("right") if sample.is_right else self.tr("not yet right")
            label.setAccessibleDescription(word)
            if not sample.is_right and sample.expected:
                label.setToolTip(self.tr("Expected: {text}").format(text=short(sample.expected)))
        return label

    def _on_clicked(self) -> None:
        self._opened ^= {self._history[-1].prompt}
        self._show()

    def _show(self) -> None:
        is_open = self._history[-1].prompt in self._opened
        self._earlier.setVisible(is_open)
        self.link.set_icon_name("chevron-down" if is_open else "chevron-right")
        self.link.setText(self.tr("Earlier answers: {count}").format(count=len(self._history) - 1))


def short(text: str, limit: int = 90) -> str:
    """One line of at most so many letters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 3] + "…"
