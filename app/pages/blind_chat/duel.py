"""One prompt to two models, one after the other, until both have answered.

Nothing of an answer is told before both are there: how fast words come would say which model is which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psutil
from PySide6.QtCore import QObject, Signal, Slot

from app.pages.deploy.chat import Chat
from core.errors import WorkbenchError
from core.specs import ChatSpec
from core.workspace.workspace import Workspace

#: Of the memory that is free, what two loaded models may take together.
_SHARE = 0.6


@dataclass(frozen=True)
class Player:
    """A model that answers.

    Attributes:
        id: Its id; `M:A` is the adapter A that the exported model M serves.
        name: What the person calls it.
        spec: How it is loaded and answers.
        memory_bytes: About how much it takes.
    """

    id: str
    name: str
    spec: ChatSpec
    memory_bytes: int


class Duel(QObject):
    """Loads both, or one after the other where memory does not hold two.

    Args:
        workspace: Where the models are.
        free_bytes: Says how much memory is free.
        parent: Owner.

    Signals:
        moved_on: Another model is asked, or is being loaded.
        answered: Both answers are there, in the order of the players.
        failed: A model could not answer; a `WorkbenchError`.
    """

    moved_on = Signal()
    answered = Signal(str, str)
    failed = Signal(object)

    def __init__(
        self,
        workspace: Workspace,
        free_bytes: Callable[[], int] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._free_bytes = free_bytes or _free_bytes
        self._players: tuple[Player, ...] = ()
        self._chats = (Chat(workspace, self), Chat(workspace, self))
        for chat in self._chats:
            chat.state_changed.connect(self._on_state_changed)
        self._answers: list[str] = []
        self._prompt = ""
        self._order = (0, 1)
        self.one_at_a_time = False

    def seat(self, players: tuple[Player, Player]) -> None:
        """Takes two models; they are loaded when they are first asked."""
        if players == self._players:
            return
        self.close()
        self._players = players
        self.one_at_a_time = sum(item.memory_bytes for item in players) > _SHARE * self._free_bytes()

    @property
    def is_busy(self) -> bool:
        """Whether a question is open."""
        return bool(self._prompt)

    @property
    def asked(self) -> int:
        """Which model in the order of asking answers now: 1 or 2; 0 when none is asked."""
        return len(self._answers) + 1 if self._prompt else 0

    def ask(self, prompt: str, first: int) -> None:
        """Asks both.

        Args:
            prompt: The question.
            first: Place of the player that answers first.
        """
        self._prompt, self._answers = prompt, []
        self._order = (first, 1 - first)
        self._ask_next()

    @Slot()
    def close(self) -> None:
        """Frees the memory; an open question is dropped."""
        self._prompt, self._answers = "", []
        for chat in self._chats:
            chat.close()

    def _ask_next(self) -> None:
        place = self._order[len(self._answers)]
        chat, other = self._chats[place], self._chats[1 - place]
        if self.one_at_a_time:
            other.close()
        chat.turns = []
        chat.open(self._players[place].spec)
        chat.ask(self._prompt)
        self.moved_on.emit()

    @Slot()
    def _on_state_changed(self) -> None:
        if not self._prompt:
            return
        chat = self._chats[self._order[len(self._answers)]]
        if self.sender() is not chat:
            return
        if chat.state == "failed" or (chat.state == "idle" and chat.error is not None):
            error = chat.error
            self._prompt, self._answers = "", []
            self.failed.emit(error or WorkbenchError("A model could not answer."))
        elif chat.state == "idle" and chat.speed is not None:
            self._take(chat.turns[-1]["content"])

    def _take(self, answer: str) -> None:
        self._answers.append(answer)
        if len(self._answers) < 2:
            self._ask_next()
            return
        by_player = dict(zip(self._order, self._answers, strict=True))
        self._prompt, self._answers = "", []
        self.answered.emit(by_player[0], by_player[1])


def _free_bytes() -> int:
    return int(psutil.virtual_memory().available)
