"""The card that says everything about one model, and what to do with it next."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app import receipt_text
from app.dialogs.receipt import ReceiptDialog
from app.formats import breakable, count_text, short_name, size_text
from app.models.library import ModelItem
from app.models.lineage import Origin
from app.pages.input_card import format_text, million_text
from app.pages.origin_list import OriginList
from app.tokens import SPACE_S
from app.widgets.buttons import LinkButton, PlainButton
from app.widgets.card import Card, Facts
from app.widgets.labels import Label, Line
from app.widgets.pill import Pill
from core.models.gguf_export import FAMILIES
from core.models.receipts import ReceiptItem, is_colour


class DetailsCard(Card):
    """Facts, origin, actions.

    Signals:
        page_wanted: Page on which to go on with this model.
        run_wanted: Id of the run to open.
        remove_wanted: The model is to be removed.
        merge_wanted: The add-on is to be merged.
        export_wanted: The model is to be written for other programs.
    """

    page_wanted = Signal(str)
    run_wanted = Signal(str)
    remove_wanted = Signal()
    merge_wanted = Signal()
    export_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.title_label.setWordWrap(True)
        self.receipt = Pill(parent=self)
        self._name, self._receipt = "", ReceiptItem("green")
        self.reasons = Label("", wrap=True, selectable=True)
        self.receipt_button = LinkButton(self.tr("Show the receipt"), parent=self)
        self.receipt_button.clicked.connect(self._on_receipt)
        self.facts = Facts(self)
        self.note = Label("", "note", wrap=True, selectable=True)
        self.origins = OriginList(self)
        self.origins.run_requested.connect(self.run_wanted)
        self.room = Label("", "note", wrap=True, selectable=True)
        self.untaught = Label("", "note", wrap=True)
        found = QHBoxLayout()
        found.addWidget(self.receipt)
        found.addWidget(self.receipt_button)
        found.addStretch(1)
        self.add(found)
        for part in (self.untaught, self.reasons, self.facts, self.room, self.note):
            self.add(part)
        self.add(Line(self))
        self.add(self.origins)
        self.add(Line(self))
        actions = QVBoxLayout()
        actions.setSpacing(SPACE_S)
        self.finetune_button = PlainButton(self.tr("Fine-tune it"), "graduation-cap", self)
        self.finetune_button.clicked.connect(self._on_finetune)
        self.distill_button = PlainButton(self.tr("Let it teach a smaller one"), "flask-conical", self)
        self.distill_button.clicked.connect(self._on_distill)
        self.generate_button = PlainButton(self.tr("Have it write data"), "pencil", self)
        self.generate_button.clicked.connect(self._on_generate)
        self.quantize_button = PlainButton(self.tr("Make it small"), "shrink", self)
        self.quantize_button.clicked.connect(self._on_quantize)
        self.evaluate_button = PlainButton(self.tr("Measure it"), "scale", self)
        self.evaluate_button.clicked.connect(self._on_evaluate)
        self.chat_button = PlainButton(self.tr("Chat with it"), "message-circle", self)
        self.chat_button.clicked.connect(self._on_chat)
        self.merge_button = PlainButton(self.tr("Merge…"), "layers", self)
        self.merge_button.clicked.connect(self.merge_wanted)
        self.export_button = PlainButton(self.tr("Export as GGUF…"), "download", self)
        self.export_button.clicked.connect(self.export_wanted)
        self.remove_button = LinkButton(self.tr("Remove"), "trash-2", self)
        self.remove_button.clicked.connect(self.remove_wanted)
        for button in (
            self.finetune_button,
            self.distill_button,
            self.generate_button,
            self.quantize_button,
            self.chat_button,
            self.merge_button,
            self.evaluate_button,
            self.export_button,
            self.remove_button,
        ):
            actions.addWidget(button)
        self.add(actions)

    def show_model(
        self,
        item: ModelItem,
        origins: list[Origin],
        context_before: int = 0,
        receipt: ReceiptItem | None = None,
    ) -> None:
        """Shows a model; `context_before` is the longer context of what it was exported from."""
        self.set_title(breakable(item.name))
        self.set_note(item.architecture)
        self._show_receipt(item, receipt)
        self.untaught.setText(
            self.tr(
                "It was cut out of a larger model and has not learnt since. Its files are sound; teach it "
                "before you use it: distill into it, or fine-tune it."
            )
        )
        self.untaught.setVisible(item.is_untaught)
        unknown = self.tr("not known")
        self.facts.clear()
        self.facts.set_fact(self.tr("Kind"), format_text(item))
        self.facts.set_fact(
            self.tr("Parameters"), million_text(item.parameters) if item.parameters else unknown
        )
        if item.rank:
            self.facts.set_fact(self.tr("Rank"), str(item.rank))
        self.facts.set_fact(self.tr("On disk"), size_text(item.bytes))
        context = self.tr("{count} tokens").format(count=count_text(item.context))
        self.facts.set_fact(self.tr("Context"), context if item.context else unknown)
        self.facts.set_fact(self.tr("Number format"), item.dtype or unknown)
        self.facts.set_fact(self.tr("Licence"), short_name(item.licence, 14) or unknown)
        room = self.tr(
            "Built for conversations of up to {now} tokens, as room for more takes memory. Its source holds "
            "{before}: quantize it again with another longest conversation to have more."
        )
        self.room.setText(room.format(now=count_text(item.context), before=count_text(context_before)))
        self.room.setVisible(context_before > 0)
        self.note.setText(item.note)
        self.note.setVisible(bool(item.note))
        self.origins.show_origins(origins)
        self.finetune_button.setVisible(item.is_trainable)
        self.distill_button.setVisible(not item.is_endpoint)
        self.quantize_button.setVisible(not item.is_exported and not item.is_endpoint)
        self.chat_button.setVisible(not item.is_endpoint)
        self.evaluate_button.setVisible(not item.is_endpoint)
        self.merge_button.setVisible(item.is_adapter)
        self.export_button.setVisible(not item.is_exported and item.architecture in FAMILIES)
        self.remove_button.setAccessibleName(self.tr("Remove {name}").format(name=item.name))

    def _show_receipt(self, item: ModelItem, receipt: ReceiptItem | None) -> None:
        colour = receipt.status if receipt is not None else item.receipt
        self.receipt.setVisible(is_colour(colour))
        if is_colour(colour):
            word = receipt_text.colour_word(colour, is_untaught=item.is_untaught)
            self.receipt.show_status(word, receipt_text.TONES[colour])
        self._name, self._receipt = item.name, receipt or ReceiptItem("green")
        is_told = item.is_untaught and self._receipt.is_untaught  # there is a sentence on that
        said = [] if is_told else receipt_text.reasons(self._receipt)
        advice = receipt_text.advice(self._receipt) if said else ""
        self.reasons.setText(" ".join(filter(None, (*said, advice))))
        self.reasons.setVisible(bool(said))
        self.receipt_button.setVisible(receipt is not None)

    def _on_receipt(self) -> None:
        ReceiptDialog(self._name, self._receipt, self.window()).open()

    def _on_finetune(self) -> None:
        self.page_wanted.emit("finetune")

    def _on_distill(self) -> None:
        self.page_wanted.emit("distill")

    def _on_generate(self) -> None:
        self.page_wanted.emit("generate")

    def _on_quantize(self) -> None:
        self.page_wanted.emit("quantize")

    def _on_evaluate(self) -> None:
        self.page_wanted.emit("evaluate")

    def _on_chat(self) -> None:
        self.page_wanted.emit("deploy")
