"""What a recipe would do, step by step, before it starts."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.fitting import FittingDialog
from app.pages.runs.recipe_view_model import RecipeViewModel
from app.tokens import CONTROL_HEIGHT, SPACE_L, SPACE_M, SPACE_S, SPACE_XL, SPACE_XS
from app.widgets.buttons import PlainButton, PrimaryButton
from app.widgets.card import Card
from app.widgets.error_panel import ErrorPanel
from app.widgets.labels import ElidedLabel, Label
from app.widgets.lines import Lines
from app.widgets.pill import Pill
from core.recipes.recipe import Planned

_PLAN_HEIGHT = 300


class RecipeDialog(FittingDialog):
    """Plan, ending for names, what must be agreed to, Start; a refusal stands in the plan's place."""

    def __init__(self, view_model: RecipeViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        view_model.setParent(self)
        self.view_model = view_model
        self.setModal(True)
        self.setMinimumWidth(640)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_XL)
        column.setSpacing(SPACE_M)
        self.heading = Label("", "heading", wrap=True)
        column.addWidget(self.heading)
        column.addWidget(ElidedLabel(str(view_model.file), "muted"))
        self.error_panel = ErrorPanel(parent=self)
        self.plan_card = Card(parent=self)
        self.plan_card.set_title(self.tr("What it does, in this order"))
        self._lines = Lines()
        self.plan_card.add(self._scrolling(self._lines))
        column.addWidget(self.error_panel)
        column.addWidget(self.plan_card, 1)
        column.addLayout(self._ending())
        self.consent = QCheckBox(self)
        self.consent.toggled.connect(view_model.agree)
        self.asked = Label("", wrap=True)
        column.addWidget(self.asked)
        column.addWidget(self.consent)
        column.addSpacing(SPACE_L)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addStretch(1)
        self.cancel_button = PlainButton(self.tr("Cancel"), parent=self)
        self.cancel_button.clicked.connect(self.reject)
        self.start_button = PrimaryButton(self.tr("Start"), parent=self)
        self.start_button.clicked.connect(view_model.start)
        row.addWidget(self.cancel_button)
        row.addWidget(self.start_button)
        column.addLayout(row)
        self.steps: tuple[Planned, ...] = ()
        view_model.changed.connect(self._show)
        view_model.started.connect(self.accept)
        self.finished.connect(self._on_finished)
        view_model.read()
        self._show()

    def _scrolling(self, lines: Lines) -> QScrollArea:
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        inside.setObjectName("scroll_body")
        fill = QVBoxLayout(inside)
        fill.setContentsMargins(0, 0, SPACE_M, 0)
        fill.addLayout(lines)
        fill.addStretch(1)
        area.setWidget(inside)
        self._area = area
        return area

    def _ending(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(SPACE_XS)
        label = Label(self.tr("Ending for the names of what it makes (may stay empty)"))
        self.suffix = QLineEdit(self.view_model.suffix, self)
        self.suffix.setPlaceholderText(self.tr("for example -2"))
        self.suffix.setMinimumHeight(CONTROL_HEIGHT)
        self.suffix.setMaxLength(40)
        self.suffix.setAccessibleName(label.text())
        self.suffix.textEdited.connect(self.view_model.set_suffix)
        label.setBuddy(self.suffix)
        column.addWidget(label)
        column.addWidget(self.suffix)
        return column

    @Slot()
    def _show(self) -> None:
        model = self.view_model
        title = self.tr("Run the recipe “{title}”").format(title=model.title)
        self.setWindowTitle(title)
        self.heading.setText(title)
        self.error_panel.setVisible(model.error is not None)
        if model.error is not None:
            self.error_panel.show_error(model.error)
        self.plan_card.setVisible(model.error is None)
        self._show_steps(model.plan.steps if model.plan else ())
        questions = model.plan.questions if model.plan else ()
        self.asked.setText("\n".join(f"{text}." for text in questions))
        self.asked.setVisible(bool(questions))
        self.consent.setVisible(bool(questions))
        self.consent.setText(self.tr("Yes, download this"))
        self.start_button.block(
            {
                "": "",
                "reading": self.tr("Reading the recipe"),
                "refused": self.tr("This recipe cannot start"),
                "nothing": self.tr("Everything is here already"),
                "busy": self.tr("Another recipe is at work"),
                "agree": self.tr("Agree to the download first"),
            }[model.blocker]
        )
        self.fit_soon()

    def _show_steps(self, steps: tuple[Planned, ...]) -> None:
        if steps == self.steps:
            return
        self.steps = steps
        self._lines.replace([self._row(step) for step in steps])
        wanted = len(steps) * (CONTROL_HEIGHT + SPACE_S)
        self._area.setMinimumHeight(min(wanted, _PLAN_HEIGHT))

    def _row(self, step: Planned) -> QWidget:
        row = QWidget(self)
        row.setMinimumHeight(CONTROL_HEIGHT)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE_M)
        line.addWidget(Label(f"{step.number}.", "muted"))
        text = self.tr("{job}: {name}").format(job=step.title, name=step.name)
        if step.uses:
            text += " " + self.tr("from {names}").format(names=", ".join(step.uses))
        line.addWidget(ElidedLabel(text), 1)
        ready = step.status == "ready"
        word = self.tr("here already") if ready else self.tr("to do")
        line.addWidget(Pill(word, "good" if ready else "muted", row))
        return row

    @Slot()
    def _on_finished(self) -> None:
        self.view_model.close()
        self.deleteLater()
