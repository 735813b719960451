"""Several rows, token by token, each with its counts."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.formats import count_text
from app.models.token_rows import TokenRow
from app.tokens import SPACE_S
from app.widgets.labels import Label
from app.widgets.token_text import TextPart, TokenText


class TokenRows(QWidget):
    """Below each other: `31 tokens, 4 of them learnt`, then the row.

    Args:
        name: What is shown, for a screen reader.
        parent: Owner.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE_S)
        self.texts: list[TokenText] = []
        self.counts: list[Label] = []

    def show_rows(self, rows: tuple[TokenRow, ...]) -> None:
        """Shows these rows in the place of those before."""
        while len(self.texts) < len(rows):
            count, text = Label("", "muted", wrap=True), TokenText(self._name, self)
            self.counts.append(count)
            self.texts.append(text)
            self._column.addWidget(count)
            self._column.addWidget(text)
        for at, (count, text) in enumerate(zip(self.counts, self.texts, strict=True)):
            shown = at < len(rows)
            count.setVisible(shown)
            text.setVisible(shown)
            if shown:
                count.setText(self._counted(rows[at]))
                tokens = rows[at].tokens
                text.set_parts([TextPart(t.text, t.is_learnt, t.is_special, t.id) for t in tokens])

    def _counted(self, row: TokenRow) -> str:
        said = self.tr("Row {row}: {length} tokens, {learnt} of them learnt").format(
            row=count_text(row.row), length=count_text(row.length), learnt=count_text(row.learnt)
        )
        if row.left_out:
            more = self.tr("the first {count} are not shown").format(count=count_text(row.left_out))
            return f"{said}; {more}"
        return said
