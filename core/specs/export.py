"""Spec of the job that writes a model in another program's format."""

from __future__ import annotations

from typing import ClassVar, Literal

from core.specs.base import THREADS_HELP, Option, Spec

Numbers = Literal["f16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]


class ExportSpec(Spec):
    """Writes a model as one GGUF file, for llama.cpp and the programs built on it."""

    kind: ClassVar[str] = "export"
    title: ClassVar[str] = "Export"

    model: str = Option(label="Model", help="The model to write; an adapter is merged into a copy first.")
    numbers: Numbers = Option(
        "q8_0",
        label="Numbers",
        help="q8_0 is nearly free of loss; q5 and q4 are smaller and lose more; f16 keeps nearly all.",
    )
    out: str = Option("", label="Folder", help="Where a copy of the file goes; empty keeps it here only.")
    threads: int | None = Option(None, label="Threads", help=THREADS_HELP, advanced=True, ge=1, le=1024)

    def inputs(self) -> tuple[str, ...]:
        """The model; its base follows by itself."""
        return (self.model,)

    def needs_weights(self) -> tuple[str, ...]:
        """The model."""
        return (self.model,)
