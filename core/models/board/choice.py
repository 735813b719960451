"""Which variant to take, and what is to be said of one, with interval and paired test."""

from __future__ import annotations

from dataclasses import dataclass

from core.models.board.axes import Axis, Limits, broken
from core.models.board.board import Board, Compared, Variant
from core.models.board.usefulness import Doubt, doubt

#: More than this is not given away for speed, however few the rows: 5 points, of a perplexity 5 %.
MOST_LOST = 0.05


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
        doubt: What makes it hardly useful, even where no other is better; None where nothing does.
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
    doubt: Doubt | None


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
    interval of other figures), and it is at most five points, as on few rows chance would excuse anything.
    Of these one that is hardly useful comes last.
    """
    able = [
        item
        for item in board.best_first()
        if not broken(board, item, limits) and item.member.receipt != "red"
    ]
    if not able:
        return None
    able = [item for item in able if not item.is_stopped] or able
    good = [item for item in able if item is able[0] or _is_as_good(board, item, able[0])]
    good = [item for item in good if doubt(board, item) is None] or good
    return min(good, key=lambda item: _cost(board, item))


def _is_as_good(board: Board, variant: Variant, best: Variant) -> bool:
    found = board.compare(variant, best)
    if found is None:
        return False
    return found.is_better or (found.is_chance and abs(found.difference.value) <= MOST_LOST)


def _cost(board: Board, variant: Variant) -> tuple[float, float]:
    time = variant.time_ms if board.same_machine and variant.time_ms is not None else float("inf")
    return time, variant.figures.bytes_on_disk


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
        doubt=doubt(board, variant),
    )
