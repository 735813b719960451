"""Kept answers become a data set, by the same way as an imported file, with where each came from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.counts import counted
from core.data import dataset
from core.data.dataset import INFO, Dataset, DatasetInfo, Generated, MadeFrom
from core.data.dropped import DROPPED
from core.data.generating import joining, plan
from core.data.generating.filters import Candidate
from core.data.generating.plan import Prompt
from core.data.generating.presets import Assignment
from core.data.quality import near_duplicates
from core.data.quality.rows import Rows
from core.data.quality.similar import Questions
from core.data.roles import Roles
from core.specs import ImportDataSpec
from core.specs.generate import GenerateSpec
from core.workspace import durable

#: Beside the data set's own files, a JSON object a line: where each row came from.
PROVENANCE = "provenance.jsonl"
#: Of these answers there is no row that could be taken back: no question, or no text that can be read.
_NO_ROW = ("not_answered", "no_question", "not_text")


@dataclass(frozen=True)
class Made:
    """A row that was made.

    Attributes:
        prompt: What was asked.
        candidate: What was answered.
        values: The whole row.
    """

    prompt: Prompt
    candidate: Candidate
    values: dict[str, Any]


@dataclass(frozen=True)
class Layout:
    """How the new rows are written.

    Attributes:
        roles: Which column is what.
        answer: The column that the teacher fills; empty for whole chats.
        takes_test: Whether the test rows of the data can be kept as they are.
    """

    roles: Roles
    answer: str
    takes_test: bool


def layout(data: Dataset, spec: GenerateSpec, work: Assignment, like: DatasetInfo | None = None) -> Layout:
    """The columns of the new data set: the data's own where its rows keep their form, or those of `like`."""
    roles = (like or data.info).roles
    if work.task == "chat":
        return Layout({"messages": "messages"}, "", takes_test="messages" in roles)
    role = "label" if work.labels else "assistant"
    if spec.source != "prompts":
        answer = "label" if work.labels else "answer"
        return Layout({"user": "question", role: answer}, answer, takes_test=False)
    kept = plan.columns(data.info, like)
    same = role in roles
    answer = roles[role] if same else plan.free("answer", list(kept.values()))
    return Layout({**kept, role: answer}, answer, takes_test=same)


def near_copies(made: Sequence[Made], how: Layout, least: float, work: Assignment, folder: Path) -> set[int]:
    """Places of rows that nearly repeat an earlier one, with the same answer.

    Args:
        made: All rows so far.
        how: Their columns.
        least: From what similarity on.
        work: What they teach.
        folder: An empty folder to work in.
    """
    source = folder / "rows.jsonl"
    _write_lines(source, [item.values for item in made])
    staged = folder / "staged"
    staged.mkdir()
    spec = ImportDataSpec(
        source=str(source),
        name="rows",
        roles=how.roles,
        task=work.task,
        test_fraction=0.0,
        validation_fraction=0.0,
    )
    dataset.build(spec, staged)
    rows = Rows(Dataset(staged))
    found = near_duplicates.copies(rows, Questions(rows), least).found
    return {rows.train.numbers[item.copy] - 1 for item in found}


def write(
    data: Dataset,
    digest: str,
    made: Sequence[Made],
    spec: GenerateSpec,
    work: Assignment,
    how: Layout,
    generated: Generated,
    name: str,
    folder: Path,
    scratch: Path,
    like: Dataset | None = None,
) -> DatasetInfo:
    """The new data set in an empty folder, without its manifest.

    Args:
        data: What the teacher was asked about.
        digest: SHA-256 over its files.
        made: The rows to keep.
        spec: How they were made.
        work: What they teach.
        how: Their columns.
        generated: Who made them, and what was dropped.
        name: How the data set is called.
        folder: Where it is written.
        scratch: An empty folder to work in.
        like: Data that the answers follow. Its test rows, or else the data's own, stay test rows where the
            rows keep their form: answers that no teacher wrote.
    """
    source, test, tested = scratch / "generated.jsonl", None, like or data
    joined = joining.rows(tested, how.roles) if spec.with_rows else []
    _write_lines(source, [*(item.values for item in made), *joined])
    if (how.takes_test or spec.with_rows) and tested.count("test"):
        test = scratch / "test.jsonl"
        _write_lines(test, joining.rows(tested, how.roles, ["test"]))
    instruction = work.instruction if spec.source == "prompts" and work.task != "chat" else ""
    info = dataset.build(
        ImportDataSpec(
            source=str(source),
            name=name,
            roles=how.roles,
            task=work.task,
            instruction=instruction,
            test_source=str(test) if test is not None else None,
            validation_fraction=spec.validation_fraction,
            seed=spec.seed,
        ),
        folder,
    )
    wrote_test = test is None and info.counts["test"] > 0
    if wrote_test:
        count = counted(info.counts["test"], "test row")
        said = (
            f"{count} with an answer of {generated.teacher} too: a figure on them says how often a model "
            "agrees with it, not how often it is right."
        )
        check = info.check.model_copy(update={"warnings": [*info.check.warnings, said]})
        info = info.model_copy(update={"check": check})
    info = info.model_copy(
        update={
            "generated": generated.model_copy(update={"wrote_test": wrote_test, "joined": len(joined)}),
            "made_from": MadeFrom(id=spec.data, name=data.info.name, digest=digest, steps=()),
        }
    )
    durable.write_json(folder / INFO, info.model_dump(mode="json"))
    _write_lines(
        folder / PROVENANCE,
        [
            {"row": number, "prompt_row": item.prompt.row, "answer": item.candidate.number}
            for number, item in enumerate(made, 1)
        ],
    )
    return info


def write_dropped(folder: Path, dropped: Sequence[Made]) -> None:
    """What was not kept, why, and the whole row where there is one, so that it can be taken back."""
    lines = []
    for item in dropped:
        candidate = item.candidate
        said: dict[str, Any] = {
            "prompt_row": item.prompt.row,
            "answer": candidate.number,
            "reason": candidate.reason,
            "text": candidate.text,
        }
        if item.values and candidate.reason not in _NO_ROW:
            said["values"] = item.values
        lines.append(said)
    _write_lines(folder / DROPPED, lines)


def _write_lines(path: Path, values: Sequence[dict[str, Any]]) -> None:
    """A JSON object a line."""
    lines = (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n" for value in values)
    durable.write_text(path, "".join(lines))
