"""Spec of the job that shows what a model would be given to learn."""

from __future__ import annotations

from typing import ClassVar

from core.specs.base import Option, Spec


class PreviewSpec(Spec):
    """Renders the first training rows as the model would see them, token by token; keeps nothing."""

    kind: ClassVar[str] = "preview"
    title: ClassVar[str] = "Preview"

    model: str = Option(label="Model", help="The model that would learn.")
    data: str = Option(label="Data", help="The examples it would learn from.")
    rows: int = Option(
        8, label="Rows", help="Training rows shown, from the first.", unit="rows", advanced=True, ge=1, le=64
    )
    max_length: int = Option(
        512,
        label="Longest row",
        help="Longer rows are cut at the start of the conversation.",
        unit="tokens",
        advanced=True,
        ge=16,
        le=32768,
    )
    default_system: bool = Option(
        False,
        label="Default system line",
        help="Keep the system line that the model's template adds by itself.",
        advanced=True,
    )

    def inputs(self) -> tuple[str, ...]:
        """The model and the data."""
        return (self.model, self.data)
