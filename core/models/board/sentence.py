"""A verdict in English, for the command line and for files; the window says the same in its own languages."""

from __future__ import annotations

from core.counts import counted
from core.models.board import axes, choice
from core.models.board.axes import Axis, Limits
from core.models.board.board import Board, Variant
from core.models.board.choice import Verdict
from core.models.board.lineage import Member
from core.models.board.usefulness import Doubt
from core.models.verdict import agreement, measure_name

_LIMITS = {"time": "time of an answer", "memory": "memory", "disk": "size on disk", "right": "quality"}
_SMALLER = "make a smaller one: `quantize --recipe search --set max_mb=N`, prune, distill"
_BETTER = (
    "make a better one: more rows, longer, `distill`, or `quantize --set heal=40` where rounding cost it"
)
_SHARES = (
    (0.475, 0.525, "half the size"),
    (0.32, 0.345, "a third of the size"),
    (0.24, 0.26, "a quarter of the size"),
    (0.185, 0.215, "a fifth of the size"),
    (0.095, 0.105, "a tenth of the size"),
)


def sentence(board: Board, verdict: Verdict | None, limits: Limits) -> str:
    """`Take small: 1.3 points below tuned [0.4 to …], which is within chance on 300 rows (p = 0.29); …`."""
    if not board.variants:
        return "Nothing here can be compared yet."
    if verdict is None:
        return " ".join(("No variant keeps all your limits.", *closest(board, limits)))
    if verdict.doubt is not None:
        head = f"{verdict.variant.name} is hardly useful ({doubtful(verdict.doubt)})"
    else:
        head = f"Take {verdict.variant.name}" if verdict.is_recommended else verdict.variant.name
    parts = [part for part in (quality(board, verdict), cost(verdict)) if part]
    said = f"{head}: {'; '.join(parts)}." if parts else f"{head}."
    return " ".join(
        filter(None, (said, kept(board, verdict), looks(verdict), unproven(board, verdict), *stops(verdict)))
    )


def looks(verdict: Verdict) -> str:
    """That an amber receipt was seen, which no figure of right answers takes back."""
    if verdict.variant.member.receipt != "amber":
        return ""
    return "Its receipt is amber: it differs from its source, so read the rows where they disagree first."


def unproven(board: Board, verdict: Verdict) -> str:
    """`small may do as well as tuned and costs less, but 20 rows are too few to tell: …`."""
    found = verdict.unproven
    if found is None:
        return ""
    unit = "% of perplexity" if board.less_is_better else "points"
    return (
        f"{found.variant.name} may do as well as {found.best.name} and costs less, but {counted(found.rows)} "
        f"are too few to tell: it may lose {found.risk * 100:.0f} {unit}. Evaluate both on more rows."
    )


def closest(board: Board, limits: Limits) -> list[str]:
    """`Nearest is small, which misses your limit on memory (512 MB).`, and what to do."""
    found = choice.nearest(board, limits)
    if found is None:
        return []
    missed = axes.broken(board, found, limits)
    over = [f"{_LIMITS[axis]} ({figure(board, found, axis)})" for axis in missed]
    return [
        f"Nearest is {found.name}, which misses your limit on {' and '.join(over)}.",
        f"Move that limit, or {_BETTER if 'right' in missed else _SMALLER}.",
    ]


def figure(board: Board, variant: Variant, axis: Axis) -> str:
    """A figure with its unit: `498 ms`, `159 MB`, `80.3 %`."""
    own = axes.value(variant, axis)
    if own is None:
        return "not measured"
    if axis == "right":
        return _main_figure(board, own)
    return f"{own:.0f} ms" if axis == "time" else f"{own / 1e6:.0f} MB"


def _main_figure(board: Board, own: float) -> str:
    return f"{own:.2f}" if board.less_is_better else f"{own * 100:.1f} %"


