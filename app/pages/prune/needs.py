"""The run preview of the prune page, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.formats import breakable, count_text, disk_text, number_text, size_text
from app.pages.input_card import million_text
from app.pages.prune.view_model import Blocker, PruneViewModel
from app.pages.run_preview import RunNeeds
from core.models.pruning.sizes import Cut, Sizes


def needs_of(model: PruneViewModel) -> RunNeeds:
    """What the run would leave if it started now."""
    blocked = blocked_text(model.blocker)
    cut, sizes = model.cut, model.sizes
    if cut is None or sizes is None:
        note = QCoreApplication.translate(
            "PrunePage", "Choose a model and data, and you see here what is left of it."
        )
        refused = model.files.refused or model.problem
        return RunNeeds(
            note=breakable(refused.what) if refused else note, blocked=blocked, command=model.command()
        )
    if model.is_timed:
        return _timed(model, cut, sizes, blocked)
    whole = sizes.whole
    part = QCoreApplication.translate("PrunePage", "{left} of {all}")
    about = QCoreApplication.translate("PrunePage", "about {left}")

    def counted(left: int, all: int) -> str:
        return part.format(left=count_text(left), all=count_text(all)) if left < all else count_text(all)

    tokens = counted(cut.tokens, whole.tokens)
    parameters = part.format(
        left=million_text(sizes.parameters(cut)), all=million_text(sizes.parameters(whole))
    )
    return RunNeeds(
        fits=model.has_disk,
        facts=[
            (QCoreApplication.translate("PrunePage", "Layers"), counted(cut.layers, whole.layers)),
            (QCoreApplication.translate("PrunePage", "Neurons a layer"), counted(cut.neurons, whole.neurons)),
            (
                QCoreApplication.translate("PrunePage", "Tokens"),
                about.format(left=tokens) if cut.tokens < whole.tokens else tokens,
            ),
            (QCoreApplication.translate("PrunePage", "Parameters"), parameters),
            (
                QCoreApplication.translate("PrunePage", "In fp32"),
                part.format(left=size_text(sizes.fp32_bytes(cut)), all=size_text(sizes.fp32_bytes(whole))),
            ),
            (
                QCoreApplication.translate("PrunePage", "In int8"),
                part.format(left=size_text(model.int8_bytes(cut)), all=size_text(model.int8_bytes(whole))),
            ),
            (
                QCoreApplication.translate("PrunePage", "Disk"),
                disk_text(model.disk_needed, model.disk_free),
            ),
        ],
        note=QCoreApplication.translate(
            "PrunePage",
            "Counted from the sizes in the model's own files; in int8 estimated, with scales and tokenizer.",
        ),
        blocked=blocked,
        command=model.command(),
    )


def _timed(model: PruneViewModel, cut: Cut, sizes: Sizes, blocked: str) -> RunNeeds:
    """What is known where the run itself finds out how much goes."""
    between = QCoreApplication.translate("PrunePage", "{least} to {most}")
    whole = sizes.whole

    def span(least: int, most: int) -> str:
        return between.format(least=count_text(least), most=count_text(most)) if least < most else str(most)

    return RunNeeds(
        fits=model.has_disk,
        facts=[
            (
                QCoreApplication.translate("PrunePage", "An answer"),
                QCoreApplication.translate("PrunePage", "at most {time} ms").format(
                    time=number_text(model.wish.target_ms)
                ),
            ),
            (QCoreApplication.translate("PrunePage", "Layers"), span(cut.layers, whole.layers)),
            (QCoreApplication.translate("PrunePage", "Neurons a layer"), span(cut.neurons, whole.neurons)),
            (
                QCoreApplication.translate("PrunePage", "Disk"),
                disk_text(model.disk_needed, model.disk_free),
            ),
        ],
        note=QCoreApplication.translate(
            "PrunePage",
            "How much goes is decided when the run has timed a few sizes in int8 on this computer, which "
            "takes a minute or two.",
        ),
        blocked=blocked,
        command=model.command(),
    )


def blocked_text(blocker: Blocker) -> str:
    """What the start button says."""
    return {
        "": "",
        "model": QCoreApplication.translate("PrunePage", "Choose a model first"),
        "looking": QCoreApplication.translate("PrunePage", "Looking at the model …"),
        "model_refused": QCoreApplication.translate("PrunePage", "Choose another model first"),
        "data": QCoreApplication.translate("PrunePage", "Choose data first"),
        "counting": QCoreApplication.translate("PrunePage", "Counting the data's tokens …"),
        "refused": QCoreApplication.translate("PrunePage", "Say first what can go"),
        "settings": QCoreApplication.translate("PrunePage", "Correct the advanced fields first"),
        "name": QCoreApplication.translate("PrunePage", "Choose another name first"),
        "name_taken": QCoreApplication.translate("PrunePage", "Choose a free name first"),
        "disk": QCoreApplication.translate("PrunePage", "Free disk space first"),
        "writing": QCoreApplication.translate("PrunePage", "Writing the recipe …"),
        "busy": QCoreApplication.translate("PrunePage", "Let the recipe at work end first"),
    }[blocker]
