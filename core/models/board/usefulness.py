"""Whether the figures of a variant are good enough to be recommended at all, beside no other variant."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from core.models.board.board import Board, Variant

_SHARES = frozenset({"accuracy", "exact_match", "numeric_match"})


@dataclass(frozen=True)
class Doubt:
    """Why a variant is hardly useful, however it stands beside the others.

    Attributes:
        right: Its share of right answers.
        label: The most frequent right answer, where always giving that one is right as often; else empty.
        label_right: How often that would be.
        answers_by: The teacher whose answers count as right; empty where the rows' own do.
    """

    right: float
    label: str = ""
    label_right: float = 0.0
    answers_by: str = ""


def doubt(board: Board, variant: Variant) -> Doubt | None:
    """What speaks against a variant that is judged by a share of right answers; None where nothing does.

    It is wrong more often than right, or it has learnt no more of its labels than which one is most frequent.
    """
    if board.measure not in _SHARES:
        return None
    if board.measure == "accuracy":
        wanted = Counter(board.rows[key].expected.strip() for key in variant.said)
        label, count = wanted.most_common(1)[0]
        share = count / len(variant.said)
        if len(wanted) > 1 and variant.value <= share:
            return Doubt(variant.value, label, share, board.answers_by)
    return Doubt(variant.value, answers_by=board.answers_by) if variant.value < 0.5 else None
