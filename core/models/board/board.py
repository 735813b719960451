"""Variants side by side, on rows that both of any two have answered; nothing else is ever compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from core.errors import IntegrityError
from core.models import intervals, report
from core.models.board import answers, evidence
from core.models.board.answers import Answers, Row, RowKey
from core.models.board.evidence import Evaluation, Subject
from core.models.board.lineage import Member
from core.models.intervals import Difference, Sums
from core.models.report import EvaluationReport, Machine, ModelFigures
from core.workspace.workspace import Workspace

_FEW_ROWS = 100


@dataclass(frozen=True, eq=False, repr=False)
class Variant:
    """A model with its newest figures on the board's rows.

    Attributes:
        member: Which model, and what it was made from.
        figures: What was measured.
        value: Its main figure: a fraction, or a perplexity.
        ci95: The figure's 95 % interval.
        machine: Where it was measured.
        report_id: The evaluation that says so.
        said: Its answers.
        scores: What each answer adds to the main figure; fewer than `said` where the report is an old one.
        asked: Rows that the evaluation was to ask of it; more than `rows` where it was stopped before.
        answers_by: The teacher that wrote the rows' answers; empty where they are the data's own.
    """

    member: Member
    figures: ModelFigures
    value: float
    ci95: tuple[float, float]
    machine: Machine
    report_id: str
    said: Mapping[RowKey, str]
    scores: Mapping[RowKey, Sequence[float]]
    asked: int
    answers_by: str = ""

    @property
    def id(self) -> str:
        """The model's."""
        return self.member.id

    @property
    def name(self) -> str:
        """The model's."""
        return self.member.name

    @property
    def rows(self) -> int:
        """Rows that it answered."""
        return self.figures.quality.n

    @property
    def is_stopped(self) -> bool:
        """Whether its evaluation was stopped before it had answered every row."""
        return self.rows < self.asked

    @property
    def time_ms(self) -> float | None:
        """Median time of a whole answer."""
        return self.figures.latency_ms.total_p50 if self.figures.latency_ms else None


@dataclass(frozen=True)
class Compared:
    """A variant beside another.

    Attributes:
        rows: Rows that both answered.
        difference: The variant's figure less the other's on them.
        is_better: Whether that is the better way, whatever chance says.
    """

    rows: int
    difference: Difference
    is_better: bool

    @property
    def is_chance(self) -> bool:
        """Whether chance alone could have made it: McNemar's exact test of shares, else the interval."""
        if self.difference.p_value is not None:
            return self.difference.p_value >= 0.05
        low, high = self.difference.ci95
        return low <= 0 <= high


