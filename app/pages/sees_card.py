"""The card that shows the first rows as the model will see them."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.models.token_rows import Turn
from app.pages.sees_view_model import Look
from app.widgets.card import Card
from app.widgets.error_text import ErrorText
from app.widgets.labels import Label
from app.widgets.token_rows import TokenRows
from app.widgets.token_text import TextPart, TokenLegend, TokenText


class SeesCard(Card):
    """The first row in words at once; the first rows token by token as soon as they are rendered."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.set_title(self.tr("What the model sees"))
        self.legend = TokenLegend(self)
        self.add_action(self.legend)
        self.text = TokenText(self.tr("What the model sees"), self)
        self.rows = TokenRows(self.tr("What the model sees"), self)
        self.problem = Label("", "error", wrap=True)
        self.problem.hide()
        for widget in (self.problem, self.text, self.rows):
            self.add(widget)
        self._shown: tuple[object, object] = (None, None)

    def show_sees(self, turns: tuple[Turn, ...], look: Look | None) -> None:
        """Shows what is known now."""
        if self._shown == (turns, look):
            return
        self._shown = (turns, look)
        rows = look.rows if look is not None else ()
        self.text.setVisible(bool(turns) and not rows)
        self.rows.setVisible(bool(rows))
        self.rows.show_rows(rows)
        parts: list[TextPart] = []
        for turn in turns:
            parts.append(TextPart(f"{turn.role}\n", marker=True))
            parts.append(TextPart(turn.text, learnt=turn.is_learnt))
            parts.append(TextPart("\n"))
        self.text.set_parts(parts[:-1])
        problem = ErrorText.of(look.error).line if look is not None and look.error is not None else ""
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
