"""An evaluation in a sentence: what was gained on the task, and what was lost in general."""

from __future__ import annotations

import math

from core.counts import counted
from core.models.report import Change, Comparison

_CHANCE = "no difference beyond chance"
NAMES = {
    "accuracy": "right",
    "exact_match": "right",
    "numeric_match": "right number",
    "field_f1": "right fields (F1)",
    "rouge_l": "ROUGE-L",
    "perplexity": "perplexity",
}
#: Where a teacher wrote the answers of the rows, nobody knows what is right.
_AGREES = {
    "accuracy": "agrees",
    "exact_match": "agrees",
    "numeric_match": "same number",
    "field_f1": "same fields (F1)",
}


def measure_name(measure: str, answers_by: str = "") -> str:
    """A main measure in a word; `answers_by` is the teacher that wrote the rows' answers."""
    return (_AGREES.get(measure) if answers_by else None) or NAMES.get(measure, measure)


def sentence(comparison: Comparison) -> str:
    """What a person wants to know of a model beside the first one."""
    parts = [f"{comparison.model} against {comparison.reference}: {on_the_task(comparison)}"]
    general = in_general(comparison)
    if general:
        parts.append(general)
    return "; ".join(parts) + "."


def on_the_task(comparison: Comparison) -> str:
    """`better on your task by 60.0 points [52.1 to 67.0]`."""
    change = comparison.task
    if change.is_chance:
        unit, scale = (" %", 100) if comparison.measure == "perplexity" else (" points", 100)
        return f"on your task {_CHANCE} ({signed(change, scale, unit)} on {counted(comparison.rows)})"
    word = "better" if is_better(comparison) else "worse"
    return f"{word} on your task by {_said(comparison, change)}"


def is_better(comparison: Comparison) -> bool:
    """Whether the model's figure on the task is the better one, whatever chance says."""
    return (comparison.task.value > 0) != (comparison.measure == "perplexity")


def _said(comparison: Comparison, change: Change) -> str:
    if comparison.measure == "perplexity":
        return f"{percent(change)} of perplexity on {counted(comparison.rows)}"
    return f"{points(change)} on {counted(comparison.rows)}"


def in_general(comparison: Comparison) -> str:
    """`worse in general by 14 % [9 to 19]`, and what became of the right answers; empty if not measured."""
    text, right = comparison.general_perplexity, comparison.general_log_probability
    said = []
    if text is not None:
        if text.is_chance:
            said.append(f"in general {_CHANCE} (perplexity of plain text {signed(text, 100, ' %')})")
        else:
            word = "worse" if text.value > 0 else "better"
            said.append(f"{word} in general by {percent(text)} (perplexity of plain text)")
    if right is not None:
        if right.is_chance:
            said.append(f"right answers to general questions: {_CHANCE}")
        else:
            word = "less" if right.value < 0 else "more"
            said.append(f"right answers to general questions {times(right)} times {word} likely")
    return ", ".join(said)


def points(change: Change) -> str:
    """A difference of fractions in points, by its size: `60.0 points [52.1 to 67.0]`."""
    value, low, high = figures(change, 1)
    return f"{value} points [{low} to {high}]"


def percent(change: Change) -> str:
    """A relative change in per cent, by its size."""
    value, low, high = figures(change, 0 if abs(change.value) >= 0.1 else 1)
    return f"{value} % [{low} to {high}]"


def times(change: Change) -> str:
    """A change of log-probability as a factor: `3.2 [2.5 to 4.1]`."""
    value, low, high = factors(change)
    return value if value == low == high else f"{value} [{low} to {high}]"


def figures(change: Change, digits: int) -> tuple[str, str, str]:
    """Size and bounds in hundredths."""
    value, low, high = (f"{size * 100:.{digits}f}" for size in _by_size(change))
    return value, low, high


def factors(change: Change) -> tuple[str, str, str]:
    """Size and bounds of a change in nats, as factors."""
    value, low, high = (_factor(size) for size in _by_size(change))
    return value, low, high


def signed(change: Change, scale: float, unit: str) -> str:
    """With its signs, where the interval contains both: `+0.7 points [−1.2 to +2.6]`."""
    value, low, high = (f"{number * scale:+.1f}".replace("-", "−") for number in (change.value, *change.ci95))
    return f"{value}{unit} [{low} to {high}]"


def _factor(nats: float) -> str:
    if nats > math.log(1000):
        return "over 1,000"
    return f"{math.exp(nats):.1f}"


def _by_size(change: Change) -> tuple[float, float, float]:
    """Value and bounds with the direction taken out: a loss of 3 is from 2 to 4, not from −4 to −2."""
    low, high = change.ci95
    return (change.value, low, high) if change.value >= 0 else (-change.value, -high, -low)


def agreement(teacher: str) -> str:
    """What a figure says on rows whose answers a teacher wrote."""
    return (
        f"The answers of these rows are those of {teacher}: a figure says how often a model agrees with it, "
        "not how often it is right."
    )
