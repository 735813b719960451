"""The run preview of the fine-tune page, in words."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication

from app.formats import disk_text, duration_text, number_text, size_text
from app.pages.finetune.fit_model import FitModel
from app.pages.finetune.limit_text import short_of_limit
from app.pages.finetune.view_model import Blocker, FinetuneViewModel
from app.pages.run_preview import RunNeeds
from app.widgets.meter import Segment
from core.models.fit.forecast import Forecast
from core.models.fit.suggestions import Suggestion
from core.specs import FinetuneSpec


def needs_of(model: FinetuneViewModel) -> RunNeeds:
    """What the run would need if it started now."""
    note = QCoreApplication.translate(
        "FinetunePage", "Choose a model and data, and you see here what the run will need."
    )
    return fit_needs(
        model.fit,
        blocked_text(model.blocker),
        model.command(),
        note="" if model.model and model.data else note,
    )


def fit_needs(
    fit: FitModel, blocked: str, command: str, *, note: str = "", beside: str = "", can_measure: bool = True
) -> RunNeeds:
    """A training's forecast as the run preview shows it.

    Args:
        fit: Was asked about the training.
        blocked: Why it cannot start, for the button.
        command: The same as a command line.
        note: What to choose first; with it, nothing is forecast.
        beside: What the figures leave out, in a sentence.
        can_measure: Whether a dry run can measure it.
    """
    said, measured = fit.forecast, fit.measured
    if note or said is None:
        return RunNeeds(note=note, blocked=blocked, command=command)
    verdict = "no" if "died" in (measured or {}) else said.verdict
    measuring = QCoreApplication.translate("FinetunePage", "Measuring a few steps …")
    again = QCoreApplication.translate("FinetunePage", "Measure again")
    measure = QCoreApplication.translate("FinetunePage", "Measure it (a few real steps)")
    offer = measuring if fit.is_measuring else again if measured else measure
    return RunNeeds(
        fits=verdict != "no" and said.has_disk,
        tight="tight" in (verdict, said.disk_verdict),
        segments=_segments(said),
        memory_free=said.machine.memory_free,
        facts=_facts(said, measured),
        rooms={_disk(): said.disk_verdict} if said.disk_verdict else {},
        note=" ".join(filter(None, (short_of_limit(said), _note(said, measured), beside))),
        blocked=blocked,
        command=command,
        suggestions=tuple(_suggestion_text(item) for item in said.suggestions),
        measure=offer if can_measure else "",
        is_measuring=fit.is_measuring,
        start=QCoreApplication.translate("FinetunePage", "Start anyway") if fit.is_refused else "",
    )


def _segments(said: Forecast) -> list[Segment]:
    parts = said.need.memory.shown()

    def size(*names: str) -> int:
        return round(sum(parts.get(name, 0.0) for name in names))

    models = QCoreApplication.translate("FinetunePage", "Model")
    if size("teacher") and size("weights"):
        models = QCoreApplication.translate("FinetunePage", "Student and teacher")
    elif size("teacher"):
        models = QCoreApplication.translate("FinetunePage", "Teacher, while it is asked")
    found = [
        Segment(QCoreApplication.translate("FinetunePage", "Program"), size("libraries"), 3),
        Segment(models, size("weights", "file", "teacher"), 0),
        Segment(QCoreApplication.translate("FinetunePage", "Learnt part"), size("gradients", "optimizer"), 2),
        Segment(QCoreApplication.translate("FinetunePage", "Activations"), size("activations"), 4),
        Segment(QCoreApplication.translate("FinetunePage", "Answers"), size("logits", "cache"), 1),
    ]
    return [segment for segment in found if segment.size]


def _facts(said: Forecast, measured: dict[str, Any] | None) -> list[tuple[str, str]]:
    need = said.need
    told = (measured or {}).get("measured")
    about = QCoreApplication.translate("FinetunePage", "about {time}")
    facts = []
    if told:
        name = QCoreApplication.translate("FinetunePage", "Memory, measured")
        facts.append((name, size_text(told["memory_bytes"])))
    facts.append(
        (
            QCoreApplication.translate("FinetunePage", "Time"),
            about.format(time=duration_text(need.seconds.total)),
        )
    )
    if told:
        name = QCoreApplication.translate("FinetunePage", "Time, measured")
        facts.append((name, about.format(time=duration_text(told["seconds"]))))
    if need.seconds.asking:
        name = QCoreApplication.translate("FinetunePage", "Of it, asking")
        facts.append((name, about.format(time=duration_text(need.seconds.asking))))
    facts.append((_disk(), _disk_text(said)))
    energy = QCoreApplication.translate("FinetunePage", "about {energy} Wh")
    facts.append(
        (
            QCoreApplication.translate("FinetunePage", "Electricity"),
            energy.format(energy=number_text(need.energy_wh)),
        )
    )
    return facts


def _disk() -> str:
    return QCoreApplication.translate("FinetunePage", "Disk")


def _disk_text(said: Forecast) -> str:
    return disk_text(said.need.disk, said.machine.disk_free)


def _note(said: Forecast, measured: dict[str, Any] | None) -> str:
    if "died" in (measured or {}):
        return QCoreApplication.translate(
            "FinetunePage", "Measured here: memory ran out in the first steps, so it does not fit so."
        )
    if measured:
        note = QCoreApplication.translate(
            "FinetunePage", "Measured here with the heaviest and with usual steps of this very run."
        )
    elif said.corrections.runs:
        note = QCoreApplication.translate(
            "FinetunePage", "Estimated, and corrected by {count} earlier runs of this kind here."
        ).format(count=number_text(said.corrections.runs))
        if said.corrections.runs == 1:
            note = QCoreApplication.translate(
                "FinetunePage", "Estimated, and corrected by an earlier run of this kind here."
            )
    else:
        note = QCoreApplication.translate(
            "FinetunePage", "Estimated by a formula; no run of this kind has corrected it here yet."
        )
    if said.need.energy_measured:
        return note
    assumed = QCoreApplication.translate("FinetunePage", "Electricity assumes 15 W, and 8 W a core.")
    return f"{note} {assumed}"


def _suggestion_text(item: Suggestion) -> str:
    """A change and what it leads to: `Tokens at once: 256 · 2.1 GB`."""
    changes = [
        f"{FinetuneSpec.model_fields[field].title}: {_value_text(value)}"
        for field, value in item.changes.items()
        if field != "lora_alpha"
    ]
    parts = [", ".join(changes), size_text(item.need.memory.total)]
    if item.rows_cut:
        cut = QCoreApplication.translate("FinetunePage", "cuts {share} % of the rows")
        parts.append(cut.format(share=number_text(round(item.rows_cut * 100))))
    return " · ".join(parts)


def _value_text(value: Any) -> str:
    if isinstance(value, int):
        return number_text(value)
    words = {
        "on": QCoreApplication.translate("FinetunePage", "on"),
        "lora": "LoRA",
        "bf16": "bf16",
    }
    return words.get(value, str(value))


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
