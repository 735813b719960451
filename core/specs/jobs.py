"""One frozen spec a job kind."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import field_validator

from core.specs.base import Option, Spec

Method = Literal["auto", "lora", "full"]
Recipe = Literal["fp32", "int8", "int4", "int4-mixed"]
Precision = Literal["auto", "fp32", "bf16"]

_THREADS = "How many processor cores the job may use; empty means all of them."
_SEED = "Start of every random choice; the same seed gives the same result on this computer."


class ImportDataSpec(Spec):
    """Reads a file of examples, checks it, splits it in three and keeps it."""

    kind: ClassVar[str] = "import_data"
    title: ClassVar[str] = "Add data"

    source: str = Option(label="File", help="The file with your examples.")
    source_sha256: str = Option("", label="Content hash", help="SHA-256 of the file.", advanced=True)
    name: str = Option(label="Name", help="How you will call this data set.")
    roles: dict[str, str] = Option(
        {}, label="Columns", help="Which column is the question, the answer or the label; empty guesses."
    )
    test_source: str | None = Option(
        None, label="Test file", help="A separate file whose rows are kept for the final figure."
    )
    test_sha256: str = Option("", label="Test hash", help="SHA-256 of the test file.", advanced=True)
    validation_fraction: float = Option(
        0.1,
        label="Validation share",
        help="Share of the training rows watched while learning.",
        advanced=True,
        ge=0.0,
        le=0.5,
    )
    test_fraction: float = Option(
        0.1,
        label="Test share",
        help="Share kept for the final figure when there is no test file.",
        advanced=True,
        ge=0.0,
        le=0.5,
    )
    seed: int = Option(17, label="Seed", help=_SEED, advanced=True, ge=0)


class AddModelSpec(Spec):
    """Takes a model into the library after checking that it is safe and whole."""

    kind: ClassVar[str] = "add_model"
    title: ClassVar[str] = "Add model"

    source: str = Option(label="Source", help="`starter`, a transformers folder, or a GGUF file.")
    name: str = Option(label="Name", help="How you will call this model.")


class FinetuneSpec(Spec):
    """Teaches a model a task from examples."""

    kind: ClassVar[str] = "finetune"
    title: ClassVar[str] = "Fine-tune"

    model: str = Option(label="Model", help="The model that learns.")
    data: str = Option(label="Data", help="The examples it learns from.")
    method: Method = Option(
        "auto",
        label="Method",
        help="LoRA learns a small add-on; full changes every weight; auto takes LoRA.",
    )
    epochs: float = Option(3.0, label="Passes", help="How often it sees every example.", gt=0, le=100)
    learning_rate: float | None = Option(
        None,
        label="Learning rate",
        help="Size of a learning step; empty takes what suits the method.",
        advanced=True,
        gt=0,
        le=1,
    )
    batch_size: int = Option(
        16, label="Batch", help="Examples learnt from in one step.", unit="rows", advanced=True, ge=1, le=1024
    )
    max_length: int = Option(
        512,
        label="Longest row",
        help="Longer rows are cut at the start of the conversation, and counted.",
        unit="tokens",
        advanced=True,
        ge=16,
        le=32768,
    )
    max_steps: int | None = Option(
        None,
        label="Step limit",
        help="Ends after this many steps, whatever the passes say.",
        unit="steps",
        advanced=True,
        ge=1,
    )
    lora_rank: int = Option(
        16,
        label="LoRA rank",
        help="Size of the add-on: larger learns more and costs more.",
        advanced=True,
        ge=1,
        le=512,
    )
    lora_alpha: int = Option(
        32,
        label="LoRA alpha",
        help="How strongly the add-on speaks, twice the rank is usual.",
        advanced=True,
        ge=1,
        le=2048,
    )
    lora_dropout: float = Option(
        0.0,
        label="LoRA dropout",
        help="Share of the add-on left out at random in a step.",
        advanced=True,
        ge=0.0,
        le=0.9,
    )
    warmup_ratio: float = Option(
        0.05,
        label="Warm-up",
        help="Share of the steps in which the learning rate rises.",
        advanced=True,
        ge=0.0,
        le=0.5,
    )
    weight_decay: float = Option(
        0.0, label="Weight decay", help="Pull of the weights towards zero.", advanced=True, ge=0.0, le=1.0
    )
    precision: Precision = Option(
        "auto",
        label="Number format",
        help="auto measures for a second which is faster on this computer.",
        advanced=True,
    )
    checkpoint_every: int | None = Option(
        None,
        label="Save every",
        help="Steps between saves that survive a power cut; empty makes about ten.",
        unit="steps",
        advanced=True,
        ge=1,
    )
    validate_every: int | None = Option(
        None,
        label="Validate every",
        help="Steps between looks at the validation rows; empty makes about ten.",
        unit="steps",
        advanced=True,
        ge=1,
    )
    default_system: bool = Option(
        False,
        label="Default system line",
        help="Keep the system line that the model's template adds by itself; leaving it out is faster.",
        advanced=True,
    )
    sample_prompts: int = Option(
        4,
        label="Sample answers",
        help="Validation rows answered along the way, for you to read.",
        unit="rows",
        advanced=True,
        ge=0,
        le=32,
    )
    seed: int = Option(17, label="Seed", help=_SEED, advanced=True, ge=0)
    threads: int | None = Option(None, label="Threads", help=_THREADS, advanced=True, ge=1, le=1024)

    def inputs(self) -> tuple[str, ...]:
        """The model and the data."""
        return (self.model, self.data)


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
    max_length: int = Option(
        2048,
        label="Longest conversation",
        help="Room for prompt and answer; more needs more memory.",
        unit="tokens",
        advanced=True,
        ge=64,
        le=131072,
    )
    seed: int = Option(17, label="Seed", help=_SEED, advanced=True, ge=0)
    threads: int | None = Option(None, label="Threads", help=_THREADS, advanced=True, ge=1, le=1024)

    def inputs(self) -> tuple[str, ...]:
        """The model."""
        return (self.model,)


class EvaluateSpec(Spec):
    """Measures models on rows that none of them has learnt from."""

    kind: ClassVar[str] = "evaluate"
    title: ClassVar[str] = "Evaluate"

    models: tuple[str, ...] = Option(label="Models", help="The models to compare.")
    data: str = Option(label="Data", help="The data whose rows are answered.")
    split: Literal["test", "validation"] = Option(
        "test",
        label="Rows",
        help="Test rows give the final figure; validation rows are for choosing.",
        advanced=True,
    )
    limit: int | None = Option(
        None,
        label="Row limit",
        help="Answers only so many rows, spread evenly; empty takes all.",
        unit="rows",
        advanced=True,
        ge=1,
    )
    max_new_tokens: int = Option(
        16, label="Longest answer", help="An answer is cut here.", unit="tokens", advanced=True, ge=1, le=4096
    )
    batch_size: int = Option(
        16, label="Batch", help="Rows answered at once.", unit="rows", advanced=True, ge=1, le=256
    )
    latency_prompts: int = Option(
        20,
        label="Timed prompts",
        help="Rows answered one by one to measure time.",
        unit="rows",
        advanced=True,
        ge=1,
        le=1000,
    )
    seed: int = Option(17, label="Seed", help=_SEED, advanced=True, ge=0)
    threads: int | None = Option(None, label="Threads", help=_THREADS, advanced=True, ge=1, le=1024)

    @field_validator("models")
    @classmethod
    def _some(cls, models: tuple[str, ...]) -> tuple[str, ...]:
        if not models:
            raise ValueError("choose at least one model")
        return models

    def inputs(self) -> tuple[str, ...]:
        """The models and the data."""
        return (*self.models, self.data)


class ChatSpec(Spec):
    """A conversation with a model; it lives as long as its window or terminal."""

    kind: ClassVar[str] = "chat"
    title: ClassVar[str] = "Chat"

    model: str = Option(label="Model", help="The model that answers.")
    max_new_tokens: int = Option(
        256, label="Longest answer", help="An answer is cut here.", unit="tokens", ge=1, le=32768
    )
    temperature: float = Option(
        0.0, label="Temperature", help="0 always gives the likeliest answer; higher varies.", ge=0.0, le=2.0
    )
    threads: int | None = Option(None, label="Threads", help=_THREADS, advanced=True, ge=1, le=1024)

    def inputs(self) -> tuple[str, ...]:
        """The model."""
        return (self.model,)
