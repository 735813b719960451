"""Votes between two models are kept, whichever of them was A, and judged by an exact test."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.models import votes
from core.models.votes import Choice, Vote
from core.workspace.workspace import Workspace


def vote(a: str, b: str, choice: Choice) -> Vote:
    return Vote(
        a=a, b=b, a_name=a, b_name=b, prompt="<b>?</b>", a_answer="x\ny", b_answer="", choice=choice, at=1.0
    )


def test_votes_survive_a_restart_and_a_line_that_a_crash_cut_off(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "work")
    said = [vote("m", "n", "a"), vote("n", "m", "a"), vote("n", "m", "bad")]
    for each in said:
        votes.add(workspace, each)
    with open(workspace.root / votes.NAME, "a", encoding="utf-8") as file:
        file.write('{"a": "m", "b"')
    assert votes.read(workspace) == said
    votes.add(workspace, said[0])
    assert len(votes.read(workspace)) == 4
    workspace.close()


def test_the_letters_change_and_the_models_are_counted() -> None:
    said = [vote("m", "n", "a"), vote("n", "m", "b"), vote("n", "m", "a"), vote("m", "n", "equal")]
    said += [vote("m", "other", "a"), vote("n", "m", "bad")]
    found = votes.score(said, "m", "n")
    assert (found.one, found.other, found.equal, found.bad, found.votes) == (2, 1, 1, 1, 5)


@pytest.mark.parametrize(
    ("wins", "losses", "p"), [(0, 0, 1.0), (3, 3, 1.0), (5, 0, 0.0625), (9, 1, 22 / 1024)]
)
def test_the_test_is_the_exact_binomial_one(wins: int, losses: int, p: float) -> None:
    assert votes.Score(wins, losses, 4, 2).p_value == pytest.approx(p)
