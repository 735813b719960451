"""Which variant to take, and what is to be said of one, with interval and paired test."""

from __future__ import annotations

from dataclasses import dataclass

from core.models.board.axes import LIMITED, Axis, Limits, broken, value
from core.models.board.board import Board, Compared, Variant
from core.models.board.usefulness import Doubt, doubt

#: More than this is not given away for speed, however few the rows: 5 points, of a perplexity 5 %.
MOST_LOST = 0.05
#: Nor is what may be lost at worst, by the 95 % interval: on few rows chance excuses anything.
MOST_AT_RISK = 0.10
#: What is certainly less is given away even where many rows tell it from nothing: on 3,080 of them 0.3 points
#: are beyond chance, and few people would wait five times as long for them.
HARDLY_LOST = 0.01
#: Times that are nearer to each other count as one: on a busy computer they move so far from pass to pass.
AS_FAST = 1.2


@dataclass(frozen=True, eq=False)
class Verdict:
    """What is to be said of a variant.

    Attributes:
        variant: Which one.
        is_recommended: Whether it is the one to take.
        reference: The best of all, or the next best where the variant is the best itself; None for one alone.
        compared: The variant beside it; None where no row was answered by both.
        is_best: Whether no variant has a better main figure.
        faster: How many times the reference's answers take its own; None where that cannot be said.
        size: Its size on disk as a share of the reference's.
        broken: Limits that it does not keep.
        has_limits: Whether there are any.
        reach: Where chance may decide whether the limit on the main figure is kept: the end of its 95 %
            interval on the other side of that limit. None where another limit is missed anyway.
        doubt: What makes it hardly useful, even where no other is better; None where nothing does.
        unproven: Of one to take: another that may be as good and costs less, but too few rows say so.
    """

    variant: Variant
    is_recommended: bool
    reference: Variant | None
    compared: Compared | None
    is_best: bool
    faster: float | None
    size: float | None
    broken: tuple[Axis, ...]
    has_limits: bool
    reach: float | None
    doubt: Doubt | None
    unproven: Unproven | None = None


@dataclass(frozen=True, eq=False)
class Unproven:
    """A variant that may be as good as the one to take, and costs less.

    Attributes:
        variant: Which one.
        best: The one beside which it may be as good.
        rows: Rows that both answered.
        risk: What it may lose at worst, as a fraction.
    """

    variant: Variant
    best: Variant
    rows: int
    risk: float


def recommend(board: Board, limits: Limits) -> Variant | None:
    """Which one to take: the foremost, unless it is hardly useful whatever the others are."""
    found = foremost(board, limits)
    return found if found is not None and doubt(board, found) is None else None


def foremost(board: Board, limits: Limits) -> Variant | None:
    """Which one stands out.

    Among those that keep the limits, whose receipt is not red and whose evaluation was not stopped half-way
    (unless all were), and that are not worse than the best of them, the one that answers fastest; of equally
    fast ones, or where times were taken on several machines, the smallest. Not worse means: the paired test
    on the rows that both answered calls the difference chance (McNemar's exact test of shares, a bootstrap
    interval of other figures), it is at most five points, and there are rows enough to say that not more than
    ten are lost; or it is not even one point at worst. Of these one that is hardly useful comes last.
    """
    able = _able(board, limits)
    if not able:
        return None
    good = [item for item in able if item is able[0] or _is_as_good(board, item, able[0])]
    good = [item for item in good if doubt(board, item) is None] or good
    fastest = min(_cost(board, item)[0] for item in good)
    quick = [item for item in good if _cost(board, item)[0] <= AS_FAST * fastest]
    return min(quick, key=lambda item: (item.figures.bytes_on_disk, _cost(board, item)))


def _able(board: Board, limits: Limits) -> list[Variant]:
    """Those that may be taken, the best first; of those that were stopped half-way none where others are."""
    found = [
        item
        for item in board.best_first()
        if not broken(board, item, limits) and item.member.receipt != "red"
    ]
    return [item for item in found if not item.is_stopped] or found


