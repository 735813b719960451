"""Checks a file of examples before anything is learnt from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.data import plaintext, tasks
from core.data.lengths import LengthCounter
from core.data.problem import Problem, Problems, Refusal, refuse
from core.data.reading import Row, Table, open_table
from core.data.report import CheckReport, FileFacts, LabelCount, LabelFacts
from core.data.roles import NAMES, Roles, Task, TaskChoice, settle
from core.data.tally import LabelBook, Tally
from core.errors import InputError
from core.specs.data import QUESTIONS

#: Called with bytes done and bytes in all.
Progress = Callable[[int, int], None]

_SHOWN = 20
_NAMED = 5
_RARE = 5
_FEW_ROWS = 10
_MANY_PROBLEMS = 20
_ROWS_A_REPORT = 2048
_ALL_EMPTY: dict[str, str] = {
    "pretraining": "Every document is empty.",
    "questions": "Every question is empty.",
}


@dataclass
class Examination:
    """A check with what a split needs beyond the report."""

    report: CheckReport
    roles: Roles = field(default_factory=dict)
    task: Task | None = None
    table: Table | None = None
    test_table: Table | None = None
    tally: Tally | None = None
    test_tally: Tally | None = None
    labels: list[str] = field(default_factory=list)


def check(
    path: Path,
    roles: Roles | None = None,
    test: Path | None = None,
    progress: Progress | None = None,
    *,
    task: TaskChoice = "auto",
    instruction: str = "",
) -> CheckReport:
    """Reads the whole file and says what is in it; what is wrong stands in the report's `refusals`.

    Args:
        path: The file.
        roles: Role to column; None or empty guesses.
        test: A separate file for the final figure.
        progress: Told how many bytes are done, of how many.
        task: What the rows teach; `auto` guesses.
        instruction: Line before every question; it counts in the lengths.
    """
    return examine(path, roles or {}, test, progress, task=task, instruction=instruction).report


def first_look(
    path: Path, roles: Roles, test: Path | None, *, task: TaskChoice = "auto", instruction: str = ""
) -> None:
    """Refuses what the first rows rule out, whatever stands further down; arguments as those of `check`.

    Raises:
        InputError: It is no table, holds nothing, or has no such columns or task.
    """
    _begin(Examination(CheckReport(file=path.name)), path, roles, test, task, instruction)


def examine(
    path: Path,
    roles: Roles,
    test: Path | None,
    progress: Progress | None = None,
    *,
    task: TaskChoice = "auto",
    instruction: str = "",
) -> Examination:
    """Like `check`, and keeps what was learnt about each row."""
    found = Examination(CheckReport(file=Path(path).name, roles_guessed=not roles))
    problems = Problems(_MANY_PROBLEMS)
    try:
        _examine(
            found, Path(path), roles, Path(test) if test else None, progress, problems, task, instruction
        )
    except Refusal as refusal:
        if refusal.problem not in problems.found:
            problems.found.append(refusal.problem)
    except InputError as error:
        problems.found.append(
            Problem(
                code=error.code,
                file=Path(path).name,
                reason=f"{error.what} {error.why}".strip(),
                fix=error.fix,
            )
        )
    found.report = _report(found, problems.found)
    return found


def _examine(
    found: Examination,
    path: Path,
    roles: Roles,
    test: Path | None,
    progress: Progress | None,
    problems: Problems,
    task: TaskChoice,
    instruction: str,
) -> None:
    _begin(found, path, roles, test, task, instruction)
    assert found.table is not None
    assert found.task is not None
    total = found.table.bytes + (found.test_table.bytes if found.test_table else 0)
    labels, lengths, base = LabelBook(), LengthCounter(seed=0), 0
    if found.test_table is not None:
        tally = Tally(found.test_table.path.name, found.roles, labels, lengths, found.task, instruction)
        _count_rows(tally, found.test_table, problems, progress, 0, total)
        found.test_tally = tally
        base = found.test_table.bytes
    tally = Tally(path.name, found.roles, labels, lengths, found.task, instruction)
    _count_rows(tally, found.table, problems, progress, base, total)
    found.tally = tally
    found.labels = list(labels.numbers)
    found.report = found.report.model_copy(update={"lengths": lengths.result()})
    for table, each in ((found.table, found.tally), (found.test_table, found.test_tally)):
        if table is not None and each is not None and not problems.found and each.empty_rows == each.rows:
            raise Problem(
                code="data.empty",
                file=table.path.name,
                reason=_ALL_EMPTY.get(str(found.task), "Every row lacks its question or its answer."),
                fix="Check which column has which role.",
            ).refusal()


def _begin(
    found: Examination,
    path: Path,
    roles: Roles,
    test: Path | None,
    task: TaskChoice,
    instruction: str,
) -> None:
    """What the first rows already say: tables, roles and task, or why there can be none."""
    found.table = open_table(path, task)
    if test is not None:
        found.test_table = open_table(test)
    sample = found.table.sample()
    found.roles = settle(found.table.columns, roles, sample, file=path.name, task=task)
    found.task = tasks.settle(task, found.roles, found.table.columns, sample, path.name)
    if test is not None and found.task == QUESTIONS:
        raise refuse(
            "data.test",
            test.name,
            "Questions without answers make no test: there is nothing to compare an answer with.",
            "Leave the test file out.",
        )
    if instruction and (found.task in ("chat", "pretraining") or "messages" in found.roles):
        raise refuse(
            "data.instruction",
            path.name,
            "An instruction stands before a question, and this data has whole chats or documents.",
            "Leave the instruction empty.",
        )
    if found.test_table is not None:
        settle(found.test_table.columns, found.roles, (), file=found.test_table.path.name)


def _count_rows(
    tally: Tally, table: Table, problems: Problems, progress: Progress | None, base: int, total: int
) -> None:
    for row in watched(table, problems, progress, base, total):
        try:
            tally.add(row)
        except Refusal as refusal:
            problems.add(refusal)


def watched(
    table: Table, problems: Problems | None, progress: Progress | None, base: int, total: int
) -> Iterator[Row]:
    """The table's rows, with the progress reported along the way."""
    for row in table.rows(problems):
        if progress is not None and not row.number % _ROWS_A_REPORT:
            progress(base + min(table.position(), table.bytes), total)
        yield row
    if progress is not None:
        progress(base + table.bytes, total)


