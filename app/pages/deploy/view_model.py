"""Rules of the deploy page: which models may be used, and the chat with one of them."""

from __future__ import annotations

from typing import Any, Literal

from PySide6.QtCore import QObject, Signal, Slot

from app.job_bridge import JobBridge
from app.models import library
from app.models.command_line import command_line
from app.models.library import ModelItem
from app.pages.deploy.chat import Chat
from app.pages.deploy.receipt import Verdict, verdict
from core.models import receipts
from core.models.receipts import ReceiptItem
from core.specs import ChatSpec
from core.workspace import overrides, taught

Blocker = Literal["", "model", "opening", "answering", "settings", "text"]


class DeployViewModel(QObject):
    """Lists usable models and talks to one.

    Args:
        bridge: Knows the workspace.
    """

    changed = Signal()

    def __init__(self, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = bridge.workspace
        self.chat = Chat(bridge.workspace, self)
        self.models: list[ModelItem] = []
        self.verdicts: dict[str, Verdict] = {}
        self._receipts: dict[str, ReceiptItem | None] = {}
        self.model: ModelItem | None = None
        self.adapter = ""
        self.values: dict[str, Any] = {}
        self.errors: dict[str, str] = {}
        self.chat.state_changed.connect(self.changed)
        bridge.library_changed.connect(self.refresh)
        bridge.run_changed.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Reads the models again; one that was removed is left at once."""
        self.models = library.models(self._workspace)
        self.verdicts = {
            artifact.id: verdict(self._workspace, artifact)
            for artifact in self._workspace.store.artifacts("model")
        }
        self._receipts = {
            item.id: receipts.read(self._workspace.artifact_folder(item.id)) for item in self.models
        }
        if self.model is not None and all(item.id != self.model.id for item in self.models):
            self.model = None
            self.chat.close()
        self.changed.emit()

    def verdict(self, artifact_id: str) -> Verdict:
        """Whether a model may be used."""
        return self.verdicts.get(artifact_id, Verdict())

    def receipt(self, artifact_id: str) -> ReceiptItem | None:
        """What the receipt of a model says, where it has one."""
        return self._receipts.get(artifact_id)

    @Slot(str)
    def choose_model(self, artifact_id: str) -> None:
        """Takes a model and loads it; a refused one is not taken."""
        item = next((item for item in self.models if item.id == artifact_id), None)
        if item is None or self.verdict(item.id).is_refused:
            return
        if self.model is None or self.model.id != item.id:
            self.model, self.adapter = item, ""
            self.chat.forget()
        self._open()
        self.changed.emit()

    @Slot(str, str)
    def use_anyway(self, artifact_id: str, why: str) -> None:
        """Writes down why a refused model is used, then takes it."""
        artifact = self._workspace.store.find_artifact(artifact_id, "model")
        if artifact is not None and self.verdict(artifact_id).is_refused:
            overrides.add(self._workspace, artifact, why, self.verdict(artifact_id).reasons)
            self.refresh()
            self.choose_model(artifact_id)

    @Slot(str)
    def choose_adapter(self, name: str) -> None:
        """Lets one of the adapters that the model serves answer, or its base; a new conversation begins."""
        if self.model is None or name == self.adapter or (name and name not in self.model.adapters):
            return
        self.adapter = name
        self.chat.forget()
        self._open()
        self.changed.emit()

    def set_values(self, values: dict[str, Any], errors: dict[str, str]) -> None:
        """How it answers; takes effect with the next question."""
        self.errors = errors
        if not errors and values != self.values:
            self.values = values
            if self.model is not None and self.chat.state != "closed" and not self.chat.is_asked:
                self._open()
        self.changed.emit()

    def ask(self, text: str) -> None:
        """Sends a question."""
        if not self.blocker(text):
            self._open()  # anew where it was left or has died, or where settings were changed meanwhile
            self.chat.ask(text.strip())

    def blocker(self, text: str) -> Blocker:
        """What keeps a question from being sent, or an empty text."""
        if self.model is None:
            return "model"
        if self.errors:
            return "settings"
        if self.chat.is_asked:
            return "answering"
        return "" if text.strip() else "text"

    def command(self) -> str:
        """The command line that does the same."""
        parts = ["chat", self.model.name if self.model else "MODEL"]
        return command_line(self._workspace, [*parts, *(["--adapter", self.adapter] if self.adapter else [])])

    @Slot()
    def leave(self) -> None:
        """Frees the memory once an open question is answered; the next question loads the model again."""
        self.chat.retire()

    def come_back(self) -> None:
        """The page is looked at again."""
        self.chat.stay()

    def _open(self) -> None:
        if self.model is not None:
            learnt = taught.instruction_of(self._workspace, self.model.id)
            values = {"instruction": learnt, "adapter": self.adapter, **self.values}
            self.chat.open(ChatSpec(model=self.model.id, **values))
