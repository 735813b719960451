"""What a removal takes along, in the person's language; the rules are those of `core.jobs.dependants`."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from core.jobs.dependants import Loss, shortened


def with_loss(consequence: str, loss: Loss) -> str:
    """The consequence of a removal, with what can no longer be done below it."""
    return "\n\n".join((consequence, *_sentences(loss)))


def _sentences(loss: Loss) -> list[str]:
    said = []
    if loss.is_only:
        said.append(QCoreApplication.translate("loss", "Its rows were made here: no file of yours has them."))
    if loss.models:
        text = QCoreApplication.translate(
            "loss",
            "Learnt from it: {names}. That stays as it is, but nobody can tell any more which rows of a test "
            "were seen, or which labels there are.",
        )
        said.append(text.format(names=_names(loss.models)))
    if loss.runs:
        text = QCoreApplication.translate(
            "loss", "Runs that can no longer be repeated or resumed without it: {names}."
        )
        said.append(text.format(names=_names(loss.runs)))
    if loss.made:
        text = QCoreApplication.translate(
            "loss",
            "Made by it: {names}. That stays, but nothing says any more how it was made, and the run can no "
            "longer be repeated or saved as a recipe.",
        )
        said.append(text.format(names=_names(loss.made)))
    if loss.reports:
        text = QCoreApplication.translate("loss", "Reports that are deleted with it: {names}.")
        said.append(text.format(names=_names(loss.reports)))
    return said


def _names(names: tuple[str, ...]) -> str:
    shown, more = shortened(names)
    if not more:
        return ", ".join(shown)
    text = QCoreApplication.translate("loss", "{names} and {count} more")
    return text.format(names=", ".join(shown), count=more)
