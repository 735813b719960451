"""Blind votes between two models: what was asked, what each said, and which answer a person liked better.

Kept in `votes.jsonl` of the workspace, a line a vote, on the disk before it counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from core.models.intervals import mcnemar
from core.workspace import durable
from core.workspace.workspace import Workspace

NAME = "votes.jsonl"
Choice = Literal["a", "b", "equal", "bad"]


class Vote(BaseModel):
    """One vote; A stood at the start of the line.

    Attributes:
        a: Id of the model that was called A.
        b: Id of the other.
        a_name: Its name at that time.
        b_name: The other's.
        prompt: What both were asked.
        a_answer: What A said.
        b_answer: What B said.
        choice: Whose answer was better; equal, or both bad.
        at: Unix seconds.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int = 1
    a: str
    b: str
    a_name: str
    b_name: str
    prompt: str
    a_answer: str
    b_answer: str
    choice: Choice
    at: float

    @property
    def winner(self) -> str:
        """Id of the model that was liked better; empty for a draw."""
        return {"a": self.a, "b": self.b}.get(self.choice, "")


@dataclass(frozen=True)
class Score:
    """How two models stand.

    Attributes:
        one: Votes for the one.
        other: Votes for the other.
        equal: Votes that called them equally good.
        bad: Votes that called both bad.
    """

    one: int
    other: int
    equal: int
    bad: int

    @property
    def votes(self) -> int:
        """All of them."""
        return self.one + self.other + self.equal + self.bad

    @property
    def p_value(self) -> float:
        """Exact two-sided binomial test of the decided votes against a fair coin."""
        return mcnemar(self.one, self.other)


def add(workspace: Workspace, vote: Vote) -> None:
    """Keeps a vote; when this returns, it is on the disk."""
    durable.append_line(workspace.root / NAME, vote.model_dump_json())


def read(workspace: Workspace) -> list[Vote]:
    """Every vote, oldest first; a line of a later version is passed over."""
    found = []
    for line in durable.whole_lines(workspace.root / NAME):
        try:
            found.append(Vote.model_validate_json(line))
        except ValidationError:
            continue
    return found


def score(votes: Iterable[Vote], one: str, other: str) -> Score:
    """How two models stand by the votes between them, whichever of them was A."""
    between = [vote for vote in votes if {vote.a, vote.b} == {one, other}]
    return Score(
        one=sum(vote.winner == one for vote in between),
        other=sum(vote.winner == other for vote in between),
        equal=sum(vote.choice == "equal" for vote in between),
        bad=sum(vote.choice == "bad" for vote in between),
    )
