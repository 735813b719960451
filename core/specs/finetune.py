"""Spec of the job that teaches a model a task."""

from __future__ import annotations

from typing import ClassVar, Literal

from core.specs.base import Option
from core.specs.training import TrainingSpec

Loss = Literal["cross_entropy", "focal"]


class FinetuneSpec(TrainingSpec):
    """Teaches a model a task from examples."""

    kind: ClassVar[str] = "finetune"
    title: ClassVar[str] = "Fine-tune"

    loss: Loss = Option(
        "cross_entropy",
        label="Loss",
        help="focal looks harder at what is still wrong, for data with rare labels.",
        advanced=True,
    )
    focal_gamma: float = Option(
        2.0,
        label="Focal strength",
        help="How much the focal loss turns to what is still wrong; 0 is cross-entropy.",
        advanced=True,
        ge=0,
        le=5,
    )
    label_smoothing: float = Option(
        0.0,
        label="Label smoothing",
        help="Share of certainty taken from the right answer, against over-confidence.",
        advanced=True,
        ge=0,
        le=0.5,
    )