def _facts(table: Table, tally: Tally | None) -> dict[str, object]:
    return {
        "file": table.path.name,
        "format": table.format,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "bytes": table.bytes,
        "rows": tally.rows if tally else 0,
        "blank_lines": table.blank_lines,
        "columns": list(table.columns),
    }


def _report(found: Examination, problems: list[Problem]) -> CheckReport:
    values: dict[str, object] = {"roles": found.roles, "refusals": problems}
    if found.table is not None:
        values.update(_facts(found.table, found.tally))
    if found.test_table is not None:
        values["test"] = FileFacts.model_validate(_facts(found.test_table, found.test_tally))
    values["task"] = found.task
    tallies = [tally for tally in (found.tally, found.test_tally) if tally is not None]
    if found.tally is not None:
        values["empty"] = dict(sum((tally.empty for tally in tallies), type(found.tally.empty)()))
        values["empty_rows"] = sum(tally.empty_rows for tally in tallies)
        values["duplicates"] = sum(tally.prints.duplicates() for tally in tallies)
        values["special_tokens"] = sum(tally.special for tally in tallies)
        if found.test_tally is not None:
            shared = found.tally.prints.shared_with(found.test_tally.prints)
            values["leakage"] = int((shared & found.tally.prints.usable_array()).sum())
        if "label" in found.roles:
            values["conflicting"] = found.tally.prints.conflicts()
            values["labels"] = _labels(found)
    report = found.report.model_copy(update=values)
    return report.model_copy(update={"warnings": _warnings(found, report)})


def _labels(found: Examination) -> LabelFacts:
    assert found.tally is not None
    rows = found.tally.label_rows
    counts = [LabelCount(label=found.labels[number], rows=count) for number, count in rows.most_common()]
    rare = [count for count in reversed(counts) if count.rows < _RARE]
    only_in_test = []
    if found.test_tally is not None:
        only_in_test = [found.labels[number] for number in found.test_tally.label_rows if number not in rows]
    return LabelFacts(
        distinct=len(counts),
        top=counts[:_SHOWN],
        rare=rare[:_SHOWN],
        rare_count=len(rare),
        only_in_test=only_in_test,
    )


