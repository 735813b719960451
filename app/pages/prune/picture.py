"""A model before and after: what its tokens, attention and neurons take, as bars of one scale."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.formats import count_text, size_text
from app.tokens import SPACE_S
from app.widgets.labels import Label
from app.widgets.meter import MemoryBar, Segment
from core.models.pruning.sizes import Cut, Sizes


class BeforeAfter(QWidget):
    """Two bars, one below the other; the lower one is named by its colours."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_S)
        self.now_label, self.after_label = Label(wrap=True), Label("", "strong", wrap=True)
        self.now = MemoryBar(self.tr("Now, at one byte a number"), self, legend=False)
        self.after = MemoryBar(self.tr("After, at one byte a number"), self)
        for part in (self.now_label, self.now, self.after_label, self.after):
            column.addWidget(part)

    def show_cut(self, sizes: Sizes, cut: Cut | None) -> None:
        """Shows what a model has, and what is left of it; None leaves only what it has."""
        whole = sizes.whole
        self.now_label.setText(self._line(self.tr("Now"), sizes, whole))
        self.now.set_segments(self._segments(sizes, whole), sizes.bytes(whole))
        for part in (self.after_label, self.after):
            part.setVisible(cut is not None)
        if cut is not None:
            self.after_label.setText(self._line(self.tr("After"), sizes, cut))
            self.after.set_segments(self._segments(sizes, cut), sizes.bytes(whole))

    def _line(self, when: str, sizes: Sizes, cut: Cut) -> str:
        text = self.tr("{when}: {layers} layers of {neurons} neurons, {tokens} tokens · {size}")
        return text.format(
            when=when,
            layers=count_text(cut.layers),
            neurons=count_text(cut.neurons),
            tokens=count_text(cut.tokens),
            size=size_text(sizes.bytes(cut)),
        )

    def _segments(self, sizes: Sizes, cut: Cut) -> list[Segment]:
        return [
            Segment(self.tr("Tokens"), sizes.bytes(Cut(0, 0, cut.tokens)), 4),
            Segment(self.tr("Attention"), sizes.of_layers(cut), 0),
            Segment(self.tr("Neurons"), sizes.of_neurons(cut), 2),
        ]
