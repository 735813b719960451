"""The rows of a data set as far as they decide what learning costs: how long they are, and in which steps."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

_SIMULATED_STEPS = 400


class RowSizes(Protocol):
    """What must be known of a data set.

    Attributes:
        lengths: Tokens of rows, evenly drawn or all of them, sorted.
        train: Rows to learn from.
        validation: Rows to look at along the way.
        answer_share: Share of a row's tokens that are learnt.
    """

    @property
    def lengths(self) -> tuple[int, ...]:
        """Tokens of rows, sorted."""

    @property
    def train(self) -> int:
        """Rows to learn from."""

    @property
    def validation(self) -> int:
        """Rows to look at along the way."""

    @property
    def answer_share(self) -> float:
        """Share of a row's tokens that are learnt."""


@dataclass(frozen=True)
class Pack:
    """One part of a step: its tokens, rows, and the longest row."""

    tokens: int
    rows: int
    longest: int

    @property
    def scores(self) -> int:
        """Attention scores of one head: rows are padded to the longest of their pack."""
        return self.rows * self.longest * self.longest

    def weight(self, tokens_a_score: float) -> float:
        """Grows with the memory that the part needs."""
        return self.tokens + self.scores * tokens_a_score


@dataclass(frozen=True)
class Steps:
    """What the steps of a run look like.

    Attributes:
        heaviest: The part of a step that needs most.
        tokens: Mean number of tokens of a step.
        packs: Mean number of parts of a step.
        scores: Mean number of attention scores of a step, for one head.
        rows: Mean number of rows of a step.
        longest_row: Tokens of the longest row, after cutting.
        cut: Share of the rows that are longer than the limit.
    """

    heaviest: Pack
    tokens: float
    packs: float
    scores: float
    rows: float
    longest_row: int
    cut: float


def pack(lengths: Sequence[int], tokens_at_once: int) -> list[Pack]:
    """Groups the rows of a step as the engine does: the longest first, up to so many tokens a part."""
    packs: list[list[int]] = []
    room = 0
    for length in sorted(lengths, reverse=True):
        if length > room:
            packs.append([])
            room = max(tokens_at_once, length)
        packs[-1].append(length)
        room -= length
    return [Pack(sum(rows), len(rows), rows[0]) for rows in packs]


@lru_cache(maxsize=256)
def simulate(
    lengths: tuple[int, ...],
    steps: int,
    batch_size: int,
    tokens_at_once: int,
    max_length: int,
    tokens_a_score: float,
) -> Steps:
    """Draws the rows of up to 400 steps by chance, always the same, and packs them.

    Args:
        lengths: Tokens of rows.
        steps: Steps of the run.
        batch_size: Rows a step.
        tokens_at_once: Tokens of a part.
        max_length: Longer rows are cut.
        tokens_a_score: What an attention score weighs beside a token.
    """
    cut = [min(length, max_length) for length in lengths] or [1]
    chance = random.Random(0)
    drawn: list[int] = []
    found: list[list[Pack]] = []
    for _ in range(min(steps, _SIMULATED_STEPS)):
        while len(drawn) < batch_size:  # without repetition until all had their turn, as in an epoch
            drawn += chance.sample(cut, len(cut))
        found.append(pack(drawn[:batch_size], tokens_at_once))
        del drawn[:batch_size]
    packs = [item for step in found for item in step]
    count = len(found)
    return Steps(
        heaviest=max(packs, key=lambda item: item.weight(tokens_a_score)),
        tokens=sum(item.tokens for item in packs) / count,
        packs=len(packs) / count,
        scores=sum(item.scores for item in packs) / count,
        rows=sum(item.rows for item in packs) / count,
        longest_row=max(cut),
        cut=sum(length > max_length for length in lengths) / max(len(lengths), 1),
    )


@dataclass(frozen=True)
class Schedule:
    """Steps, looks and saves of a run, as the engine plans them; `limit` is the one that was asked for.

    What goes best on the validation rows is saved besides: `most_saves` is as often as it can come to.
    """

    steps: int
    steps_per_epoch: int
    looks: int
    watched: int
    saves: int
    most_saves: int
    limit: int | None = None

    @property
    def epochs_for_limit(self) -> float | None:
        """The passes with which the limit is reached; None where it is, or was not set."""
        if self.limit is None or self.steps >= self.limit:
            return None
        return math.ceil(100 * self.limit / self.steps_per_epoch) / 100


def schedule(
    rows: RowSizes,
    *,
    epochs: float,
    batch_size: int,
    max_steps: int | None,
    validate_every: int | None,
    checkpoint_every: int | None,
    keep_best: bool,
) -> Schedule:
    """The plan of a run over these rows."""
    per_epoch = max(1, math.ceil(rows.train / batch_size))
    steps = max(1, round(epochs * per_epoch))
    steps = min(steps, max_steps or steps)
    tenth = max(1, math.ceil(steps / 10))
    looks = max(1, steps // (validate_every or tenth)) if rows.validation else 0
    every = checkpoint_every or tenth
    room = int(0.125 * steps * batch_size / max(looks, 1))
    return Schedule(
        steps=steps,
        steps_per_epoch=per_epoch,
        looks=looks,
        watched=min(rows.validation, max(8, room)),
        saves=max(1, steps // every),
        most_saves=min(steps, math.ceil(steps / every) + keep_best * looks),
        limit=max_steps,
    )
