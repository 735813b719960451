"""The card that says which variant to take, and why."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.formats import breakable
from app.pages.compare import verdict_words
from app.pages.deploy.receipt import Verdict as Receipt
from app.widgets.buttons import LinkButton, PrimaryButton
from app.widgets.card import Card
from app.widgets.labels import Label
from core.models.board.axes import Limits
from core.models.board.board import Board
from core.models.board.choice import Verdict


class VerdictCard(Card):
    """Headline, sentence, and the button to deployment.

    Signals:
        deploy_requested: Id of the variant that is spoken of.
        back_requested: The recommended one is to be shown again.
    """

    deploy_requested = Signal(str)
    back_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(kind="accent", parent=parent)
        self._variant_id = ""
        self.title_label.setProperty("role", "heading")
        self.title_label.setWordWrap(True)
        self.title_label.show()
        self.back_button = LinkButton(self.tr("Back to the recommended one"), parent=self)
        self.back_button.clicked.connect(self.back_requested)
        self.deploy_button = PrimaryButton(self.tr("Deploy this one"), parent=self)
        self.deploy_button.clicked.connect(self._on_deploy)
        self.add_action(self.back_button)
        self.add_action(self.deploy_button)
        self.reason = Label("", "error", wrap=True, selectable=True)
        self.add(self.reason)

    def show_verdict(
        self,
        board: Board,
        verdict: Verdict | None,
        limits: Limits,
        receipt: Receipt,
        *,
        can_go_back: bool,
    ) -> None:
        """Shows what is to be said of a variant; of none, that no one keeps the limits."""
        self._variant_id = verdict.variant.id if verdict is not None else ""
        self.set_title(breakable(verdict_words.headline(verdict)))
        if not board.variants:
            self.set_title(self.tr("Nothing here can be compared yet."))
            self.set_note(self.tr("What was measured is left out below; measure what is missing."))
        elif verdict is None:
            nearest = verdict_words.closest_text(board, limits)
            self.set_note(
                breakable(" ".join((nearest, self.tr("Move a limit until one qualifies."))).strip())
            )
        else:
            self.set_note(breakable(verdict_words.verdict_text(board, verdict)))
        self.back_button.setVisible(can_go_back)
        doubtful = verdict is not None and verdict.doubt is not None
        self.deploy_button.set_ready_text(
            self.tr("Deploy it all the same") if doubtful else self.tr("Deploy this one")
        )
        self.deploy_button.setVisible(verdict is not None)
        self.deploy_button.block(self.tr("Its receipt is red") if receipt.is_refused else "")
        said = "; ".join(receipt.reasons) or self.tr("its receipt gives no reasons")
        self.reason.setText(breakable(self.tr("It cannot be deployed: {why}.").format(why=said)))
        self.reason.setVisible(receipt.is_refused)

    def _on_deploy(self) -> None:
        self.deploy_requested.emit(self._variant_id)
