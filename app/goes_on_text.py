"""What a resume of a run finds, in the user's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.formats import count_text, size_text
from core.jobs.goes_on import GoesOn


def goes_on_text(found: GoesOn) -> str:
    """Where it goes on, or that it begins anew, in a few words."""
    if not found.keeps:
        return QCoreApplication.translate("resume", "Begins anew: such a job keeps nothing on its way")
    if not found.done:
        return QCoreApplication.translate("resume", "Begins anew: nothing had been kept yet")
    if found.unit == "bytes":
        done, total = size_text(found.done), size_text(found.total or 0)
    else:
        done, total = count_text(found.done), count_text(found.total or 0)
    text = _of_how_many(found.unit) if found.total else _so_many(found.unit)
    return text.format(done=done, total=total)


def _of_how_many(unit: str) -> str:
    words = {
        "steps": QCoreApplication.translate("resume", "Goes on after step {done} of {total}"),
        "rows": QCoreApplication.translate("resume", "Goes on after row {done} of {total}"),
        "layers": QCoreApplication.translate("resume", "Goes on after layer {done} of {total}"),
        "plans": QCoreApplication.translate("resume", "Goes on after plan {done} of {total}"),
        "trials": QCoreApplication.translate("resume", "Goes on after trial {done} of {total}"),
        "mixtures": QCoreApplication.translate("resume", "Goes on after mixture {done} of {total}"),
        "sizes": QCoreApplication.translate("resume", "Goes on after size {done} of {total}"),
    }
    return words.get(unit, QCoreApplication.translate("resume", "Goes on after {done} of {total}"))


def _so_many(unit: str) -> str:
    if unit == "steps":
        return QCoreApplication.translate("resume", "Goes on after step {done}")
    return QCoreApplication.translate("resume", "Goes on after {done}")
