"""A board in the person's language: roles, axes, figures, and the verdict in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication

from app.formats import count_text, duration_text, number_text, rows_text, short_name, size_text
from app.pages.compare.board_reading import Lacking
from app.pages.runs.verdict_text import agreement, figure_text, measure_name
from core.models.board import choice, sentence
from core.models.board.axes import Axis, Limits, broken, value
from core.models.board.board import Board, Variant
from core.models.board.choice import Verdict
from core.models.board.lineage import Member
from core.models.board.usefulness import Doubt


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
    return ", ".join(filter(None, (words[member.role], member.recipe, receipt_text(member))))


def receipt_text(member: Member) -> str:
    """What speaks against a model by its receipt; empty where nothing does."""
    if member.receipt == "red":
        return QCoreApplication.translate("compare", "red receipt")
    return QCoreApplication.translate("compare", "amber receipt") if member.receipt == "amber" else ""


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


def headline(verdict: Verdict | None) -> str:
    """The verdict's bold line."""
    if verdict is None:
        return QCoreApplication.translate("compare", "No variant keeps all your limits.")
    if verdict.doubt is not None and verdict.doubt.answers_by:
        text = QCoreApplication.translate(
            "compare", "“{name}” is hardly useful: it agrees with {teacher} in {percent} %."
        )
        percent, teacher = f"{verdict.doubt.right * 100:.0f}", verdict.doubt.answers_by
        return text.format(name=verdict.variant.name, teacher=teacher, percent=percent)
    if verdict.doubt is not None:
        text = QCoreApplication.translate("compare", "“{name}” is hardly useful: {percent} % right.")
        return text.format(name=verdict.variant.name, percent=f"{verdict.doubt.right * 100:.0f}")
    if verdict.is_recommended:
        return QCoreApplication.translate("compare", "Take “{name}”.").format(name=verdict.variant.name)
    return f"“{verdict.variant.name}”"


def verdict_text(board: Board, verdict: Verdict) -> str:
    """The sentence below it: quality with interval and test, cost, limits."""
    parts = [part for part in (_quality(board, verdict), _cost(verdict)) if part]
    said = (_doubtful(verdict.doubt), f"{'; '.join(parts)}.", _limits(verdict), _receipt(verdict),
            _unproven(board, verdict), *_stops(verdict))  # fmt: skip
    return " ".join(filter(None, said))


def closest_text(board: Board, limits: Limits) -> str:
    """Which variant comes nearest to the limits, and what it breaks."""
    found = choice.nearest(board, limits)
    if found is None:
        return ""
    over = [
        f"{axis_choice(axis, board)} {axis_text(axis, board.measure, value(found, axis))}"
        for axis in broken(board, found, limits)
    ]
    text = QCoreApplication.translate("compare", "Nearest is “{name}”: {figures}.")
    return text.format(name=found.name, figures=", ".join(over))


def _receipt(verdict: Verdict) -> str:
    if verdict.variant.member.receipt != "amber":
        return ""
    return QCoreApplication.translate(
        "compare",
        "Its receipt is amber: it differs from its source, so read the rows where they disagree first.",
    )


def _unproven(board: Board, verdict: Verdict) -> str:
    found = verdict.unproven
    if found is None:
        return ""
    text = (
        QCoreApplication.translate(
            "compare",
            "“{name}” may do as well and costs less, but {rows} are too few to tell: it may lose {risk} % of "
            "perplexity. Evaluate both on more rows.",
        )
        if board.less_is_better
        else QCoreApplication.translate(
            "compare",
            "“{name}” may do as well and costs less, but {rows} are too few to tell: it may lose {risk} "
            "points. Evaluate both on more rows.",
        )
    )
    return text.format(name=found.variant.name, rows=rows_text(found.rows), risk=f"{found.risk * 100:.0f}")


def _doubtful(found: Doubt | None) -> str:
    if found is None:
        return ""
    if not found.label and found.answers_by:
        return QCoreApplication.translate("compare", "It differs from the teacher more often than it agrees.")
    if not found.label:
        return QCoreApplication.translate("compare", "It is wrong more often than right.")
    text = (
        QCoreApplication.translate("compare", "Always answering “{label}” would agree in {percent} %.")
        if found.answers_by
        else QCoreApplication.translate(
            "compare", "Always answering “{label}” would be right in {percent} %."
        )
    )
    return text.format(label=found.label, percent=f"{found.label_right * 100:.0f}")