def kind_of(member: Member) -> str:
    """What a model is among its relatives: `tuned, int4, amber receipt`."""
    receipt = f"{member.receipt} receipt" if member.receipt in ("amber", "red") else ""
    return ", ".join(filter(None, (member.role, member.recipe, receipt)))


def doubtful(found: Doubt) -> str:
    """`25 % right: wrong more often than right`."""
    right = f"{found.right * 100:.0f} % right"
    if found.answers_by:
        same = f"agrees with {found.answers_by} in {found.right * 100:.0f} %"
        if not found.label:
            return f"{same}: differs more often than it agrees"
        return f"{same}; always answering {found.label!r} would agree in {found.label_right * 100:.0f} %"
    if found.label:
        return f"{right}; always answering {found.label!r} would be right in {found.label_right * 100:.0f} %"
    return f"{right}: wrong more often than right"


def stops(verdict: Verdict) -> list[str]:
    """`small was stopped after 40 of 300 rows.` of the variant and of the one beside it."""
    return [
        f"The evaluation of {item.name} was stopped after {answered(item)} rows."
        for item in (verdict.variant, verdict.reference)
        if item is not None and item.is_stopped
    ]


def answered(variant: Variant) -> str:
    """`40 of 300`."""
    return f"{variant.rows} of {variant.asked}"


def quality(board: Board, verdict: Verdict) -> str:
    """Its main figure beside the best one's."""
    reference, found = verdict.reference, verdict.compared
    if reference is None:
        return "the only one that was measured"
    if found is None:
        return f"no row was answered both by it and by {reference.name}"
    amount = amount_text(board, verdict)
    if found.difference.value == 0:
        same = f"no difference to {reference.name} on {counted(found.rows)}"
        interval = amount[amount.index("[") :]
        return same if choice.is_enough(board, found) else f"{same}, which are too few to tell {interval}"
    better = "above" if (found.difference.value > 0) else "below"
    chance = f"which is {'within' if found.is_chance else 'beyond'} chance on {counted(found.rows)}"
    if not found.is_chance and not found.is_better and choice.is_hardly_worse(board, found):
        unit = "%" if board.less_is_better else "point"
        chance = f"which is real but less than one {unit} on {counted(found.rows)}"
    p_value = found.difference.p_value
    test = f" ({p_text(p_value)})" if p_value is not None else ""
    return f"{amount} {better} {reference.name}, {chance}{test}"


def against_best(board: Board, variant: Variant) -> str:
    """Its main figure less the best one's: `−1.3 [−3.5 to +0.9], p = 0.29`."""
    best = board.best_first()[0]
    if variant is best:
        return "the best"
    found = board.compare(variant, best)
    if found is None:
        return "no shared rows"
    value, low, high = (
        f"{number * 100:+.1f}".replace("-", "−")
        for number in (found.difference.value, *found.difference.ci95)
    )
    test = f", {p_text(found.difference.p_value)}" if found.difference.p_value is not None else ""
    rows = "" if board.same_rows else f" on {counted(found.rows)}"
    return f"{value} [{low} to {high}]{test}{rows}"


def missed(board: Board, variant: Variant, limits: Limits) -> str:
    """The limits that it misses: `memory, quality`."""
    return ", ".join(_LIMITS[axis] for axis in axes.broken(board, variant, limits))


def amount_text(board: Board, verdict: Verdict) -> str:
    """The size of the difference with its interval: `1.3 points [−0.9 to 3.5]`."""
    assert verdict.compared is not None
    found = verdict.compared.difference
    value, low, high = bounds(found.value, found.ci95)
    unit = "% of perplexity" if board.less_is_better else "points"
    return f"{value} {unit} [{low} to {high}]"


def bounds(value: float, ci95: tuple[float, float]) -> tuple[str, str, str]:
    """Size and interval in hundredths, turned so that the size has no sign."""
    low, high = ci95 if value >= 0 else (-ci95[1], -ci95[0])
    size, least, most = (f"{number * 100:.1f}".replace("-", "−") for number in (abs(value), low, high))
    return size, least, most


