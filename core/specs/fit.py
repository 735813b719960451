"""Spec of the job that finds out whether a fine-tuning fits this computer."""

from __future__ import annotations

from typing import ClassVar

from core.specs.base import Option, Spec
from core.specs.finetune import FinetuneSpec


class FitSpec(Spec):
    """Takes a few steps of a fine-tuning and measures them; nothing is kept but the figures."""

    kind: ClassVar[str] = "fit"
    title: ClassVar[str] = "Will it fit"

    spec: FinetuneSpec = Option(label="Fine-tuning", help="The fine-tuning that would be started.")

    def inputs(self) -> tuple[str, ...]:
        """The model and the data."""
        return self.spec.inputs()

    def in_four_bits(self) -> bool:
        """As the fine-tuning would."""
        return self.spec.in_four_bits()

    def needs_weights(self) -> tuple[str, ...]:
        """The model."""
        return self.spec.needs_weights()