def _is_as_good(board: Board, variant: Variant, best: Variant) -> bool:
    found = board.compare(variant, best)
    if found is None:
        return False
    return is_hardly_worse(board, found) or (_seems_as_good(found) and risk(board, found) <= MOST_AT_RISK)


def is_hardly_worse(board: Board, found: Compared) -> bool:
    """Whether what is lost is less than a point even at worst."""
    return risk(board, found) <= HARDLY_LOST


def is_enough(board: Board, found: Compared) -> bool:
    """Whether two may be called as good as each other: neither is more than five points ahead at worst."""
    low, high = found.difference.ci95
    return max(-low, high, risk(board, found)) <= MOST_LOST


def _seems_as_good(found: Compared) -> bool:
    return found.is_better or (found.is_chance and abs(found.difference.value) <= MOST_LOST)


def risk(board: Board, found: Compared) -> float:
    """What may be lost at worst, as a fraction.

    Where no row differs, an interval has no width: three in the number of rows may differ all the same (the
    rule of three, Hanley and Lippman-Hand, 1983).
    """
    low, high = found.difference.ci95
    lost = high if board.less_is_better else -low
    return lost if found.difference.p_value is None else max(lost, 3 / found.rows)


def _unproven(board: Board, limits: Limits, taken: Variant) -> Unproven | None:
    """The one that would cost least, if it is as good."""
    able = _able(board, limits)
    found = [
        Unproven(item, able[0], compared.rows, risk(board, compared))
        for item in able[1:]
        if (compared := board.compare(item, able[0])) is not None
        and _seems_as_good(compared)
        and not _is_as_good(board, item, able[0])
        and _cost(board, item) < _cost(board, taken)
        and doubt(board, item) is None
    ]
    return min(found, key=lambda item: _cost(board, item.variant), default=None)


def _cost(board: Board, variant: Variant) -> tuple[float, float]:
    time = variant.time_ms if board.same_machine and variant.time_ms is not None else float("inf")
    return time, variant.figures.bytes_on_disk


def nearest(board: Board, limits: Limits) -> Variant | None:
    """Of those that do not keep the limits, the one that breaks the fewest, and goes least beyond them."""

    def beyond(variant: Variant) -> tuple[int, float]:
        over = [axis for axis in broken(board, variant, limits) if axis in LIMITED]
        shares = [_beyond(value(variant, axis), limits.of(axis)) for axis in over]
        return len(over), max(shares, default=0.0)

    able = [item for item in board.best_first() if item.member.receipt != "red"]
    return min(able, key=beyond, default=None)


def _beyond(own: float | None, limit: float | None) -> float:
    """By what share a figure is on the wrong side of its limit, whichever side that is."""
    return abs(own / limit - 1) if own is not None and limit else float("inf")


def judge(board: Board, variant: Variant, limits: Limits, recommended: Variant | None) -> Verdict:
    """What is to be said of a variant beside the best one."""
    order = board.best_first()
    reference = next((item for item in order if item is not variant), None)
    faster = size = None
    if reference is not None:
        size = variant.figures.bytes_on_disk / max(reference.figures.bytes_on_disk, 1)
        if board.same_machine and variant.time_ms and reference.time_ms:
            faster = reference.time_ms / variant.time_ms
    return Verdict(
        variant=variant,
        is_recommended=variant is recommended,
        reference=reference,
        compared=board.compare(variant, reference) if reference is not None else None,
        is_best=variant is order[0],
        faster=faster,
        size=size,
        broken=broken(board, variant, limits),
        has_limits=limits.are_set,
        reach=_reach(board, variant, limits),
        doubt=doubt(board, variant),
        unproven=_unproven(board, limits, variant) if variant is recommended else None,
    )


def _reach(board: Board, variant: Variant, limits: Limits) -> float | None:
    low, high = variant.ci95
    if limits.right is None or not low < limits.right < high:
        return None
    missed = broken(board, variant, limits)
    if missed and "right" not in missed:
        return None
    return low if bool(missed) == board.less_is_better else high
