"""The report of an evaluation, as every reader of it sees it: page, command line, comparison."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.models.confusion import Cell, LabelFigures
from core.models.speed import Latency, Timing

NAME = "report.json"
ANSWERS = "answers.jsonl"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Measure = Literal["accuracy", "exact_match", "numeric_match", "field_f1", "rouge_l", "perplexity"]


class Quality(_Frozen):
    """How right the answers are. Fractions between 0 and 1, but for perplexity and counts.

    Attributes:
        measure: Which of the figures is the task's main one.
        accuracy: Share of right labels (classification).
        macro_f1: F1 of each expected label, averaged, so that rare labels count as much as frequent ones.
        unknown_answers: Answers that are no label of the data.
        labels: Precision, recall and F1 of each expected label.
        confusion: What was taken for what, how often; empty cells are left out.
        exact_match: Share of answers equal to the expected text; of questions after SQuAD's normalizing, of
            extraction with equal fields.
        token_f1: Overlap of the words (question answering).
        numeric_match: Share of answers that end with the expected number (answers written `#### N`).
        json_valid: Share of answers that are JSON (extraction).
        field_precision: Share of said fields that are right.
        field_recall: Share of expected fields that were said.
        field_f1: Both in one.
        rouge_1: Overlap of words with the expected text.
        rouge_2: Overlap of pairs of words.
        rouge_l: Longest common sequence of words.
        bleu: Overlap of up to four words in a row over all rows, as sacrebleu counts it.
        chrf: Overlap of up to six letters in a row over all rows, as sacrebleu counts it.
        bleu_signature: With which settings BLEU was counted, as papers quote it.
        n: Rows answered.
        ci95: 95 % interval of the main measure.
        judge_score: Mean mark of the judge, 1 to 5.
        judge_ci95: Its interval.
        judge_rows: Rows that it rated.
        judge_unread: Replies of the judge in which no mark could be found; they count nowhere.
        perplexity: Of the expected answers with their stop tokens, given the prompt; comparable between
            models with the same tokenizer. Of pretraining rows the whole text's.
        perplexity_tokens: Tokens that perplexity averages over.
    """

    measure: Measure | None = None
    accuracy: float | None = None
    macro_f1: float | None = None
    unknown_answers: int | None = None
    labels: tuple[LabelFigures, ...] | None = None
    confusion: tuple[Cell, ...] | None = None
    exact_match: float | None = None
    token_f1: float | None = None
    numeric_match: float | None = None
    json_valid: float | None = None
    field_precision: float | None = None
    field_recall: float | None = None
    field_f1: float | None = None
    rouge_1: float | None = None
    rouge_2: float | None = None
    rouge_l: float | None = None
    bleu: float | None = None
    chrf: float | None = None
    bleu_signature: str | None = None
    judge_score: float | None = None
    judge_ci95: tuple[float, float] | None = None
    judge_rows: int | None = None
    judge_unread: int | None = None
    n: int
    ci95: tuple[float, float] | None = None
    perplexity: float | None = None
    perplexity_tokens: int = 0


class General(_Frozen):
    """What a model still knows apart from its task.

    Attributes:
        questions: Questions with listed choices.
        log_probability: Of the right answer given its question, in nats, averaged over the questions.
        log_probability_ci95: Its interval.
        accuracy: Share of questions whose right answer is the likeliest of the choices.
        accuracy_ci95: Its interval.
        chance: That share by guessing.
        perplexity: Of plain text.
        perplexity_ci95: Its interval.
        tokens: Tokens that it averages over.
    """

    questions: int
    log_probability: float
    log_probability_ci95: tuple[float, float]
    accuracy: float
    accuracy_ci95: tuple[float, float]
    chance: float
    perplexity: float
    perplexity_ci95: tuple[float, float]
    tokens: int


class Change(_Frozen):
    """A difference between two models on the same rows, and its 95 % interval."""

    value: float
    ci95: tuple[float, float]

    @property
    def is_chance(self) -> bool:
        """Whether the interval contains no difference at all."""
        return self.ci95[0] <= 0 <= self.ci95[1]


class Comparison(_Frozen):
    """A model beside the first one of the report.

    Attributes:
        reference: The first model's name.
        model: The other's.
        measure: The task's main measure.
        rows: Rows that both answered.
        task: The model's figure less the reference's; of perplexity the relative change.
        task_p_value: McNemar's exact test, where the measure is a share.
        judge: The model's mean mark less the reference's, on the rows that both have marks for.
        general_perplexity: Relative change of the perplexity of plain text: 0.1 is 10 % worse.
        general_log_probability: Change of the mean log-probability of right answers, in nats.
    """

    reference: str
    model: str
    measure: Measure
    rows: int
    task: Change
    task_p_value: float | None = None
    judge: Change | None = None
    general_perplexity: Change | None = None
    general_log_probability: Change | None = None


class Judge(_Frozen):
    """Who rated the answers.

    Attributes:
        name: The model.
        host: Where it is; empty for one of this computer.
        rubric: What it was told to look at.
        tokens_in: Tokens that it was sent.
        tokens_out: Tokens that it wrote.
        cost: By the endpoint's prices.
    """

    name: str
    host: str
    rubric: str
    tokens_in: int
    tokens_out: int
    cost: float


class WorstRow(_Frozen):
    """A row that the last model answered worst, long texts shortened."""

    row: int
    prompt: str
    expected: str
    answers: dict[str, str] = Field(description="By model name.")


class HarnessFigure(_Frozen):
    """A figure of a task of lm-evaluation-harness, as it counts it."""

    task: str
    metric: str
    value: float
    rows: int


class ModelFigures(_Frozen):
    """One model's row of the report.

    Attributes:
        model: Its name.
        id: Its artifact id.
        kind: hf, adapter or onnx.
        recipe: How it was quantized, if it was.
        bytes_on_disk: All its files; an adapter counts with its base.
        general: What it knows apart from the task, where that was asked for.
        tokens_per_s: Decode speed of one conversation, after the first token.
        peak_rss_bytes: Highest memory of the process that held only this model.
        timing: How the times were taken, by length, with energy and the machine's own ceilings.
        seconds: Time this measurement took.
        harness: Figures of lm-evaluation-harness, if its tasks were asked.
    """

    model: str
    id: str
    kind: str
    recipe: str | None = None
    bytes_on_disk: int
    quality: Quality
    general: General | None = None
    latency_ms: Latency | None = None
    timing: Timing | None = None
    tokens_per_s: float | None = None
    peak_rss_bytes: int | None = None
    seconds: float
    harness: tuple[HarnessFigure, ...] | None = None


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
    answers_by: str = Field(
        "", description="The teacher that wrote the rows' answers; empty for the data's own."
    )
    complete: bool = Field(description="False when it was stopped before every model had answered every row.")
    models: tuple[ModelFigures, ...]
    comparisons: tuple[Comparison, ...] = Field((), description="Every further model beside the first.")
    judge: Judge | None = None
    worst: tuple[WorstRow, ...] = ()


def right(answer: str, expected: str) -> bool:
    """Equal but for space around the text."""
    return answer.strip() == expected.strip()


def main_figure(quality: dict[str, Any]) -> tuple[str, float] | None:
    """Name and value of the main measure in a stored report; earlier ones do not name it."""
    named = quality.get("measure")
    for measure in (named, "accuracy", "exact_match", "perplexity"):
        value = quality.get(measure) if measure else None
        if isinstance(value, int | float):
            return str(measure), float(value)
    return None