def p_text(p_value: float) -> str:
    """`p = 0.29`, `p < 0.001`."""
    if p_value < 0.001:
        return "p < 0.001"
    return f"p = {p_value:.2f}" if p_value >= 0.095 else f"p = {p_value:.3f}"


def cost(verdict: Verdict) -> str:
    """`2.4× faster, a fifth of the size`."""
    parts = []
    if verdict.faster is not None:
        parts.append(speed_text(verdict.faster))
    if verdict.size is not None:
        parts.append(size_text(verdict.size))
    return ", ".join(parts)


def speed_text(faster: float) -> str:
    """How much faster it answers."""
    if is_same(faster, 0.05):
        return "as fast"
    times = faster if faster > 1 else 1 / faster
    return f"{times:.{1 if times < 10 else 0}f}× {'faster' if faster > 1 else 'slower'}"


def is_same(ratio: float, margin: float) -> bool:
    """Whether a ratio is one, as far as a person cares."""
    return 1 - margin <= ratio <= 1 + margin


def size_text(share: float) -> str:
    """Its size as a share of the other's."""
    word = next((word for low, high, word in _SHARES if low <= share <= high), "")
    if word:
        return word
    if is_same(share, 0.02):
        return "the same size"
    return f"{share * 100:.0f} % of the size" if share < 1 else f"{share:.1f} times the size"


def kept(board: Board, verdict: Verdict) -> str:
    """Whether it keeps the limits, and whether chance may turn that round."""
    if not verdict.has_limits:
        return ""
    reach = _main_figure(board, verdict.reach) if verdict.reach is not None else ""
    if not verdict.broken:
        said = "It meets all your limits"
    else:
        said = f"It misses your limit on {' and '.join(_LIMITS[axis] for axis in verdict.broken)}"
    return (
        f"{said}; on quality perhaps by chance: its 95 % interval reaches {reach}." if reach else f"{said}."
    )


def limits_text(board: Board, limits: Limits) -> str:
    """The limits in a line."""
    said = []
    if limits.time_ms is not None:
        said.append(f"answers within {limits.time_ms:.0f} ms")
    if limits.memory_bytes is not None:
        said.append(f"at most {limits.memory_bytes / 1e6:.0f} MB of memory")
    if limits.disk_bytes is not None:
        said.append(f"at most {limits.disk_bytes / 1e6:.0f} MB on disk")
    if limits.right is not None and board.less_is_better:
        said.append(f"perplexity at most {limits.right:.2f}")
    elif limits.right is not None:
        name = measure_name(board.measure, board.answers_by)
        said.append(f"{name} at least {limits.right * 100:g} %")
    return f"Limits: {', '.join(said)}." if said else "No limits."


def notes(board: Board) -> list[str]:
    """What to know before figures are held against each other."""
    said = [agreement(board.answers_by)] if board.answers_by else []
    stopped = [f"{item.name} ({answered(item)} rows)" for item in board.variants if item.is_stopped]
    if stopped:
        said.append(
            f"The evaluation was stopped half-way: {', '.join(stopped)}. Such a figure says nothing of the "
            "other rows, so it is recommended only where no other is complete; evaluate again for all rows."
        )
    if not board.same_rows:
        counts = ", ".join(f"{item.name}: {item.rows}" for item in board.variants)
        said.append(
            f"They answered different rows ({counts}). Any two are compared only on rows that both answered."
        )
    if not board.same_machine:
        said.append(
            "They were measured on different machines, or with different numbers of threads: times, speeds "
            "and memory cannot be held against each other."
        )
    if board.lacks_scores:
        said.append("Some reports are of an earlier version: without scores of rows there is no paired test.")
    if board.has_few_rows:
        said.append("On so few rows chance moves figures far, so judge with care.")
    if board.left_out:
        said.append(f"Left out, as they are damaged or measured otherwise: {', '.join(board.left_out)}.")
    return said
