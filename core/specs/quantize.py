"""Spec of the job that makes a model small."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from core.specs.base import THREADS_HELP, Option, Spec

Recipe = Literal[
    "fp32", "int8", "int4", "int4-mixed", "int4-edges", "int4-kquant", "int4-hqq", "int4-gptq", "int4-awq",
    "search",
]  # fmt: skip
Target = Literal["cpu", "cuda", "dml", "webgpu", "trt-rtx", "qnn", "openvino"]


class QuantizeSpec(Spec):
    """Makes a model small and fast as an ONNX Runtime GenAI folder.

    `search` measures on your rows what rounding each part of each layer costs, and packs the limit with the
    bits that cost least. fp16 and bf16 are not offered: the processor's runtime can run neither of them.
    """

    kind: ClassVar[str] = "quantize"
    title: ClassVar[str] = "Quantize"

    model: str = Option(
        label="Model", help="The model to make small; an adapter is merged into a copy first."
    )
    recipe: Recipe = Option(
        "int4-mixed",
        label="Recipe",
        help="int8 is nearly free of loss; int4-mixed is smaller; search finds the best mixture under a "
        "limit; int4 is smallest and loses most. In int4-edges the first, last and every third layer keep 8 "
        "bits; in int4-gptq, int4-awq, int4-hqq and int4-kquant (nearest to the source first, as measured on "
        "the starter) only the output layer does. With your rows, int4-mixed and int4-edges are rounded by "
        "GPTQ, which is nearer to the source.",
    )
    data: str | None = Option(
        None,
        label="Your rows",
        help="Data whose validation rows judge search and calibrate GPTQ and AWQ; with them int4-mixed and "
        "int4-edges are rounded by GPTQ, which takes longer. Empty: "
        "shipped text alone for what needs rows.",
    )
    max_mb: float | None = Option(
        None,
        label="At most",
        help="For search: how large the result may be; empty means as large as int4-edges.",
        unit="MB",
        gt=0,
        le=1_000_000,
    )
    max_ms: float | None = Option(
        None,
        label="In at most",
        help="For search: how long an answer of the data's usual length may take on this computer, which is "
        "measured first (a minute or two); with it, max_mb limits only when it is set.",
        unit="ms",
        gt=0,
        le=1_000_000,
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
    algorithm: Literal["auto", "rtn", "k_quant", "hqq", "gptq", "awq"] = Option(
        "auto",
        label="Rounding",
        help="auto is what the recipe says, and gptq for int4-mixed and int4-edges with your rows; rtn takes "
        "the nearest step, k_quant searches the steps of each block, hqq its zero point; on your rows, gptq "
        "makes up for its losses and awq is careful with what meets large inputs. search tries itself.",
        advanced=True,
    )
    block: Literal["auto", 16, 32, 64, 128] = Option(
        "auto",
        label="Weights that share a scale",
        help="Fewer are more exact and take more room; 16 decodes at half the speed. auto is 32, 64 "
        "for the output layer and up to 128 for the 8 bits of int4-mixed and int4-edges, which is faster. "
        "search chooses itself.",
        advanced=True,
    )
    kv_cache: Literal["float", "int8"] = Option(
        "float",
        label="Memory of a conversation",
        help="int8 keeps what was read in 8 bits instead of 32, with scales measured on your rows: long "
        "conversations take a quarter of the memory, and each token some 12 % more time.",
        advanced=True,
    )
    heal: int = Option(
        0,
        label="Healing steps",
        help="Mends the rounded model by a short distillation from itself unrounded, on the training rows of "
        "your data; kept only if it brings it nearer. 100 steps take minutes; 0 mends nothing.",
        unit="steps",
        advanced=True,
        ge=0,
        le=100_000,
    )
    threads: int | None = Option(None, label="Threads", help=THREADS_HELP, advanced=True, ge=1, le=1024)

    @model_validator(mode="after")
    def _timed_here(self) -> Self:
        if self.max_ms is not None and self.target != "cpu":
            raise ValueError("max_ms is timed on this computer's processor; leave target at cpu")
        return self

    @model_validator(mode="after")
    def _searched(self) -> Self:
        if self.recipe != "search" and (self.max_mb is not None or self.max_ms is not None):
            raise ValueError("max_mb and max_ms are limits of search; choose that recipe, or leave them out")
        if self.recipe == "search" and (self.block != "auto" or self.algorithm != "auto"):
            raise ValueError("search chooses block and algorithm itself; leave both at auto")
        return self

    @model_validator(mode="after")
    def _kept_there(self) -> Self:
        if self.kv_cache == "int8" and self.target not in ("cpu", "cuda"):
            raise ValueError("kv_cache=int8 works on cpu and cuda alone; leave it at float")
        return self

    def inputs(self) -> tuple[str, ...]:
        """The model, the adapters that go with it, and the data."""
        return (self.model, *self.adapters, *((self.data,) if self.data else ()))

    def needs_weights(self) -> tuple[str, ...]:
        """The model."""
        return (self.model,)
