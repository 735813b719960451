"""The run preview of the distill page, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.pages.distill.view_model import Blocker, DistillViewModel
from app.pages.finetune.needs import fit_needs
from app.pages.run_preview import RunNeeds


def needs_of(model: DistillViewModel) -> RunNeeds:
    """What the run would need if it started now."""
    note = ""
    if model.blocker in ("teacher", "student", "data"):
        note = QCoreApplication.translate(
            "DistillPage", "Choose teacher, student and data, and you see here what the run will need."
        )
    elif model.blocker == "pair":
        note = QCoreApplication.translate(
            "DistillPage", "Once the two go together, you see here what the run will need."
        )
    return fit_needs(
        model.fit,
        blocked_text(model.blocker),
        model.command(),
        note=note,
        beside=_beside(model),
        can_measure=False,
    )


def _beside(model: DistillViewModel) -> str:
    """What the teacher adds, which is in the figures."""
    asking = QCoreApplication.translate(
        "DistillPage", "The teacher is asked once; what it says of this data is kept for further runs."
    )
    if model.has_several:
        asking = QCoreApplication.translate(
            "DistillPage", "Each teacher is asked once; what it says of this data is kept for further runs."
        )
    if model.teacher is None or not (model.answers or model.matches):
        return asking
    if model.matches:
        held = QCoreApplication.translate(
            "DistillPage", "While the student learns, the teacher is in memory too."
        )
    else:
        held = QCoreApplication.translate(
            "DistillPage", "While the student answers itself, the teacher is in memory too."
        )
    return f"{asking} {held}"


def blocked_text(blocker: Blocker) -> str:
    """What the start button says."""
    return {
        "": "",
        "teacher": QCoreApplication.translate("DistillPage", "Choose a teacher first"),
        "student": QCoreApplication.translate("DistillPage", "Choose a student first"),
        "looking": QCoreApplication.translate("DistillPage", "Looking at both …"),
        "pair": QCoreApplication.translate("DistillPage", "Choose another pair first"),
        "data": QCoreApplication.translate("DistillPage", "Choose data first"),
        "settings": QCoreApplication.translate("DistillPage", "Correct the fields first"),
        "name": QCoreApplication.translate("DistillPage", "Choose another name first"),
        "name_taken": QCoreApplication.translate("DistillPage", "Choose a free name first"),
        "template": QCoreApplication.translate("DistillPage", "Choose a student whose chat template works"),
        "disk": QCoreApplication.translate("DistillPage", "Free disk space first"),
    }[blocker]
