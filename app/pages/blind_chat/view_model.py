"""Rules of the blind chat: who plays, which of them is A this time, the vote, and the score."""

from __future__ import annotations

import random
import time
from typing import Literal

from PySide6.QtCore import QObject, Signal, Slot

from app.job_bridge import JobBridge
from app.models import library
from app.models.library import ModelItem
from app.pages.blind_chat.duel import Duel, Player
from app.pages.deploy.receipt import verdict
from app.widgets.error_text import ErrorText
from core.errors import WorkbenchError
from core.models import votes
from core.models.votes import Choice, Score, Vote
from core.specs import ChatSpec
from core.workspace import taught

State = Literal["choosing", "ready", "asking", "voting", "told"]
Blocker = Literal["", "few", "same", "asking", "voting", "text"]
_RUNTIME_BYTES, _OVERHEAD = 300_000_000, 1.3


class BlindChatViewModel(QObject):
    """Asks two models the same and keeps who was liked better.

    Args:
        bridge: Knows the workspace.
        duel: Asks the models; made here when left out.
        parent: Owner.

    Signals:
        changed: Other models, another state, a vote.
        failed: A model could not answer; an `ErrorText`.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, bridge: JobBridge, duel: Duel | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = bridge.workspace
        self._chance = random.SystemRandom()
        self.duel = duel or Duel(bridge.workspace)
        self.duel.setParent(self)
        self.models: list[tuple[str, ModelItem]] = []
        self.pair: tuple[str, str] = ("", "")
        self.state: State = "choosing"
        self.prompt = ""
        self.vote: Vote | None = None
        self._letters: tuple[str, str] = ("", "")
        self._answers: dict[str, str] = {}
        self._votes: list[Vote] = []
        self.duel.answered.connect(self._on_answered)
        self.duel.failed.connect(self._on_failed)
        self.duel.moved_on.connect(self.changed)
        bridge.library_changed.connect(self.refresh)

    # --- who plays ---

    @Slot()
    def refresh(self) -> None:
        """Reads models and votes again; a model whose receipt is red cannot play."""
        self._votes = votes.read(self._workspace)
        self.models = []
        for item in library.models(self._workspace):
            artifact = self._workspace.artifact(item.id, "model")
            if item.is_exported and verdict(self._workspace, artifact).is_refused:
                continue
            self.models.append((item.id, item))
            self.models += [(f"{item.id}:{name}", item) for name in item.adapters]
        ids = [key for key, _item in self.models]
        kept = [key for key in self.pair if key in ids]
        rest = [key for key in ids if key not in kept]
        one, other, *_more = [*kept, *rest, "", ""]
        self._seat(one, other)

    def choose(self, one: str, other: str) -> None:
        """Takes two models of the list; others are ignored."""
        ids = {key for key, _item in self.models}
        if one in ids and other in ids:
            self._seat(one, other)

    def _seat(self, one: str, other: str) -> None:
        if (one, other) != self.pair or self.state == "choosing":
            self.duel.close()
            self.pair = (one, other)
            self.vote = None
            self.state = "ready" if one and other and one != other else "choosing"
            if self.state == "ready":
                self.duel.seat((self._player(one), self._player(other)))
        self.changed.emit()

    def _player(self, key: str) -> Player:
        item = dict(self.models)[key]
        learnt = taught.instruction_of(self._workspace, item.id)
        spec = ChatSpec(model=item.id, adapter=key.partition(":")[2], instruction=learnt)
        root = library.root([model for _key, model in self.models], item)
        size = item.bytes + (root.bytes if root is not item else 0)
        return Player(key, self.name_of(key), spec, round(size * _OVERHEAD) + _RUNTIME_BYTES)

    def name_of(self, key: str) -> str:
        """A model's name, with the adapter that it serves."""
        item = dict(self.models).get(key)
        _model, colon, adapter = key.partition(":")
        return f"{item.name}{colon}{adapter}" if item is not None else ""

    # --- a question and a vote ---

    def blocker(self, text: str) -> Blocker:
        """What keeps a question from being asked, or an empty text."""
        if not all(self.pair):
            return "few"
        if self.pair[0] == self.pair[1]:
            return "same"
        if self.state == "asking" or (self.state == "voting" and not self.says_same):
            return self.state
        return "" if text.strip() else "text"

    @property
    def says_same(self) -> bool:
        """Whether both gave one answer, so that neither can be the better one."""
        return self.state in ("voting", "told") and self.answer("a").strip() == self.answer("b").strip()

    def ask(self, text: str) -> None:
        """Asks both; which of them is A, and which answers first, is drawn anew."""
        if self.blocker(text):
            return
        self.prompt, self.vote, self.state = text.strip(), None, "asking"
        self._letters = self.pair if self._chance.random() < 0.5 else self.pair[::-1]
        self.changed.emit()
        self.duel.ask(self.prompt, self._chance.randrange(2))

    def answer(self, letter: Literal["a", "b"]) -> str:
        """What A or B said."""
        return self._answers.get(self._letters["ab".index(letter)], "")

    def told_name(self, letter: Literal["a", "b"]) -> str:
        """Who A or B was; empty before the vote."""
        return self.name_of(self._letters["ab".index(letter)]) if self.vote is not None else ""

    def choose_better(self, choice: Choice) -> None:
        """Votes, keeps the vote, and tells the names."""
        if self.state != "voting" or (self.says_same and choice in ("a", "b")):
            return
        a, b = self._letters
        vote = Vote(
            a=a,
            b=b,
            a_name=self.name_of(a),
            b_name=self.name_of(b),
            prompt=self.prompt,
            a_answer=self.answer("a"),
            b_answer=self.answer("b"),
            choice=choice,
            at=time.time(),
        )
        try:
            votes.add(self._workspace, vote)
        except OSError as error:
            text = self.tr("The vote could not be kept.")
            self.failed.emit(ErrorText(text, str(error), self.tr("Free some space, then vote again.")))
            return
        self._votes.append(vote)
        self.vote, self.state = vote, "told"
        self.changed.emit()

    @property
    def score(self) -> Score:
        """How the two stand, by all votes between them."""
        return votes.score(self._votes, *self.pair)

    @Slot()
    def leave(self) -> None:
        """Frees the memory; an open question is dropped, an open vote stays."""
        self.duel.close()
        if self.state == "asking":
            self.state = "ready"
            self.changed.emit()

    @Slot(str, str)
    def _on_answered(self, one: str, other: str) -> None:
        self._answers = dict(zip(self.pair, (one, other), strict=True))
        self.state = "voting"
        self.changed.emit()

    @Slot(object)
    def _on_failed(self, error: WorkbenchError) -> None:
        self.state = "ready"
        self.failed.emit(ErrorText.of(error))
        self.changed.emit()
