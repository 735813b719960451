"""The run preview of the fine-tune page, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.formats import duration_text, size_text
from app.pages.finetune.view_model import Blocker, FinetuneViewModel
from app.pages.run_preview import RunNeeds
from app.widgets.meter import Segment


def needs_of(model: FinetuneViewModel) -> RunNeeds:
    """What the run would need if it started now."""
    preview = model.preview()
    if model.model is None or model.data is None:
        note = QCoreApplication.translate(
            "FinetunePage", "Choose a model and data, and you see here what the run will need."
        )
        return RunNeeds(note=note, blocked=blocked_text(model.blocker), command=model.command())
    if preview.seconds is not None:
        time = QCoreApplication.translate("FinetunePage", "about {time}").format(
            time=duration_text(preview.seconds)
        )
        note = QCoreApplication.translate(
            "FinetunePage",
            "Estimated, against what is free here; the time comes from your last run of this kind.",
        )
    else:
        time = QCoreApplication.translate("FinetunePage", "not known yet")
        note = QCoreApplication.translate(
            "FinetunePage", "Estimated, against what is free here; the time is measured in the first steps."
        )
    facts = [(QCoreApplication.translate("FinetunePage", "Time"), time)]
    segments = []
    if preview.need is not None:
        need = preview.need
        disk = QCoreApplication.translate("FinetunePage", "{need} of {free}").format(
            need=size_text(need.disk), free=size_text(preview.disk_free)
        )
        facts.append((QCoreApplication.translate("FinetunePage", "Disk"), disk))
        segments = [
            Segment(QCoreApplication.translate("FinetunePage", "Model"), round(need.model), 0),
            Segment(QCoreApplication.translate("FinetunePage", "Learnt part"), round(need.learner), 2),
            Segment(QCoreApplication.translate("FinetunePage", "Activations"), round(need.activations), 4),
            Segment(QCoreApplication.translate("FinetunePage", "Rest"), round(need.rest), 3),
        ]
    return RunNeeds(
        fits=preview.fits if preview.need is not None else None,
        segments=segments,
        memory_free=preview.memory_free,
        facts=facts,
        note=note,
        blocked=blocked_text(model.blocker),
        command=model.command(),
    )


def blocked_text(blocker: Blocker) -> str:
    """What the start button says."""
    return {
        "": "",
        "model": QCoreApplication.translate("FinetunePage", "Choose a model first"),
        "data": QCoreApplication.translate("FinetunePage", "Choose data first"),
        "settings": QCoreApplication.translate("FinetunePage", "Correct the advanced fields first"),
        "name": QCoreApplication.translate("FinetunePage", "Choose another name first"),
        "name_taken": QCoreApplication.translate("FinetunePage", "Choose a free name first"),
        "template": QCoreApplication.translate("FinetunePage", "Choose a model whose chat template works"),
        "disk": QCoreApplication.translate("FinetunePage", "Free disk space first"),
    }[blocker]
