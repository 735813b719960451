"""How far a job is and how long it takes, in words: on a run's page and at the foot of the window."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.formats import count_text, duration_text, size_text

_NEARLY = 0.95


def count_of(unit: str, done: int, total: int) -> str:
    """What is counted and how much of it is done: `Row 120 of 1,500`."""
    if unit == "bytes":
        texts = size_text(done), size_text(total)
    elif unit == "seconds":
        texts = duration_text(done), duration_text(total)
    else:
        texts = count_text(done), count_text(total)
    words = {
        "steps": QCoreApplication.translate("progress", "Step {done} of {total}"),
        "rows": QCoreApplication.translate("progress", "Row {done} of {total}"),
        "answers": QCoreApplication.translate("progress", "Answer {done} of {total}"),
        "layers": QCoreApplication.translate("progress", "Layer {done} of {total}"),
        "parts": QCoreApplication.translate("progress", "Part {done} of {total}"),
        "plans": QCoreApplication.translate("progress", "Plan {done} of {total}"),
        "mixtures": QCoreApplication.translate("progress", "Mixture {done} of {total}"),
        "sizes": QCoreApplication.translate("progress", "Size {done} of {total}"),
        "models": QCoreApplication.translate("progress", "Model {done} of {total}"),
    }
    text = words.get(unit, QCoreApplication.translate("progress", "{done} of {total}"))
    return text.format(done=texts[0], total=texts[1])


def left_text(seconds: float | None, fraction: float | None) -> str:
    """The time left; never none of it while the work goes on.

    Args:
        seconds: What is left as far as known, or None.
        fraction: Share of the phase that is done, or None while its end is not known.
    """
    if seconds is None:
        return ""
    if round(seconds) >= 1:
        return QCoreApplication.translate("progress", "{time} left").format(time=duration_text(seconds))
    if fraction is None or fraction >= _NEARLY:
        return QCoreApplication.translate("progress", "finishing")
    return QCoreApplication.translate("progress", "longer than expected")