@dataclass(frozen=True, eq=False, repr=False)
class Board:
    """The variants of one subject.

    Attributes:
        subject: What it is about.
        measure: The main measure of the data's task.
        variants: In the order of their making.
        rows: Every row that at least one of them answered.
        missing: Models that belong here and never answered one of these rows.
        left_out: Names of measured models whose newest report is damaged or has another main measure.
    """

    subject: Subject
    measure: str
    variants: tuple[Variant, ...]
    rows: Mapping[RowKey, Row]
    missing: tuple[Member, ...] = ()
    left_out: tuple[str, ...] = ()
    _sums: dict[tuple[str, frozenset[RowKey]], Sums] = field(default_factory=dict)
    _compared: dict[tuple[str, str], Compared | None] = field(default_factory=dict)

    @property
    def less_is_better(self) -> bool:
        """Whether a smaller main figure is the better one."""
        return self.measure == "perplexity"

    @property
    def answers_by(self) -> str:
        """The teacher that wrote the rows' answers; empty where they are the data's own."""
        return next((item.answers_by for item in self.variants if item.answers_by), "")

    def variant(self, variant_id: str) -> Variant | None:
        """One by its id."""
        return next((item for item in self.variants if item.id == variant_id), None)

    def best_first(self) -> list[Variant]:
        """By their main figure; those that were stopped come last, as a few first rows may be easy ones."""
        sign = 1 if self.less_is_better else -1
        return sorted(self.variants, key=lambda item: (item.is_stopped, sign * item.value))

    @cached_property
    def same_rows(self) -> bool:
        """Whether all of them answered the same rows; kept, as each cell asks and 20 × 3,000 take 6 ms."""
        return len({frozenset(item.said) for item in self.variants}) <= 1

    @cached_property
    def same_machine(self) -> bool:
        """Whether all of them were measured on one machine, with one number of threads."""
        return len({item.machine for item in self.variants}) <= 1

    @property
    def has_few_rows(self) -> bool:
        """Whether a variant answered so few that its interval is wide."""
        return any(item.rows < _FEW_ROWS for item in self.variants)

    @property
    def lacks_scores(self) -> bool:
        """Whether a report does not say what each answer adds to its model's figure."""
        return any(len(item.scores) < len(item.said) for item in self.variants)

    def compare(self, one: Variant, other: Variant) -> Compared | None:
        """`one` less `other` on the rows that both answered; None where there are none with scores."""
        key = (one.id, other.id)
        if key not in self._compared:
            self._compared[key] = self._compare(one, other)
        return self._compared[key]

    def _compare(self, one: Variant, other: Variant) -> Compared | None:
        shared = frozenset(one.scores.keys() & other.scores.keys())
        if not shared:
            return None
        found = intervals.difference(self._sums_of(other, shared), self._sums_of(one, shared))
        return Compared(len(shared), found, found.value != 0 and (found.value > 0) != self.less_is_better)

    def _sums_of(self, variant: Variant, rows: frozenset[RowKey]) -> Sums:
        """Kept, as drawing rows again for an interval takes a tenth of a second for 3,000 of them."""
        key = (variant.id, rows)
        if key not in self._sums:
            parts = np.array([variant.scores[row] for row in sorted(rows)], dtype=np.float64)
            self._sums[key] = Sums(parts, intervals.COMBINED.get(self.measure, "mean"))
        return self._sums[key]

    def prepare(self) -> None:
        """Compares every variant with the best one, so that later questions are answered at once."""
        _ = self.same_rows
        for other in self.best_first()[1:]:
            self.compare(other, self.best_first()[0])


def read(workspace: Workspace, subject: Subject, is_wanted: Callable[[str], bool] | None = None) -> Board:
    """The board of a subject from the newest stored figures of each variant.

    Args:
        workspace: Where the reports are.
        subject: What it is about.
        is_wanted: Says by id which of its models are read; all of them when left out.
    """
    found = evidence.evaluations(workspace)
    members = evidence.members_of(workspace, found)
    wanted = [key for key in subject.models if key in members and (is_wanted is None or is_wanted(key))]
    picked, left_out = _newest(workspace, found, subject, wanted)
    measure = picked[0].measure if picked else "accuracy"
    rows: dict[RowKey, Row] = {}
    variants, unanswered = [], dict.fromkeys(wanted)
    for item in picked:
        for key in item.models:
            unanswered.pop(key)
        if item.measure != measure:
            left_out += [members[key].name for key in item.models]
            continue
        said = item.answers(rows)
        variants += [_variant(members[key], item, said) for key in item.models]
    order = list(members)
    variants.sort(key=lambda variant: order.index(variant.id))
    missing = (*(members[key] for key in unanswered), *evidence.missing(subject, members))
    return Board(subject, measure, tuple(variants), dict(sorted(rows.items())), missing, tuple(left_out))


@dataclass(frozen=True)
class _Picked:
    """A report, and those models for which it is the newest."""

    workspace: Workspace
    evaluation: Evaluation
    report: EvaluationReport
    models: tuple[str, ...]

    @property
    def measure(self) -> str:
        """The main measure of its figures."""
        found = report.main_figure(self.figures(self.models[0]).quality.model_dump())
        return found[0] if found else ""

    def figures(self, key: str) -> ModelFigures:
        """A model's."""
        return next(item for item in self.report.models if item.id == key)

    def answers(self, rows: dict[RowKey, Row]) -> Answers:
        """Its models' answers; its rows are added to those that are known."""
        folder = self.workspace.artifact_folder(self.evaluation.report.id)
        return answers.read(folder, self.models, self.measure, rows)


