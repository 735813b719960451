"""A board in the person's language: roles, axes, figures, and what to know of them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from app.formats import count_text, duration_text, number_text, rows_text, short_name, size_text
from app.pages.compare.board_reading import Lacking
from app.pages.runs.verdict_text import agreement, figure_text, measure_name
from app.receipt_text import colour_phrase
from core.models.board.axes import Axis, value
from core.models.board.board import Board, Variant
from core.models.board.lineage import Member


def role_text(member: Member) -> str:
    """What a model is among its relatives: `tuned, int4-mixed`."""
    words = {
        "base": QCoreApplication.translate("compare", "base"),
        "teacher": QCoreApplication.translate("compare", "teacher"),
        "tuned": QCoreApplication.translate("compare", "tuned"),
        "distilled": QCoreApplication.translate("compare", "distilled"),
        "pruned": QCoreApplication.translate("compare", "pruned"),
        "merged": QCoreApplication.translate("compare", "merged"),
    }
    return ", ".join(filter(None, (words[member.role], member.recipe, colour_phrase(member.receipt))))


def axis_title(axis: Axis, board: Board) -> str:
    """A column's heading."""
    titles = {
        "right": measure_name(board.measure, board.answers_by),
        "time": QCoreApplication.translate("compare", "Median time"),
        "first": QCoreApplication.translate("compare", "Median of the first word"),
        "speed": QCoreApplication.translate("compare", "Tokens/s"),
        "memory": QCoreApplication.translate("compare", "Memory"),
        "disk": QCoreApplication.translate("compare", "Disk"),
    }
    return titles[axis]


def axis_choice(axis: Axis, board: Board) -> str:
    """An axis in the list of those that the picture can have."""
    titles = {
        "right": measure_name(board.measure, board.answers_by).removesuffix(", %"),
        "time": QCoreApplication.translate("compare", "Time of an answer"),
        "first": QCoreApplication.translate("compare", "Time to the first word"),
        "speed": QCoreApplication.translate("compare", "Tokens a second"),
        "memory": QCoreApplication.translate("compare", "Memory"),
        "disk": QCoreApplication.translate("compare", "Size on disk"),
    }
    return titles[axis]


def axis_label(axis: Axis, board: Board, *, less: bool) -> str:
    """What stands at an axis of the picture, with its unit and which way is better."""
    labels = {
        "right": measure_name(board.measure, board.answers_by),
        "time": QCoreApplication.translate("compare", "median time of an answer, ms"),
        "first": QCoreApplication.translate("compare", "median time to the first word, ms"),
        "speed": QCoreApplication.translate("compare", "tokens a second"),
        "memory": QCoreApplication.translate("compare", "memory, MB"),
        "disk": QCoreApplication.translate("compare", "size on disk, MB"),
    }
    way = (
        QCoreApplication.translate("compare", "less is better")
        if less
        else QCoreApplication.translate("compare", "more is better")
    )
    if axis == "right":
        text = QCoreApplication.translate("compare", "{measure}, with 95 % interval ({way})")
        return text.format(measure=labels[axis], way=way)
    return f"{labels[axis]} ({way})"


def axis_text(axis: Axis, measure: str, figure: float | None) -> str:
    """A figure of an axis with its unit."""
    if figure is None:
        return QCoreApplication.translate("compare", "not measured")
    if axis == "right":
        return figure_text(measure, figure)
    if axis in ("time", "first"):
        return QCoreApplication.translate("compare", "{ms} ms").format(ms=number_text(figure))
    return number_text(figure) if axis == "speed" else size_text(figure)


def cell_text(board: Board, variant: Variant, axis: Axis) -> str:
    """A cell of the table: the main figure with its interval, any other with its unit."""
    text = axis_text(axis, board.measure, value(variant, axis))
    if axis != "right":
        return text
    low, high = variant.ci95
    text = f"{text} ({figure_text(board.measure, low)}–{figure_text(board.measure, high)})"
    if variant.is_stopped:
        stopped = QCoreApplication.translate("compare", "{figure} ({rows})")
        return stopped.format(figure=text, rows=answered_text(variant))
    if board.same_rows:
        return text
    some = QCoreApplication.translate("compare", "{figure} on {rows}")
    return some.format(figure=text, rows=rows_text(variant.rows))


def limit_text(axis: Axis, measure: str) -> Callable[[float | None], str]:
    """How a limit's slider says its value."""

    def text(limit: float | None) -> str:
        if limit is None:
            return QCoreApplication.translate("compare", "no limit")
        if axis == "right" and measure != "perplexity":
            return f"{figure_text(measure, limit).removesuffix('.0')} %"
        return axis_text(axis, measure, limit)

    return text


def answered_text(variant: Variant) -> str:
    """Of how many rows an evaluation that was stopped has answers: `40 of 300`."""
    text = QCoreApplication.translate("compare", "{rows} of {asked}")
    return text.format(rows=count_text(variant.rows), asked=count_text(variant.asked))


def notes(board: Board) -> list[str]:
    """What to know before figures are held against each other."""
    said = [agreement(board.answers_by)] if board.answers_by else []
    stopped = [item for item in board.variants if item.is_stopped]
    if stopped:
        one = QCoreApplication.translate("compare", "{name} ({rows} rows)")
        names = ", ".join(one.format(name=item.name, rows=answered_text(item)) for item in stopped)
        text = QCoreApplication.translate(
            "compare",
            "The evaluation was stopped half-way: {names}. Such a figure says nothing of the other rows, so "
            "it is recommended only where no other is complete; measure again for all rows.",
        )
        said.append(text.format(names=names))
    if not board.same_rows:
        counts = ", ".join(f"{item.name}: {count_text(item.rows)}" for item in board.variants)
        text = QCoreApplication.translate(
            "compare",
            "They answered different rows ({counts}). Any two are compared only on rows that both answered.",
        )
        said.append(text.format(counts=counts))
    if not board.same_machine:
        text = QCoreApplication.translate(
            "compare",
            "They were measured on different machines, or with different numbers of threads: times, speeds "
            "and memory cannot be held against each other.",
        )
        said.append(text)
    if board.lacks_scores:
        text = QCoreApplication.translate(
            "compare",
            "Some reports are of an earlier version: without scores of rows there is no paired test.",
        )
        said.append(text)
    if board.has_few_rows:
        text = QCoreApplication.translate(
            "compare", "On so few rows chance moves figures far, so judge with care."
        )
        said.append(text)
    if board.left_out:
        text = QCoreApplication.translate("compare", "Left out, as damaged or measured otherwise: {names}.")
        said.append(text.format(names=", ".join(board.left_out)))
    return said


def lacking_text(board: Board, lacking: Lacking) -> str:
    """Which models are to be measured yet, how much that is, and about how long it takes."""
    said = []
    if board.missing:
        names = ", ".join(short_name(member.name) for member in board.missing)
        text = QCoreApplication.translate("compare", "Not measured on these rows yet: {names}.")
        said.append(text.format(names=names))
    if lacking.models:
        count = len(lacking.models)
        models = (
            QCoreApplication.translate("compare", "1 model")
            if count == 1
            else QCoreApplication.translate("compare", "{count} models").format(count=count_text(count))
        )
        amount = f"{models} × {rows_text(lacking.rows)}"
        if lacking.seconds is None:
            said.append(QCoreApplication.translate("compare", "To measure: {amount}.").format(amount=amount))
        else:
            text = QCoreApplication.translate(
                "compare", "To measure: {amount}, about {time}; the general check comes on top."
            )
            said.append(text.format(amount=amount, time=duration_text(lacking.seconds)))
    return " ".join(said)
