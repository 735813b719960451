"""Spec of the job that makes a model small."""

from __future__ import annotations

from typing import ClassVar, Literal

from core.specs.base import THREADS_HELP, Option, Spec

Recipe = Literal["fp32", "int8", "int4", "int4-mixed"]
Target = Literal["cpu", "cuda", "dml", "webgpu", "trt-rtx", "qnn", "openvino"]


class QuantizeSpec(Spec):
    """Makes a model small and fast as an ONNX Runtime GenAI folder."""

    kind: ClassVar[str] = "quantize"
    title: ClassVar[str] = "Quantize"

    model: str = Option(
        label="Model", help="The model to make small; an adapter is merged into a copy first."
    )
    recipe: Recipe = Option(
        "int4-mixed",
        label="Recipe",
        help="int8 is nearly free of loss; int4-mixed is smaller; int4 is smallest and loses most.",
    )
    adapters: tuple[str, ...] = Option(
        (),
        label="Adapters",
        help="LoRA adapters over the model that the small model serves beside it, by name.",
    )
    target: Target = Option(
        "cpu",
        label="Where it will run",
        help="The kind of processor; `slm-workbench doctor` says which this computer has.",
    )
    max_length: int = Option(
        2048,
        label="Longest conversation",
        help="Room for prompt and answer; more needs more memory.",
        unit="tokens",
        advanced=True,
        ge=64,
        le=131072,
    )
    threads: int | None = Option(None, label="Threads", help=THREADS_HELP, advanced=True, ge=1, le=1024)

    def inputs(self) -> tuple[str, ...]:
        """The model and the adapters that go with it."""
        return (self.model, *self.adapters)

    def needs_weights(self) -> tuple[str, ...]:
        """The model."""
        return (self.model,)
