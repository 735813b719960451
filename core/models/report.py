"""The report of an evaluation, as every reader of it sees it: page, command line, comparison."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

NAME = "report.json"
ANSWERS = "answers.jsonl"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quality(_Frozen):
    """How right the answers are. Fractions between 0 and 1.

    Attributes:
        accuracy: Share of right labels (classification).
        exact_match: Share of answers equal to the expected text (other tasks).
        n: Rows answered.
        ci95: Wilson interval of the share; None without one, as for plain documents.
        perplexity: Of the expected answers with their stop tokens, given the prompt; comparable between
            models with the same tokenizer.
        perplexity_tokens: Tokens that perplexity averages over.
    """

    accuracy: float | None = None
    exact_match: float | None = None
    n: int
    ci95: tuple[float, float] | None = None
    perplexity: float | None = None
    perplexity_tokens: int = 0


class Latency(_Frozen):
    """Milliseconds of prompts answered alone: to the first token, and to the last."""

    ttft_p50: float
    ttft_p95: float
    total_p50: float
    total_p95: float


class ModelFigures(_Frozen):
    """One model's row of the report.

    Attributes:
        model: Its name.
        id: Its artifact id.
        kind: hf, adapter or onnx.
        recipe: How it was quantized, if it was.
        bytes_on_disk: All its files; an adapter counts with its base.
        tokens_per_s: Decode speed of one conversation, after the first token.
        peak_rss_bytes: Highest memory of the process that held only this model.
        seconds: Time this measurement took.
    """

    model: str
    id: str
    kind: str
    recipe: str | None = None
    bytes_on_disk: int
    quality: Quality
    latency_ms: Latency | None = None
    tokens_per_s: float | None = None
    peak_rss_bytes: int | None = None
    seconds: float


class Machine(_Frozen):
    """Where it was measured."""

    system: str
    processor: str
    cores: int
    threads: int
    memory_bytes: int


class EvaluationReport(_Frozen):
    """`report.json`."""

    version: int = 1
    machine: Machine
    versions: dict[str, str]
    data: str
    split: str
    task: str
    rows: int
    max_new_tokens: int
    batch_size: int
    complete: bool = Field(description="False when it was stopped before every model had answered every row.")
    models: tuple[ModelFigures, ...]
