"""An evaluation's comparison in the person's language; the rules are those of `core.models.verdict`."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.formats import rows_text
from core.models import verdict
from core.models.report import Change, Comparison


def measure_name(measure: str, answers_by: str = "") -> str:
    """A main measure as a heading, with its unit; `answers_by` is the teacher that answered the rows."""
    if answers_by and (agrees := _agreement_names().get(measure)):
        return agrees
    names = {
        "accuracy": QCoreApplication.translate("verdict", "Right, %"),
        "exact_match": QCoreApplication.translate("verdict", "Right, %"),
        "numeric_match": QCoreApplication.translate("verdict", "Right number, %"),
        "field_f1": QCoreApplication.translate("verdict", "Right fields (F1), %"),
        "rouge_l": QCoreApplication.translate("verdict", "ROUGE-L, %"),
        "perplexity": QCoreApplication.translate("verdict", "Perplexity"),
    }
    return names.get(measure, measure)


def _agreement_names() -> dict[str, str]:
    """Where a teacher wrote the answers of the rows, nobody knows what is right."""
    return {
        "accuracy": QCoreApplication.translate("verdict", "Agrees, %"),
        "exact_match": QCoreApplication.translate("verdict", "Agrees, %"),
        "numeric_match": QCoreApplication.translate("verdict", "Same number, %"),
        "field_f1": QCoreApplication.translate("verdict", "Same fields (F1), %"),
    }


def figure_text(measure: str, value: float) -> str:
    """A main figure without its unit: `81.3`."""
    return f"{value:.2f}" if measure == "perplexity" else f"{value * 100:.1f}"


def headline(comparison: Comparison) -> str:
    """What became of the task, in a line."""
    change, rows = comparison.task, rows_text(comparison.rows)
    if change.is_chance:
        text = QCoreApplication.translate(
            "verdict", "{model}: on your task no difference to {reference} beyond chance"
        )
        return text.format(model=comparison.model, reference=comparison.reference)
    if verdict.is_better(comparison):
        text = QCoreApplication.translate(
            "verdict", "{model}: better on your task by {amount} than {reference}, on {rows}"
        )
    else:
        text = QCoreApplication.translate(
            "verdict", "{model}: worse on your task by {amount} than {reference}, on {rows}"
        )
    unit = _percent if comparison.measure == "perplexity" else _points
    return text.format(model=comparison.model, reference=comparison.reference, amount=unit(change), rows=rows)


def in_general(comparison: Comparison) -> str:
    """What became of everything else; empty where that was not measured."""
    said = []
    if (plain := comparison.general_perplexity) is not None:
        if plain.is_chance:
            text = QCoreApplication.translate("verdict", "In general: no difference beyond chance.")
            said.append(text)
        else:
            worse = QCoreApplication.translate(
                "verdict", "Worse in general by {amount}, measured as perplexity of plain text."
            )
            better = QCoreApplication.translate(
                "verdict", "Better in general by {amount}, measured as perplexity of plain text."
            )
            said.append((worse if plain.value > 0 else better).format(amount=_percent(plain)))
    if (right := comparison.general_log_probability) is not None:
        if right.is_chance:
            text = QCoreApplication.translate(
                "verdict", "Right answers to general questions: no clear difference."
            )
            said.append(text)
        else:
            less = QCoreApplication.translate(
                "verdict", "Right answers to general questions became {times} times less likely."
            )
            more = QCoreApplication.translate(
                "verdict", "Right answers to general questions became {times} times more likely."
            )
            value, low, high = verdict.factors(right)
            times = value if value == low == high else f"{value} [{low} – {high}]"
            said.append((less if right.value < 0 else more).format(times=times))
    return " ".join(said)


def _points(change: Change) -> str:
    value, low, high = verdict.figures(change, 1)
    text = QCoreApplication.translate("verdict", "{value} points [{low} to {high}]")
    return text.format(value=value, low=low, high=high)


def _percent(change: Change) -> str:
    value, low, high = verdict.figures(change, 0 if abs(change.value) >= 0.1 else 1)
    text = QCoreApplication.translate("verdict", "{value} % [{low} to {high}]")
    return text.format(value=value, low=low, high=high)


def agreement(teacher: str) -> str:
    """What a figure says on rows whose answers a teacher wrote."""
    return QCoreApplication.translate(
        "verdict",
        "The answers of these rows are those of {teacher}: a figure says how often a model agrees with it, "
        "not how often it is right.",
    ).format(teacher=teacher)
