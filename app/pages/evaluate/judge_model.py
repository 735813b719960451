"""Who rates the answers, and the yes that is needed before they leave this computer."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.background import Background
from app.job_bridge import JobBridge
from app.models import library
from app.models.library import ModelItem
from app.pages.generate.trial_model import Question
from core.jobs import keys
from core.offers import judging
from core.specs import EvaluateSpec


class JudgeModel(QObject):
    """The judges there are, the chosen one, and the question before something is sent.

    Args:
        bridge: Knows the workspace.
        parent: Owner.

    Signals:
        asked: A `Question` that must be agreed to first.
        failed: Something went wrong on the way.
        key_kept: A typed key was kept; whether it lasts.
    """

    asked = Signal(object)
    failed = Signal(object)
    key_kept = Signal(bool)

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = bridge.workspace
        self._background = Background(self)
        self._then: Callable[[], None] | None = None
        self.judges: list[ModelItem] = []
        self.judge: ModelItem | None = None

    def close(self) -> None:
        """Drops what is under way."""
        self._background.close()

    def refresh(self) -> None:
        """Reads the models again, those at an endpoint too, and keeps the chosen one."""
        self.judges = library.models(self._workspace, endpoints=True)
        self.judge = library.kept(self.judges, self.judge) if self.judge is not None else None

    def choose(self, artifact_id: str) -> None:
        """Takes a judge; an empty id takes none."""
        self.judge = library.found(self.judges, artifact_id)

    @property
    def is_asking(self) -> bool:
        """Whether what must be agreed to is being worked out."""
        return self._background.is_busy("question") or self._background.is_busy("key")

    def require(self, spec: EvaluateSpec, then: Callable[[], None]) -> None:
        """Goes on at once where nothing leaves this computer, otherwise after a yes to `asked`."""
        self._then = then
        if self.judge is None or not self.judge.is_endpoint:
            then()
            return
        workspace = self._workspace

        def work(_cancelled: threading.Event) -> Question:
            found = judging(workspace, spec)
            return Question(spec.judging(), found, keys.find(found.teacher) is not None, is_trial=False)

        self._background.run("question", work, self.asked.emit, self.failed.emit)

    def agree(self, question: Question, key: str) -> None:
        """The person said yes to exactly this; a key is kept first."""
        account = keys.account_of(question.offer.teacher)
        if not key or account is None:
            self._go_on()
            return

        def work(_cancelled: threading.Event) -> bool:
            return keys.keep(account, key)

        def done(lasts: bool) -> None:
            self.key_kept.emit(lasts)
            self._go_on()

        self._background.run("key", work, done, self.failed.emit)

    def _go_on(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()
