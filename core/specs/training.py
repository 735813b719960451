"""What every training is described by, whatever it learns from."""

from __future__ import annotations

from typing import Literal

from core.specs.base import SEED_HELP, THREADS_HELP, Option, Spec

Method = Literal["auto", "lora", "qlora", "dora", "ia3", "full"]
Precision = Literal["auto", "fp32", "bf16"]
Schedule = Literal["cosine", "linear", "constant"]
Switch = Literal["auto", "on", "off"]

MOST_EPOCHS = 100
#: Methods that learn a small add-on beside a frozen model.
ADAPTER_METHODS: tuple[Method, ...] = ("auto", "lora", "qlora", "dora", "ia3")


class TrainingSpec(Spec):
    """Teaches a model from examples: what fine-tuning and distilling share."""

    model: str = Option(label="Model", help="The model that learns.")
    data: str = Option(label="Data", help="The examples it learns from.")
    method: Method = Option(
        "auto",
        label="Method",
        help="LoRA learns a small add-on; DoRA a finer one, half as long again; IA³ a tiny one; QLoRA keeps "
        "the model in 4 bits meanwhile, a third slower; full changes every weight; auto takes LoRA.",
    )
    epochs: float = Option(3.0, label="Passes", help="How often it sees every example.", gt=0, le=MOST_EPOCHS)
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
    use_rslora: bool = Option(
        False,
        label="Rank-stabilized",
        help="Scales the add-on by the root of its rank (rsLoRA); useful from rank 64 on.",
        advanced=True,
    )
    continue_adapter: bool = Option(
        False,
        label="Continue the add-on",
        help="When the model is itself an add-on: learn on in it, instead of stacking a new one on top.",
        advanced=True,
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
    schedule: Schedule = Option(
        "cosine",
        label="Schedule",
        help="How the learning rate falls after the warm-up.",
        advanced=True,
    )
    max_grad_norm: float = Option(
        1.0,
        label="Gradient limit",
        help="Longer gradients are cut to this length, against sudden jumps.",
        advanced=True,
        gt=0,
        le=1000,
    )
    tokens_at_once: int = Option(
        1024,
        label="Tokens at once",
        help="A step's rows go through the model in parts of this size; less needs less memory.",
        unit="tokens",
        advanced=True,
        ge=16,
        le=65536,
    )
    gradient_checkpointing: Switch = Option(
        "auto",
        label="Recompute activations",
        help="Needs far less memory and about a third more time; auto does it only when memory asks for it.",
        advanced=True,
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
    early_stopping: int | None = Option(
        4,
        label="Patience",
        help="Ends after so many looks at the validation rows without a better one; empty never ends early.",
        unit="looks",
        advanced=True,
        ge=1,
    )
    keep_best: bool = Option(
        True,
        label="Keep the best",
        help="The result is the model as it was when the validation rows went best.",
        advanced=True,
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
    seed: int = Option(17, label="Seed", help=SEED_HELP, advanced=True, ge=0)
    threads: int | None = Option(None, label="Threads", help=THREADS_HELP, advanced=True, ge=1, le=1024)

    def inputs(self) -> tuple[str, ...]:
        """The model and the data."""
        return (self.model, self.data)

    def in_four_bits(self) -> bool:
        """QLoRA does."""
        return self.method == "qlora"

    def needs_weights(self) -> tuple[str, ...]:
        """The model."""
        return (self.model,)
