"""The questions of the generate page: another endpoint, its key, and the yes before anything is sent."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import QCoreApplication, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.dialogs.fitting import FittingDialog
from app.formats import breakable, count_text, money_text, short_name
from app.pages.generate.key_field import KeyField
from app.pages.generate.trial_model import Question
from app.pages.name_field import NameField
from app.tokens import SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from app.widgets.buttons import PlainButton, PrimaryButton
from app.widgets.card import Facts
from app.widgets.labels import Label
from app.widgets.spec_form import SpecForm
from core.errors import WorkbenchError
from core.models import endpoints
from core.specs import AddEndpointSpec
from core.workspace.workspace import Workspace, check_name

_FIELDS = ("url", "model", "price_in", "price_out")
_WIDTH = 540


class _QuestionDialog(FittingDialog):
    """A title with a line below it, parts, and two buttons of which the first changes nothing."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setModal(True)
        self.setMinimumWidth(_WIDTH)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_XL)
        self.column.setSpacing(SPACE_M)
        self.finished.connect(self.deleteLater)

    def say(self, title: str, text: str) -> None:
        """What it is about."""
        self.setWindowTitle(title)
        self.column.addWidget(Label(breakable(title), "heading", wrap=True))
        self.column.addWidget(Label(text, "muted", wrap=True))

    def add_buttons(self, *buttons: QPushButton) -> None:
        """Puts the buttons below everything."""
        self.column.addSpacing(SPACE_L)
        self.column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addStretch(1)
        for button in buttons:
            row.addWidget(button)
        self.column.addLayout(row)
        self.fit_soon()


