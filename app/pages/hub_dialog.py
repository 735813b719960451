"""A model or data set of the Hugging Face hub: what it is called there, what would come, a yes."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.dialogs.fitting import FittingDialog
from app.dialogs.head import begin
from app.formats import short_name, size_text
from app.pages.hub_view_model import HubViewModel
from app.pages.name_field import NameField
from app.tokens import CONTROL_HEIGHT, SPACE_L, SPACE_S, SPACE_XS
from app.widgets.buttons import PlainButton, PrimaryButton
from app.widgets.card import Card, Facts
from app.widgets.error_panel import ErrorPanel
from app.widgets.labels import Label
from core.models.hub import Offer

_FILES_SHOWN = 8


class HubDialog(FittingDialog):
    """One button goes on: it asks the hub first, and downloads when its answer stands on the screen."""

    def __init__(self, view_model: HubViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        view_model.setParent(self)
        self.view_model = view_model
        is_model = view_model.type == "model"
        title = (
            self.tr("A model from the Hugging Face hub")
            if is_model
            else self.tr("Data from the Hugging Face hub")
        )
        column = begin(self, title, 580)
        column.addWidget(Label(self._promise(), "muted", wrap=True))
        self.reference = self._line(
            column,
            self.tr("Name on the hub"),
            "HuggingFaceTB/SmolLM2-135M" if is_model else "PolyAI/banking77",
        )
        self.reference.textEdited.connect(view_model.set_reference)
        self.reference.returnPressed.connect(view_model.ask)
        self.file: QLineEdit | None = None
        if not is_model:
            self.file = self._line(column, self.tr("File (only where there are several)"), "data/train.csv")
            self.file.textEdited.connect(view_model.set_file)
            self.file.returnPressed.connect(view_model.ask)
        self.error_panel = ErrorPanel(parent=self)
        column.addWidget(self.error_panel)
        self.offer_card = Card(parent=self)
        self.files = Facts(self)
        self.offer_card.add(self.files)
        column.addWidget(self.offer_card)
        self.name = NameField(self.tr("How you will call it"), self)
        self.name.edited.connect(view_model.set_name)
        column.addWidget(self.name)
        column.addSpacing(SPACE_L)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addStretch(1)
        self.cancel_button = PlainButton(self.tr("Cancel"), parent=self)
        self.cancel_button.clicked.connect(self.reject)
        self.go_button = PrimaryButton("", parent=self)
        self.go_button.clicked.connect(self._on_go)
        row.addWidget(self.cancel_button)
        row.addWidget(self.go_button)
        column.addLayout(row)
        self._shown: Offer | None = None
        view_model.changed.connect(self._show)
        view_model.queued.connect(self.accept)
        self.finished.connect(self._on_finished)
        self._show()

    def _promise(self) -> str:
        host = self.view_model.host
        if self.view_model.sends_token:
            text = self.tr(
                "When you press the button, {host} is told this name and your HF_TOKEN, not before."
            )
        else:
            text = self.tr("When you press the button, {host} is told this name, not before.")
        what = self.tr("You see what would come, how large it is and its licence, before it is downloaded.")
        return f"{text.format(host=host)} {what}"

    def _line(self, column: QVBoxLayout, name: str, example: str) -> QLineEdit:
        part = QVBoxLayout()
        part.setSpacing(SPACE_XS)
        label, line = Label(name), QLineEdit(self)
        line.setMinimumHeight(CONTROL_HEIGHT)
        line.setMaxLength(300)
        line.setAccessibleName(name)
        line.setPlaceholderText(example)
        label.setBuddy(line)
        part.addWidget(label)
        part.addWidget(line)
        column.addLayout(part)
        return line

    @Slot()
    def _on_go(self) -> None:
        self.view_model.ask() if self.view_model.offer is None else self.view_model.download()

    @Slot()
    def _show(self) -> None:
        model = self.view_model
        offer, blocker = model.offer, model.blocker
        self.error_panel.setVisible(model.error is not None)
        if model.error is not None:
            self.error_panel.show_error(model.error)
        self.offer_card.setVisible(offer is not None)
        self.name.setVisible(offer is not None)
        self.name.show_name(model.name, blocker)
        if offer is not None and offer != self._shown:
            self._show_offer(offer)
        self._shown = offer
        ask = self.tr("Ask {host}").format(host=model.host)
        self.go_button.set_ready_text(
            self.tr("Download {size}").format(size=size_text(offer.bytes)) if offer is not None else ask
        )
        self.go_button.block(
            {
                "": "",
                "reference": self.tr("Write a name first"),
                "asking": self.tr("Asking {host}").format(host=model.host),
                "name": self.tr("Choose another name first"),
                "name_taken": self.tr("Choose a free name first"),
            }[blocker]
        )
        self.fit_soon()

    def _show_offer(self, offer: Offer) -> None:
        text = self.tr("{name} on {host}, exactly as it is now ({commit})")
        self.offer_card.set_title(self.tr("What would be downloaded"))
        self.offer_card.set_note(
            text.format(name=offer.reference.repo, host=offer.host, commit=offer.reference.revision[:10])
        )
        self.files.clear()
        shown = sorted(offer.files, key=lambda file: -file[1])
        for name, size in shown[:_FILES_SHOWN]:
            self.files.set_fact(short_name(name, 48), size_text(size))
        if rest := shown[_FILES_SHOWN:]:
            more = self.tr("%n more file(s)", "", len(rest))
            self.files.set_fact(more, size_text(sum(size for _name, size in rest)))
        self.files.set_fact(self.tr("Licence"), short_name(offer.licence, 40))

    @Slot()
    def _on_finished(self) -> None:
        self.view_model.close()
        self.deleteLater()