def _warnings(found: Examination, report: CheckReport) -> list[str]:
    """The findings as sentences, the ones that change the result first."""
    said = [text for table in (found.table, found.test_table) if table is not None for text in table.warnings]
    tally = found.tally
    if tally is None:
        return said
    usable = tally.rows - tally.empty_rows
    if usable < _FEW_ROWS and report.task != QUESTIONS:
        said.append(f"Only {_count(usable, 'usable row')}: a model learns little from so few.")
    if report.empty_rows:
        roles = ", ".join(f"{role}: {count}" for role, count in report.empty.items())
        said.append(f"{_count(report.empty_rows, 'row')} with an empty value ({roles}) will be left out.")
    if report.leakage:
        said.append(
            f"{_count(report.leakage, 'row')} with a text that is also in the test file will be left out of "
            "training; the final figure would look too good."
        )
    if report.duplicates:
        repeats = (
            "repeats an earlier one exactly; it is"
            if report.duplicates == 1
            else "repeat earlier ones exactly; they are"
        )
        said.append(f"{_count(report.duplicates, 'row')} {repeats} kept.")
    if report.conflicting:
        said.append(
            f"{_count(report.conflicting, 'text')} with more than one label; the model cannot learn both."
        )
    if report.special_tokens:
        first = next(
            each.special_line for each in (tally, found.test_tally) if each is not None and each.special
        )
        said.append(
            f"{_count(report.special_tokens, 'row')} with text that looks like a control token of a model "
            f"(first at line {first}); it stays plain text."
        )
    said += _task_warnings(found, report)
    said += _label_warnings(found, report)
    if report.lengths is not None and report.lengths.sampled:
        said.append(f"Lengths were counted on {report.lengths.rows:,} rows drawn by chance.")
    return said


def _task_warnings(found: Examination, report: CheckReport) -> list[str]:
    said = []
    tally = next((each for each in (found.tally, found.test_tally) if each and each.no_objects), None)
    if tally is not None:
        said.append(
            f"{_count(tally.no_objects, 'answer')} that {'is' if tally.no_objects == 1 else 'are'} no JSON "
            f"object (first at line {tally.no_object_line}); the model will learn both forms."
        )
    if found.task == "pretraining" and found.table is not None:
        if report.format != "text" and report.roles_guessed:
            said.append(
                f"No column is an answer, so `{found.roles['text'][:60]}` is taken as plain documents to "
                "read on. If it holds questions for a teacher to answer, choose the task questions "
                "(--task questions)."
            )
        elif report.format == "text" and plaintext.is_list(found.table.sample()):
            said.append(
                "It looks like a list. If a teacher is to answer each line, choose the task questions "
                "(--task questions): then each line is a row; now it is a text to read on."
            )
    answer = next((role for role in ("assistant", "label") if role in found.roles), None)
    if answer is not None and report.roles_guessed:
        column = found.roles[answer]
        if column.strip().casefold() not in (*NAMES[answer], "target", "targets"):
            what = "label" if answer == "label" else "answer"
            said.append(
                f"`{column[:60]}` is taken for the {what}, as nothing else could be it. If it is none, say "
                "which column is (--map); or choose the task questions (--task questions), if a teacher is "
                "to write the answers."
            )
    if found.task == QUESTIONS and report.roles_guessed:
        said.append(
            "No answers were found, so these are questions for a teacher to answer. A model can learn from "
            "them once it has: `slm-workbench generate`, or the page Generate."
        )
    return said


def _label_warnings(found: Examination, report: CheckReport) -> list[str]:
    labels = report.labels
    if labels is None:
        return []
    said = []
    if labels.distinct == 1:
        said.append("All rows have the same label; there is nothing to tell apart.")
    if labels.rare_count:
        named = [f"{_quoted(each.label)} {_count(each.rows, 'row')}" for each in labels.rare]
        said.append(
            f"{_count(labels.rare_count, 'label')} with fewer than {_RARE} rows will be learnt badly: "
            f"{_some(named, labels.rare_count)}."
        )
    if labels.only_in_test:
        count = len(labels.only_in_test)
        named = [_quoted(label) for label in labels.only_in_test]
        said.append(
            f"{_count(count, 'label')} only in the test file cannot be learnt: {_some(named, count)}."
        )
    seen: dict[str, str] = {}
    pairs: list[str] = []
    for label in found.labels:
        alike = seen.setdefault(" ".join(label.casefold().split()), label)
        if alike != label:
            pairs.append(f"{_quoted(alike)} and {_quoted(label)}")
    if pairs:
        more = f", and {len(pairs) - _NAMED} more pairs" if len(pairs) > _NAMED else ""
        said.append(
            f"The labels {', '.join(pairs[:_NAMED])}{more} differ only in capitals or spacing; each is "
            "learnt as a label of its own. Write them alike in the file, then add it again."
        )
    return said


def _quoted(label: str) -> str:
    return f"`{label[:60]}`"


def _some(named: list[str], count: int) -> str:
    """The first few of `count`, and how many more there are."""
    more = f" and {count - _NAMED:,} more" if count > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
