"""Reads what the compare page shows, away from the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass

from app.pages.deploy.receipt import Verdict, verdict
from core.models.board import board, evidence, forecast
from core.models.board.answers import RowKey
from core.models.board.board import Board, Variant
from core.models.board.evidence import Evaluation, Subject
from core.workspace.workspace import Workspace

#: The same reports, models and names give the same board.
Stamp = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Wish:
    """Which board is wanted: of a subject, of a report or one with a model in it; otherwise the newest."""

    data: str = ""
    split: str = ""
    family: str = ""
    item: str = ""

    @classmethod
    def of(cls, subject: Subject | None) -> Wish:
        """The one that is shown."""
        return cls() if subject is None else cls(subject.data, subject.split, subject.family)


@dataclass(frozen=True)
class Lacking:
    """What is left to be measured.

    Attributes:
        models: Ids of those that answered none of the rows, or not all of them.
        rows: Rows that each is asked.
        seconds: About how long that takes; None where nothing tells.
    """

    models: tuple[str, ...] = ()
    rows: int = 0
    seconds: float | None = None


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read.

    Attributes:
        stamp: What it was read from.
        subjects: What a board can be about, newest first.
        board: The board; None where nothing was measured.
        receipts: What the receipts of its models say, by the model's id.
        lacking: Which of its models are to be measured yet.
        has_models: Whether there is any model that could be measured.
    """

    stamp: Stamp
    subjects: tuple[Subject, ...]
    board: Board | None
    receipts: dict[str, Verdict]
    lacking: Lacking
    has_models: bool


@dataclass(frozen=True)
class DisagreeingRow:
    """A row that some answered better than others.

    Attributes:
        key: Which row.
        prompt: What was asked.
        expected: What was wanted.
        right: How many answered it best, of a measure that only knows right and wrong.
        answered: How many answered it.
        mean: Mean score of the answers; more is better.
    """

    key: RowKey
    prompt: str
    expected: str
    right: int
    answered: int
    mean: float

    @property
    def id(self) -> str:
        """Its key as text."""
        return f"{self.key[0]}.{self.key[1]}"


def read(workspace: Workspace, wish: Wish, known: Stamp | None) -> Reading | None:
    """What is wanted, or None where nothing has changed since."""
    found = evidence.evaluations(workspace)
    members = evidence.members_of(workspace, found)
    subjects = evidence.subjects(workspace, found, members)
    subject = _pick(subjects, found, wish)
    chosen = (subject.data, subject.split + subject.family) if subject is not None else ("", "")
    stamp = (
        chosen,
        *((item.report.id, item.report.digest) for item in found),
        *((member.id, member.name) for member in members.values()),
    )
    if stamp == known:
        return None
    made = board.read(workspace, subject) if subject is not None else None
    receipts, lacking = {}, Lacking()
    if made is not None:
        lacking = _lacking(workspace, made)
        made.prepare()
        for variant in made.variants:
            key = variant.member.artifact_id
            receipts[key] = verdict(workspace, workspace.artifact(key, "model"))
    return Reading(stamp, tuple(subjects), made, receipts, lacking, bool(members))


def _lacking(workspace: Workspace, made: Board) -> Lacking:
    stopped = [variant.id for variant in made.variants if variant.is_stopped]
    models = (*(member.id for member in made.missing), *stopped)
    if not models:
        return Lacking()
    rows = forecast.rows_of(workspace.artifact(made.subject.data, "dataset"), made.subject.split)
    known = [variant.figures for variant in made.variants]
    return Lacking(models, rows, forecast.seconds(workspace, models, rows, known))


def _pick(subjects: list[Subject], found: list[Evaluation], wish: Wish) -> Subject | None:
    report = next((item for item in found if item.report.id == wish.item), None)
    for subject in subjects:
        if wish.item and wish.item in subject.models:
            return subject
        if report is not None and (report.data, report.split) == (subject.data, subject.split):
            return subject
        if wish.data and Wish.of(subject) == Wish(wish.data, wish.split, wish.family):
            return subject
    return subjects[0] if subjects else None


def disagreeing(made: Board, focus: Variant | None) -> list[DisagreeingRow]:
    """Every row on which the variants disagree, worst first."""
    rows = []
    for key, mean in board.disagreements(made, focus):
        scores = [item.scores[key][0] for item in made.variants if key in item.scores]
        row = made.rows[key]
        right = sum(score == 1 for score in scores)
        rows.append(DisagreeingRow(key, row.prompt, row.expected, right, len(scores), mean))
    return rows