def _newest(
    workspace: Workspace, found: Sequence[Evaluation], subject: Subject, wanted: Sequence[str]
) -> tuple[list[_Picked], list[str]]:
    """For each model the newest report that has figures of it; a damaged one is passed over and told.

    One that was stopped half-way counts only where no other has figures of all its rows.
    """
    open_ids, picked, damaged = set(wanted), list[_Picked](), list[str]()
    stopped: list[tuple[Evaluation, EvaluationReport]] = []

    def pick(evaluation: Evaluation, said: EvaluationReport, *, whole: bool) -> None:
        measured = tuple(
            item.id
            for item in said.models
            if item.id in open_ids and item.quality.n >= (_asked(said, item) if whole else 1)
        )
        if measured:
            picked.append(_Picked(workspace, evaluation, said, measured))
            open_ids.difference_update(measured)

    for evaluation in found:
        if (evaluation.data, evaluation.split) != (subject.data, subject.split):
            continue
        if open_ids.isdisjoint(evaluation.models):
            continue
        said = report_of(workspace, evaluation)
        if said is None:
            damaged.append(evaluation.report.name)
            continue
        if not said.complete:
            stopped.append((evaluation, said))
        pick(evaluation, said, whole=True)
    for evaluation, said in stopped:
        pick(evaluation, said, whole=False)
    return picked, damaged


def _asked(said: EvaluationReport, figures: ModelFigures) -> int:
    """Rows that a model was to answer."""
    return max(figures.quality.n, 1) if said.complete else said.rows


def report_of(workspace: Workspace, evaluation: Evaluation) -> EvaluationReport | None:
    """What an evaluation says; None where its files were changed, or are of a later version."""
    try:
        folder = workspace.verified_folder(evaluation.report)
        return EvaluationReport.model_validate_json((folder / report.NAME).read_bytes())
    except (OSError, ValueError, IntegrityError):
        return None


def _variant(member: Member, item: _Picked, said: Answers) -> Variant:
    figures = item.figures(member.id)
    found = report.main_figure(figures.quality.model_dump())
    value = found[1] if found else 0.0
    return Variant(
        member=member,
        figures=figures,
        value=value,
        ci95=figures.quality.ci95 or (value, value),
        machine=item.report.machine,
        report_id=item.evaluation.report.id,
        said=said.said[member.id],
        scores=said.scores[member.id],
        asked=_asked(item.report, figures),
        answers_by=item.report.answers_by,
    )


def disagreements(board: Board, focus: Variant | None = None) -> Iterator[tuple[RowKey, float]]:
    """Rows that some answered better than others, worst first, each with the mean score of its answers.

    With a focus those come first that it answered worst while the others did well.
    """
    found = []
    for key in board.rows:
        scored = [(item, _single(board, item.scores[key])) for item in board.variants if key in item.scores]
        figures = [figure for _item, figure in scored]
        if len(figures) < 2 or max(figures) == min(figures):
            continue
        mean = sum(figures) / len(figures)
        own = next((figure for item, figure in scored if focus is not None and item is focus), None)
        found.append(((mean, 0.0) if own is None else (own, -mean), key, mean))
    found.sort()
    yield from ((key, mean) for _order, key, mean in found)


def _single(board: Board, parts: Sequence[float]) -> float:
    """A row's own figure, more is better."""
    if board.measure == "perplexity":
        return -parts[0] / max(parts[1], 1.0)
    if board.measure == "field_f1":
        return 2 * parts[0] / max(parts[1] + parts[2], 1.0)
    return parts[0]
