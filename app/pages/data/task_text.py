"""The tasks of data sets in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def _texts() -> dict[str, str]:
    return {
        "classification": QCoreApplication.translate("DetailsCard", "Learns to say the right label"),
        "extraction": QCoreApplication.translate("DetailsCard", "Learns to pick fields out of a text"),
        "question_answering": QCoreApplication.translate("DetailsCard", "Learns to answer questions"),
        "summarization": QCoreApplication.translate("DetailsCard", "Learns to say a text in short"),
        "generation": QCoreApplication.translate("DetailsCard", "Learns to answer"),
        "chat": QCoreApplication.translate("DetailsCard", "Learns from whole chats"),
        "pretraining": QCoreApplication.translate("DetailsCard", "Reads on in plain documents"),
        "questions": QCoreApplication.translate("DetailsCard", "Questions for a teacher to answer"),
    }


def task_text(task: str) -> str:
    """What is learnt, in words."""
    return _texts().get(task, "")


def task_choices() -> list[tuple[str, str]]:
    """Every task with its words."""
    return list(_texts().items())
