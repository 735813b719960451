"""What a teacher has written so far: rows, what is kept, what it costs against the budget."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.formats import count_text, money_text
from app.models.run_record import RunRecord, Sample
from app.pages.runs.samples_card import short
from app.tokens import SPACE_S, SPACE_XS, SPACE_XXL
from app.widgets.card import Card, Facts
from app.widgets.labels import Label, Line
from app.widgets.lines import Lines
from app.widgets.meter import Meter
from app.widgets.pill import Pill
from core.data.generating.filters import WORDS
from core.specs import GenerateSpec
from core.workspace.records import Run

_DROPPED = "dropped."
_LONGEST = 200


class GeneratingCard(Card):
    """Counts and a cost meter, live and afterwards, and the first answers with what became of them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.set_title(self.tr("What the teacher wrote"))
        self._shown: list[Sample] = []
        columns = QHBoxLayout()
        columns.setSpacing(SPACE_XXL)
        self.rows, self.costs = Facts(self), Facts(self)
        spent = QWidget(self)
        column = QVBoxLayout(spent)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_S)
        self.meter = Meter(self.tr("Cost against the budget"), self)
        for widget in (self.costs, self.meter):
            column.addWidget(widget)
        column.addStretch(1)
        columns.addWidget(self.rows, 1)
        columns.addWidget(spent, 1)
        self.add(columns)
        self._lines = Lines()
        self.add(self._lines)
        self.hide()

    def show_run(self, run: Run, record: RunRecord) -> None:
        """Shows how far it is, or hides the card for every other kind of job."""
        self.setVisible(run.kind == GenerateSpec.kind)
        if run.kind != GenerateSpec.kind:
            return
        done = run.result if run.ended_at is not None and run.result else {}
        waits = not done and run.spec.get("drop_near_duplicates") is not None
        self.set_note(self.tr("Rows that nearly repeat others are looked for at the end.") if waits else "")
        self._show_rows(done, record)
        self._show_costs(run, done, record)
        samples = list(record.samples.values())
        if samples != self._shown:
            self._shown = samples
            widgets: list[QWidget] = []
            for sample in samples:
                widgets += [Line(self), _Answer(sample, self)]
            self._lines.replace(widgets)

    def _show_rows(self, done: dict[str, object], record: RunRecord) -> None:
        facts: list[tuple[str, str]] = []
        kept = _figure(done, record, "kept")
        points = record.points.get("cost", ())
        asked = done.get("asked", points[-1][0] if points else 0)
        total = record.progress.total if not done and record.progress.unit == "rows" else None
        text = count_text(round(asked)) if isinstance(asked, int | float) else ""
        if total:
            text = self.tr("{done} of {total}").format(done=text, total=count_text(total))
        facts.append((self.tr("Rows asked"), text))
        facts.append((self.tr("Answers kept"), count_text(round(kept or 0))))
        for reason, count in _dropped(done, record).items():
            facts.append((_reason_text(self.tr("Dropped: {reason}"), reason), count_text(count)))
        if [name for name, _value in facts] != self.rows.names:
            self.rows.clear()
        for name, value in facts:
            self.rows.set_fact(name, value)

    def _show_costs(self, run: Run, done: dict[str, object], record: RunRecord) -> None:
        tokens_in, tokens_out = (_figure(done, record, name) or 0.0 for name in ("tokens_in", "tokens_out"))
        cost, budget = _figure(done, record, "cost") or 0.0, run.spec.get("budget")
        self.costs.set_fact(self.tr("Tokens asked"), count_text(round(tokens_in)))
        self.costs.set_fact(self.tr("Tokens answered"), count_text(round(tokens_out)))
        has_budget = isinstance(budget, int | float)
        self.meter.setVisible(has_budget)
        text = money_text(cost)
        if has_budget:
            text = self.tr("{cost} of {budget}").format(cost=text, budget=money_text(float(budget)))
            self.meter.set_fraction(min(1.0, cost / float(budget)))
        self.costs.set_fact(self.tr("Cost by its prices"), text)
        projected = record.last("projected_cost")
        if not done and projected:
            about = self.tr("about {cost}").format(cost=money_text(projected))
            self.costs.set_fact(self.tr("Cost of all rows"), about)


class _Answer(QWidget):
    """A question, its answer, and whether it is kept."""

    def __init__(self, sample: Sample, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        head = QHBoxLayout()
        head.addWidget(Label(short(sample.prompt, _LONGEST), "note", wrap=True), 1)
        kept = not sample.note.startswith("dropped")
        word = self.tr("Kept") if kept else self.tr("Dropped")
        head.addWidget(Pill(word, "good" if kept else "warn", self))
        column.addLayout(head)
        answer = short(sample.answer, _LONGEST) or self.tr("(no answer)")
        column.addWidget(Label(answer, wrap=True, selectable=True))


def _figure(done: dict[str, object], record: RunRecord, name: str) -> float | None:
    value = done.get(name)
    return float(value) if isinstance(value, int | float) else record.last(name)


def _dropped(done: dict[str, object], record: RunRecord) -> dict[str, int]:
    """How many answers were dropped, by reason; those of the end include the near-duplicates."""
    said = done.get("dropped")
    if isinstance(said, dict):
        return {str(reason): int(count) for reason, count in said.items()}
    names = [name for name in record.points if name.startswith(_DROPPED)]
    return {name.removeprefix(_DROPPED): round(record.last(name) or 0) for name in names}


def _reason_text(template: str, reason: str) -> str:
    words = {str(key): text for key, text in WORDS.items()}
    return template.format(reason=words.get(reason, reason.replace("_", " ")))
