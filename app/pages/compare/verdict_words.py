"""The verdict on a variant in the person's language, as `core.models.board.sentence` says it in English."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from app.formats import rows_text
from app.pages.compare.words import answered_text, axis_choice, axis_text, limit_text
from core.models.board import choice, sentence
from core.models.board.axes import Axis, Limits, broken, value
from core.models.board.board import Board
from core.models.board.choice import Verdict
from core.models.board.usefulness import Doubt


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
    said = (_doubtful(verdict.doubt), f"{'; '.join(parts)}.", _limits(board, verdict), _receipt(verdict),
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
            "“{name}” may do as well as “{best}” and costs less, but {rows} are too few to tell: it may lose "
            "{risk} % of perplexity. Evaluate both on more rows.",
        )
        if board.less_is_better
        else QCoreApplication.translate(
            "compare",
            "“{name}” may do as well as “{best}” and costs less, but {rows} are too few to tell: it may lose "
            "{risk} points. Evaluate both on more rows.",
        )
    )
    return text.format(
        name=found.variant.name,
        best=found.best.name,
        rows=rows_text(found.rows),
        risk=f"{found.risk * 100:.0f}",
    )


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


def _quality(board: Board, verdict: Verdict) -> str:
    reference, found = verdict.reference, verdict.compared
    if reference is None:
        return QCoreApplication.translate("compare", "The only one that was measured")
    if found is None:
        text = QCoreApplication.translate("compare", "No row was answered both by it and by {other}")
        return text.format(other=reference.name)
    rows = rows_text(found.rows)
    if found.difference.value == 0:
        if choice.is_enough(board, found):
            text = QCoreApplication.translate("compare", "No difference to {other} on {rows}")
        else:
            text = QCoreApplication.translate(
                "compare", "No difference to {other} on {rows}, which are too few to tell [{low} to {high}]"
            )
        _none, low, high = sentence.bounds(0.0, found.difference.ci95)
        return text.format(other=reference.name, rows=rows, low=low, high=high)
    above = QCoreApplication.translate("compare", "{amount} above {other}, which is {chance} on {rows}")
    below = QCoreApplication.translate("compare", "{amount} below {other}, which is {chance} on {rows}")
    chance = (
        QCoreApplication.translate("compare", "within chance")
        if found.is_chance
        else QCoreApplication.translate("compare", "beyond chance")
    )
    if not found.is_chance and not found.is_better and choice.is_hardly_worse(board, found):
        chance = (
            QCoreApplication.translate("compare", "real but less than one %")
            if board.less_is_better
            else QCoreApplication.translate("compare", "real but less than one point")
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


def _limits(board: Board, verdict: Verdict) -> str:
    if not verdict.has_limits:
        return ""
    if not verdict.broken:
        said = QCoreApplication.translate("compare", "It meets all your limits")
    else:
        text = QCoreApplication.translate("compare", "It misses your limit: {what}")
        said = text.format(what=limit_words(verdict.broken))
    if verdict.reach is None:
        return f"{said}."
    text = QCoreApplication.translate(
        "compare", "{said}; on quality perhaps by chance: its 95 % interval reaches {figure}."
    )
    return text.format(said=said, figure=limit_text("right", board.measure)(verdict.reach))


def limit_words(broken: Sequence[Axis]) -> str:
    """The limits that are not kept."""
    words = {
        "time": QCoreApplication.translate("compare", "time"),
        "memory": QCoreApplication.translate("compare", "memory"),
        "disk": QCoreApplication.translate("compare", "size on disk"),
        "right": QCoreApplication.translate("compare", "quality"),
    }
    return ", ".join(words[axis] for axis in broken)