class EndpointDialog(_QuestionDialog):
    """Where a model on another computer is, what it costs, and the key that lets one in.

    Signals:
        confirmed: The `AddEndpointSpec`, and the key or an empty text.
    """

    confirmed = Signal(object, str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._typed = ""
        self.say(
            self.tr("Add an endpoint"),
            self.tr(
                "A model on another computer that speaks the OpenAI protocol, or a server on this one. "
                "Nothing is sent to it now."
            ),
        )
        self.form = SpecForm(AddEndpointSpec, _FIELDS, [], columns=2, parent=self)
        self.form.reset_button.hide()
        for name in ("price_in", "price_out"):
            price = self.form.field(name).control
            if isinstance(price, QLineEdit):
                price.setPlaceholderText(self.tr("not known"))
        self.form.values_changed.connect(self._show)
        self.problem = Label("", "error", wrap=True)
        self.name = NameField(self.tr("How you will call it"), self)
        self.name.edited.connect(self._on_named)
        self.key = KeyField(self.tr("Empty for an endpoint that wants none."), self)
        self.key.edited.connect(self._show)
        for widget in (self.form, self.problem, self.name, self.key):
            self.column.addWidget(widget)
        self.cancel_button = PlainButton(self.tr("Cancel"), parent=self)
        self.cancel_button.clicked.connect(self.reject)
        self.add_button = PrimaryButton(self.tr("Add the endpoint"), parent=self)
        self.add_button.clicked.connect(self._on_add)
        self.add_buttons(self.cancel_button, self.add_button)
        self._show()

    @Slot(str)
    def _on_named(self, name: str) -> None:
        self._typed = name.strip()
        self._show()

    def _suggested(self, address: str) -> str:
        host = (urlsplit(address).hostname or "").replace("[", "").replace(":", "-")
        said = str(self.form.field("model").raw()).strip() or host
        name = "".join(letter if letter.isalnum() or letter in " ._-+" else "-" for letter in said)
        return self._workspace.free_name(name.strip(" ._-+")[:60] or "endpoint", "model")

    @Slot()
    def _show(self) -> None:
        typed = str(self.form.field("url").raw()).strip()
        address, said = "", ""
        if typed:
            try:
                address = endpoints.normalised(typed)
            except WorkbenchError as error:
                said = f"{error.what} {error.why} {error.fix}"
        self.problem.setText(breakable(said))
        self.problem.setVisible(bool(said))
        self.called = self._typed or (self._suggested(address) if address else "")
        blocker = self._name_blocker() if address else ""
        self.name.show_name(self.called, blocker)
        blocked = {
            "name": self.tr("Choose another name first"),
            "name_taken": self.tr("Choose a free name first"),
        }.get(blocker, "")
        if not self.key.check():
            blocked = self.tr("Correct the key first")
        if self.form.errors():
            blocked = self.tr("Correct the prices first")
        if not address:
            blocked = self.tr("Correct the address first") if typed else self.tr("Write its address first")
        self.add_button.block(blocked)
        self.fit_soon()

    def _name_blocker(self) -> str:
        try:
            name = check_name(self.called)
        except WorkbenchError:
            return "name"
        return "name_taken" if self._workspace.store.find_artifact(name, "model") is not None else ""

    @Slot()
    def _on_add(self) -> None:
        values = self.form.values()
        values["url"] = endpoints.normalised(values["url"])
        self.accept()
        self.confirmed.emit(AddEndpointSpec(name=self.called, **values), self.key.take())


class KeyDialog(_QuestionDialog):
    """Another key for an endpoint.

    Signals:
        confirmed: The key; empty forgets the one there is.
    """

    confirmed = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.say(
            self.tr("The key of “{name}”").format(name=short_name(name)),
            self.tr("It is sent to this endpoint only, with every request."),
        )
        self.key = KeyField(self.tr("An empty line forgets the key that is kept."), self)
        self.key.edited.connect(self._on_edited)
        self.column.addWidget(self.key)
        self.cancel_button = PlainButton(self.tr("Cancel"), parent=self)
        self.cancel_button.clicked.connect(self.reject)
        self.save_button = PrimaryButton(self.tr("Keep this key"), parent=self)
        self.save_button.clicked.connect(self._on_save)
        self.add_buttons(self.cancel_button, self.save_button)
        self._on_edited()

    @Slot()
    def _on_edited(self) -> None:
        self.save_button.set_ready_text(
            self.tr("Keep this key") if self.key.line.text().strip() else self.tr("Forget the key")
        )
        self.save_button.block("" if self.key.check() else self.tr("Correct the key first"))
        self.fit_soon()

    @Slot()
    def _on_save(self) -> None:
        self.accept()
        self.confirmed.emit(self.key.take())


def kept_text(lasts: bool) -> str:
    """What became of a key that was typed."""
    if lasts:
        return QCoreApplication.translate("SendDialog", "The key is in the system's keyring.")
    return QCoreApplication.translate(
        "SendDialog", "There is no keyring here, so the key is kept until you close the program."
    )


class SendDialog(_QuestionDialog):
    """Names the host, the rows, the cost and the personal data, and asks. The safe answer is the default.

    Args:
        question: What would be sent.
        answered: Whether a preview's answers are taken over, so that its rows are not asked again.
        parent: The window.
        also: What else is sent, in a sentence.

    Signals:
        confirmed: The person agreed; a key that was typed, or an empty text.
    """

    confirmed = Signal(str)

    def __init__(
        self, question: Question, answered: bool, parent: QWidget | None = None, *, also: str = ""
    ) -> None:
        super().__init__(parent)
        offer = question.offer
        assert offer.endpoint is not None
        count = offer.estimate.prompts
        rows = self.tr("1 row") if count == 1 else self.tr("{count} rows").format(count=count_text(count))
        title = self.tr("Send {rows} of “{data}” to {host}?")
        text = self.tr("What is in these rows leaves this computer.")
        if endpoints.is_loopback(urlsplit(offer.endpoint.url).hostname or ""):
            text = self.tr("What is in these rows goes to another program on this computer.")
        more = self.tr("Nothing was sent yet.")
        if answered:
            more = self.tr("What the preview asked is not asked again.")
        self.say(
            title.format(rows=rows, data=short_name(offer.data, 40), host=offer.endpoint.host),
            " ".join(filter(None, (text, also, more))),
        )
        self.facts = Facts(self)
        self._fill(question)
        self.column.addWidget(self.facts)
        self.personal = Label(self._personal(offer.estimate.personal), "strong", wrap=True)
        self.column.addWidget(self.personal)
        self.key = KeyField(self.tr("There is none for this endpoint yet; an empty line sends none."), self)
        self.key.setVisible(not question.has_key)
        self.key.edited.connect(self._on_edited)
        self.column.addWidget(self.key)
        act = self.tr("Send and show them") if question.is_trial else self.tr("Send and start")
        self.send_button = PlainButton(act, "send", self)
        self.send_button.clicked.connect(self._on_send)
        self.keep_button = PrimaryButton(self.tr("Send nothing"), parent=self)
        self.keep_button.setDefault(True)
        self.keep_button.clicked.connect(self.reject)
        self.add_buttons(self.send_button, self.keep_button)
        self.keep_button.setFocus()

    def _fill(self, question: Question) -> None:
        offer, said = question.offer, question.offer.estimate
        endpoint = offer.endpoint
        assert endpoint is not None
        if endpoint.model:
            self.facts.set_fact(self.tr("Model"), short_name(endpoint.model, 40))
        self.facts.set_fact(self.tr("Requests"), count_text(said.calls))
        self.facts.set_fact(
            self.tr("Tokens sent"), self.tr("about {count}").format(count=count_text(said.tokens_in))
        )
        received = self.tr("about {count}, at most {most}")
        self.facts.set_fact(
            self.tr("Tokens received"),
            received.format(count=count_text(said.tokens_out), most=count_text(said.most_out)),
        )
        cost = self.tr("not known: it was added without prices")
        if endpoint.has_prices:
            cost = received.format(count=money_text(offer.cost), most=money_text(offer.most))
        self.facts.set_fact(self.tr("Cost by its prices"), cost)
        if question.spec.budget is not None and endpoint.has_prices:
            self.facts.set_fact(self.tr("It ends before it passes"), money_text(question.spec.budget))

    @Slot()
    def _on_edited(self) -> None:
        self.send_button.setEnabled(self.key.check())
        self.fit_soon()

    @Slot()
    def _on_send(self) -> None:
        self.accept()
        self.confirmed.emit(self.key.take())

    def _personal(self, rows: int) -> str:
        if not rows:
            return self.tr(
                "No row holds what looks like a mail, phone, card, IBAN or IP address. "
                "Names are not looked for."
            )
        held = self.tr("Rows with what looks like personal data: {count}.").format(count=count_text(rows))
        return f"{held} " + self.tr("“Look closer” on the Data page makes a version without it.")
