"""From answers to figures, by the task: every task has one main measure, and others beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.engines.measuring import fields, labels, texts
from core.models import report
from core.models.intervals import Combine, Sums
from core.models.report import Measure

#: Expected answers of more words than this are hardly ever repeated letter by letter.
_SHORT_WORDS = 8
_NUMERIC_SHARE = 0.9  # a few damaged rows do not make another task of it


@dataclass(frozen=True)
class Said:
    """One row's answer.

    Attributes:
        text: What the model wrote.
        expected: What it should have written.
        nll: Negative log-likelihood of the expected answer, in nats.
        tokens: Tokens of the expected answer.
    """

    text: str
    expected: str
    nll: float
    tokens: int


@dataclass(frozen=True)
class Judged:
    """A model's figures, and its main one row by row, for comparing it with another.

    Attributes:
        quality: As reported.
        sums: Of the main measure, in the order of the rows.
    """

    quality: report.Quality
    sums: Sums


def measure_of(task: str, expected: Sequence[str]) -> Measure:
    """The main measure of a task; what kind of answer is expected decides between those of free text."""
    match task:
        case "classification":
            return "accuracy"
        case "extraction":
            return "field_f1"
        case "summarization":
            return "rouge_l"
        case "pretraining":
            return "perplexity"
    numeric = sum(map(texts.has_final_number, expected))
    if expected and numeric >= _NUMERIC_SHARE * len(expected):
        return "numeric_match"
    if task == "question_answering":
        return "exact_match"
    return "exact_match" if texts.typical_words(expected) <= _SHORT_WORDS else "rouge_l"


def judge(task: str, measure: Measure, rows: Sequence[Said], known: Sequence[str] = ()) -> Judged:
    """All figures of the task.

    Args:
        task: The data's kind of task.
        measure: Its main measure, decided once for all models.
        rows: The answers, at least one.
        known: Every label of the data.
    """
    figures: dict[str, Any] = {}
    by_measure: dict[str, Sums] = {}
    if task == "classification":
        by_measure["accuracy"] = _sums([texts.right(row.text, row.expected) for row in rows], "share")
        sheet = labels.read([row.text for row in rows], [row.expected for row in rows], known)
        figures |= {"macro_f1": sheet.macro_f1, "unknown_answers": sheet.unknown}
        figures |= {"labels": sheet.labels, "confusion": sheet.cells}
    elif task == "extraction":
        _judge_fields(rows, figures, by_measure)
    elif task != "pretraining":
        _judge_text(task, measure, rows, figures, by_measure)
    tokens = sum(row.tokens for row in rows)
    by_measure["perplexity"] = _sums([[row.nll, row.tokens] for row in rows], "perplexity")
    main = by_measure[measure]
    figures |= {name: sums.value() for name, sums in by_measure.items() if name != "perplexity"}
    figures["perplexity"] = perplexity(sum(row.nll for row in rows), tokens)
    quality = report.Quality(
        measure=measure, n=len(rows), ci95=main.interval(), perplexity_tokens=tokens, **figures
    )
    return Judged(quality, main)


def _judge_fields(rows: Sequence[Said], figures: dict[str, Any], by_measure: dict[str, Sums]) -> None:
    scores = [fields.score(row.text, row.expected) for row in rows]
    matched = sum(score.matched for score in scores)
    figures["json_valid"] = sum(score.valid for score in scores) / len(scores)
    figures["field_precision"] = matched / max(1, sum(score.said for score in scores))
    figures["field_recall"] = matched / max(1, sum(score.wanted for score in scores))
    by_measure["field_f1"] = _sums([[score.matched, score.said, score.wanted] for score in scores], "f1")
    by_measure["exact_match"] = _sums([score.exact for score in scores], "share")


def _judge_text(
    task: str, measure: Measure, rows: Sequence[Said], figures: dict[str, Any], by_measure: dict[str, Sums]
) -> None:
    if task == "question_answering":
        exact = [texts.normalized(row.text) == texts.normalized(row.expected) for row in rows]
        figures["token_f1"] = sum(texts.token_f1(row.text, row.expected) for row in rows) / len(rows)
    else:
        exact = [texts.right(row.text, row.expected) for row in rows]
        found = np.array([texts.rouge(row.text, row.expected) for row in rows])
        figures["rouge_1"], figures["rouge_2"] = (float(value) for value in found[:, :2].mean(axis=0))
        by_measure["rouge_l"] = _sums(found[:, 2], "mean")
        overlap = texts.overlap([row.text for row in rows], [row.expected for row in rows])
        figures |= {"bleu": overlap.bleu, "chrf": overlap.chrf, "bleu_signature": overlap.signature}
    by_measure["exact_match"] = _sums(exact, "share")
    if measure == "numeric_match":
        same = [texts.numeric_match(row.text, row.expected) for row in rows]
        by_measure["numeric_match"] = _sums(same, "share")


def perplexity(nll: float, tokens: int) -> float | None:
    """Perplexity of the expected answers, stop token included: exp of the mean negative log-likelihood."""
    if tokens == 0:
        return None
    mean = nll / tokens
    return math.exp(mean) if mean < 700 else None


def _sums(rows: Any, combine: Combine) -> Sums:
    parts = np.asarray(rows, dtype=np.float64)
    return Sums(parts[:, None] if parts.ndim == 1 else parts, combine)
