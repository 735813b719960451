"""A conversation with a model in a child process, opened in a thread and drained on a timer."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal, Slot

from app.background import Background
from core.errors import WorkbenchError, from_dict
from core.jobs.events import Event
from core.jobs.session import ChatSession
from core.specs import ChatSpec
from core.workspace.workspace import Workspace

_DRAIN_MS = 50
ChatState = Literal["closed", "opening", "idle", "answering", "failed"]


@dataclass(frozen=True)
class Speed:
    """What was measured on the last answer."""

    ttft_ms: float | None
    tokens_per_s: float | None
    tokens: int | None


class Chat(QObject):
    """Keeps the conversation, and a session while one is needed.

    Args:
        workspace: Where the models live.
        parent: Owner.

    Signals:
        state_changed: Another `state`.
        turns_changed: A turn was added, or all were dropped.
        answer_grew: The last turn has more text.
        question_returned: A question that got no answer, for whoever wants to ask it again.
    """

    state_changed = Signal()
    turns_changed = Signal()
    answer_grew = Signal()
    question_returned = Signal(str)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = Background(self)
        self._spec: ChatSpec | None = None
        self._session: ChatSession | None = None
        self._sessions: list[ChatSession] = []  # every one that is not closed yet, also those on their way
        self._waiting = self._retires = False
        self.state: ChatState = "closed"
        self.phase = ""
        self.turns: list[dict[str, str]] = []
        self.error: WorkbenchError | None = None
        self.warnings: list[str] = []
        self.speed: Speed | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_DRAIN_MS)
        self._timer.timeout.connect(self._drain)
        app = QCoreApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(self.shut_down)

    def open(self, spec: ChatSpec) -> None:
        """Loads a model in a child process; the one before it is ended."""
        self._retires = False
        if spec == self._spec and self.state in ("opening", "idle", "answering"):
            return
        self.close()
        self._spec, self.error, self.phase = spec, None, ""
        workspace, sessions = self._workspace, self._sessions

        def work(cancelled: threading.Event) -> ChatSession:
            session = ChatSession(workspace, spec)
            sessions.append(session)
            if cancelled.is_set():
                session.close()
            return session

        self._background.run("open", work, self._on_opened, self._fail)
        self._set_state("opening")

    def ask(self, text: str) -> None:
        """Adds a turn and asks for the answer; opens the session again if it was closed."""
        if not text.strip() or self.state == "answering" or self._spec is None:
            return
        self.turns += [{"role": "user", "content": text}, {"role": "assistant", "content": ""}]
        self.speed = self.error = None
        self.warnings = []
        self.turns_changed.emit()
        if self._session is None:
            self._waiting = True
            if self.state != "opening":
                self.open(self._spec)
            return
        self._send()

    @Slot()
    def interrupt(self) -> None:
        """Ends the current answer; what was said stays."""
        if self._session is not None and self.state == "answering":
            session = self._session

            def work(_cancelled: threading.Event) -> None:
                session.interrupt()

            self._background.run("interrupt", work, _nothing, self._fail)

    @Slot()
    def forget(self) -> None:
        """Begins a new conversation with the same model."""
        self.interrupt()
        self._waiting = False
        self.turns = []
        self.speed = None
        self.turns_changed.emit()

    @property
    def is_asked(self) -> bool:
        """Whether a question waits for its answer, or for the model that gives it."""
        return self._waiting or self.state == "answering"

    def retire(self) -> None:
        """Ends the child process as `close` does, but not before an open question is answered."""
        self._retires = self.is_asked
        if not self._retires:
            self.close()

    def stay(self) -> None:
        """Somebody is there again: the model is not ended after its answer."""
        self._retires = False

    def close(self) -> None:
        """Ends the child process in a thread; the conversation stays."""
        self._timer.stop()
        self._background.close()
        self._session, self._waiting, self._retires = None, False, False
        closing, self._sessions = self._sessions, []
        if closing:
            threading.Thread(target=_close_all, args=(closing,), name="chat-close").start()
        self._drop_empty_answer()
        self._set_state("closed")

    @Slot()
    def shut_down(self) -> None:
        """Ends the child process before it returns; for the end of the program."""
        self._timer.stop()
        self._background.close()
        closing, self._sessions, self._session = self._sessions, [], None
        _close_all(closing)

    # --- inside ---

    def _on_opened(self, session: ChatSession) -> None:
        self._session = session
        self._timer.start()
        self._set_state("idle")
        if self._waiting:
            self._waiting = False
            self._send()

    def _send(self) -> None:
        assert self._session is not None
        session, messages = self._session, [dict(turn) for turn in self.turns[:-1]]

        def work(_cancelled: threading.Event) -> None:
            session.ask(messages)  # a full pipe would block

        self._set_state("answering")
        self._background.run("ask", work, _nothing, self._fail)

    @Slot()
    def _drain(self) -> None:
        grew = False
        while self._session is not None:
            try:
                event = self._session.lines.get_nowait()
            except queue.Empty:
                break
            if event is None:
                self._fail(self._session.failure())
            elif event.ev == "error":
                self._fail(from_dict({key: str(value) for key, value in event.fields.items()}))
            else:
                grew = self._take(event) or grew
        if grew:
            self.answer_grew.emit()

    def _take(self, event: Event) -> bool:
        if event.ev == "phase":
            self.phase = str(event.get("name", ""))
            self.state_changed.emit()
        elif event.ev == "warning":
            self.warnings.append(str(event.get("text", "")))
            self.state_changed.emit()
        elif event.ev == "token" and self.state == "answering" and self.turns:
            self.turns[-1]["content"] += str(event.get("text", ""))
            return True
        elif event.ev == "answer" and self.state == "answering":
            self._finish(event)
            return True
        return False

    def _finish(self, event: Event) -> None:
        said = event.get("error")
        if isinstance(said, dict):  # this one question was impossible; the conversation goes on
            self.error = from_dict({key: str(value) for key, value in said.items()})
            self.warnings = []  # the same in one line
            self._drop_empty_answer()
        elif self.turns:  # a new conversation may have begun meanwhile
            self.turns[-1]["content"] = str(event.get("text", self.turns[-1]["content"]))
            self.speed = Speed(
                _number(event.get("ttft_ms")), _number(event.get("tokens_per_s")), event.get("tokens")
            )
        self._set_state("idle")
        if self._retires:
            self.close()

    def _fail(self, error: WorkbenchError) -> None:
        self.close()
        self.error = error
        self._set_state("failed")

    def _drop_empty_answer(self) -> None:
        if self.turns and self.turns[-1]["role"] == "assistant" and not self.turns[-1]["content"]:
            question = self.turns[-2]["content"]
            self.turns = self.turns[:-2]
            self.turns_changed.emit()
            self.question_returned.emit(question)

    def _set_state(self, state: ChatState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit()


def _close_all(sessions: list[ChatSession]) -> None:
    for session in sessions:
        session.close()


def _nothing(_result: object) -> None:
    """The thread's work has no result."""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