def _stops(verdict: Verdict) -> list[str]:
    text = QCoreApplication.translate("compare", "The evaluation of {name} was stopped after {rows} rows.")
    return [
        text.format(name=item.name, rows=answered_text(item))
        for item in (verdict.variant, verdict.reference)
        if item is not None and item.is_stopped
    ]


def answered_text(variant: Variant) -> str:
    """Of how many rows an evaluation that was stopped has answers: `40 of 300`."""
    text = QCoreApplication.translate("compare", "{rows} of {asked}")
    return text.format(rows=count_text(variant.rows), asked=count_text(variant.asked))


def _quality(board: Board, verdict: Verdict) -> str:
    reference, found = verdict.reference, verdict.compared
    if reference is None:
        return QCoreApplication.translate("compare", "The only one that was measured")
    if found is None:
        text = QCoreApplication.translate("compare", "No row was answered both by it and by {other}")
        return text.format(other=reference.name)
    rows = rows_text(found.rows)
    if found.difference.value == 0:
        text = QCoreApplication.translate("compare", "As good as {other} on {rows}")
        return text.format(other=reference.name, rows=rows)
    above = QCoreApplication.translate("compare", "{amount} above {other}, which is {chance} on {rows}")
    below = QCoreApplication.translate("compare", "{amount} below {other}, which is {chance} on {rows}")
    chance = (
        QCoreApplication.translate("compare", "within chance")
        if found.is_chance
        else QCoreApplication.translate("compare", "beyond chance")
    )
    text = (above if found.difference.value > 0 else below).format(
        amount=_amount(board, verdict), other=reference.name, chance=chance, rows=rows
    )
    p_value = found.difference.p_value
    return f"{text} ({sentence.p_text(p_value)})" if p_value is not None else text


def _amount(board: Board, verdict: Verdict) -> str:
    assert verdict.compared is not None
    found = verdict.compared.difference
    size, low, high = sentence.bounds(found.value, found.ci95)
    text = (
        QCoreApplication.translate("compare", "{size} % of perplexity [{low} to {high}]")
        if board.less_is_better
        else QCoreApplication.translate("compare", "{size} points [{low} to {high}]")
    )
    return text.format(size=size, low=low, high=high)


def _cost(verdict: Verdict) -> str:
    return ", ".join(filter(None, (_speed(verdict.faster), _size(verdict.size))))


def _speed(faster: float | None) -> str:
    if faster is None:
        return ""
    if sentence.is_same(faster, 0.05):
        return QCoreApplication.translate("compare", "as fast")
    times = faster if faster > 1 else 1 / faster
    shown = f"{times:.1f}" if times < 10 else f"{times:.0f}"
    if faster > 1:
        return QCoreApplication.translate("compare", "{times}× faster").format(times=shown)
    return QCoreApplication.translate("compare", "{times}× slower").format(times=shown)


def _size(share: float | None) -> str:
    if share is None:
        return ""
    words = {
        "half the size": QCoreApplication.translate("compare", "half the size"),
        "a third of the size": QCoreApplication.translate("compare", "a third of the size"),
        "a quarter of the size": QCoreApplication.translate("compare", "a quarter of the size"),
        "a fifth of the size": QCoreApplication.translate("compare", "a fifth of the size"),
        "a tenth of the size": QCoreApplication.translate("compare", "a tenth of the size"),
        "the same size": QCoreApplication.translate("compare", "the same size"),
    }
    said = sentence.size_text(share)
    if said in words:
        return words[said]
    if share < 1:
        return QCoreApplication.translate("compare", "{percent} % of the size").format(
            percent=round(share * 100)
        )
    return QCoreApplication.translate("compare", "{times} times the size").format(times=f"{share:.1f}")


def _limits(verdict: Verdict) -> str:
    if not verdict.has_limits:
        return ""
    if not verdict.broken:
        return QCoreApplication.translate("compare", "It meets all your limits.")
    over = limit_words(verdict.broken)
    return QCoreApplication.translate("compare", "Over your limit: {what}.").format(what=over)


def limit_words(broken: Sequence[Axis]) -> str:
    """The limits that are not kept."""
    words = {
        "time": QCoreApplication.translate("compare", "time"),
        "memory": QCoreApplication.translate("compare", "memory"),
        "disk": QCoreApplication.translate("compare", "size on disk"),
        "right": QCoreApplication.translate("compare", "quality"),
    }
    return ", ".join(words[axis] for axis in broken)


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
