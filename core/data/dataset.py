"""A data set in the workspace: three files of rows, and one that describes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from core.data import chat, splits
from core.data.check import Examination, Progress, examine, watched
from core.data.problem import refuse
from core.data.report import CheckReport
from core.data.roles import Roles, Task, messages_of, text_of
from core.data.table import Table, Value
from core.errors import IntegrityError
from core.specs import ImportDataSpec
from core.specs.data import QUESTIONS
from core.workspace import durable

INFO = "dataset.json"
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class SplitFacts(BaseModel):
    """How the rows were divided.

    Attributes:
        how: One sentence.
        seed: Start of the draw.
        left_out: Rows in no split, by reason: `empty`, `leakage`, and the fixes of later versions.
    """

    model_config = ConfigDict(frozen=True)

    how: str
    seed: int
    left_out: dict[str, int]


class Step(BaseModel):
    """One fix that a version went through.

    Attributes:
        reason: Which one, as `split.left_out` counts it.
        fix: The fix with its parameters.
        sentence: What it did.
        dropped: Rows taken out.
        changed: Rows with another text.
        added: Rows that stand there once more.
        taken_back: Rows that an earlier step of the same reason dropped and that are in again.
        kept_in_test: Test rows that it would have dropped, had they not been test rows.
    """

    model_config = ConfigDict(frozen=True)

    reason: str
    fix: dict[str, Any]
    sentence: str
    dropped: int = 0
    changed: int = 0
    added: int = 0
    taken_back: int = 0
    kept_in_test: int = 0


class MadeFrom(BaseModel):
    """The data set that a version was made from, and how."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    digest: str
    steps: tuple[Step, ...]


class Generated(BaseModel):
    """Who wrote a data set's answers, and what became of them.

    Attributes:
        teacher: The model, by the name it had.
        teacher_id: Its id in the library.
        host: Where it answered; empty for a model on this computer.
        model: Which of the host's models it was, as the host says.
        settings: The spec, without teacher and data.
        task: What the teacher was told to do.
        system: The line that it was told first.
        prompts: How many were asked to the end.
        answers: How many answers it gave.
        dropped: Answers that were not kept, by reason.
        tokens_in: Tokens of all prompts.
        tokens_out: Tokens of all answers.
        cost: What they cost by the endpoint's prices.
        wrote_test: Whether the test rows are its answers too, because the data had none of its own to keep.
        joined: Answered rows of other data that stand beside its own.
    """

    model_config = ConfigDict(frozen=True)

    teacher: str
    teacher_id: str
    host: str = ""
    model: str = ""
    settings: dict[str, Any] = {}
    task: str
    system: str
    prompts: int
    answers: int
    dropped: dict[str, int]
    tokens_in: int
    tokens_out: int
    cost: float
    wrote_test: bool = False
    joined: int = 0


class DatasetInfo(BaseModel):
    """The content of `dataset.json`.

    Attributes:
        instruction: Line that stands before every question.
        added: Varied copies among the training rows, by how they were made.
        generated: Who wrote the answers, where a teacher did.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    name: str
    source: str
    columns: list[str]
    roles: Roles
    task: Task
    labels: list[str] | None
    counts: dict[str, int]
    split: SplitFacts
    check: CheckReport
    instruction: str = ""
    added: dict[str, int] = {}
    made_from: MadeFrom | None = None
    generated: Generated | None = None

    def answers_by(self, split: Split) -> str:
        """The teacher that wrote a split's answers; empty where they are the data's own."""
        if self.generated is None or (split == "test" and not self.generated.wrote_test):
            return ""
        return self.generated.teacher


def build(spec: ImportDataSpec, folder: Path, progress: Progress | None = None) -> DatasetInfo:
    """Checks the spec's files and writes the data set into an empty folder, without its manifest.

    Rows with an empty question or answer go nowhere, and training rows whose text is in the test file do not
    either; both are counted in `split.left_out`. Everything else is in exactly one split.

    Args:
        spec: What to import.
        folder: Where to write.
        progress: Told how many bytes are done, of how many; each file is read twice.

    Raises:
        Refusal: Something in a file is wrong; the message names the place.
    """
    source, test = Path(spec.source), Path(spec.test_source) if spec.test_source else None
    for path, wanted in ((source, spec.source_sha256), (test, spec.test_sha256)):
        if path is not None and wanted:
            _check_hash(path, wanted)
    halves = _Halves(progress)
    instruction = spec.instruction.strip()
    found = examine(source, spec.roles, test, halves.first, task=spec.task, instruction=instruction)
    if found.report.refusals:
        raise found.report.refusals[0].refusal(len(found.report.refusals) - 1)
    assert found.table is not None
    assert found.tally is not None
    assert found.task is not None
    codes, split = _divide(spec, found)
    counts = _write(found, codes, folder, halves.second)
    info = DatasetInfo(
        name=spec.name,
        source=source.name,
        columns=_columns(found),
        roles=_stored_roles(found.roles),
        task=found.task,
        labels=sorted(found.labels) if "label" in found.roles else None,
        counts=counts,
        split=split,
        check=_with_split_warnings(found.report, counts),
        instruction=instruction,
    )
    durable.write_json(folder / INFO, info.model_dump(mode="json"))
    return info


class _Halves:
    """Turns the progress of two readings into one."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def first(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(done, 2 * total)

    def second(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(total + done, 2 * total)


def _check_hash(path: Path, wanted: str) -> None:
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return  # opening it as a table says it better
    if digest != wanted:
        raise _changed(path)


def _changed(path: Path) -> Exception:
    return refuse(
        "data.changed",
        path.name,
        "The file is not what it was when the job was made.",
        "Wait until nothing writes to it, and add it again.",
    )


def _divide(spec: ImportDataSpec, found: Examination) -> tuple[splits.Codes, SplitFacts]:
    """Splits of the main file's rows; those of a test file are all test."""
    assert found.tally is not None
    prints, usable = found.tally.prints, found.tally.prints.usable_array()
    leaked = 0
    if found.test_tally is not None:
        shared = prints.shared_with(found.test_tally.prints) & usable
        leaked, usable = int(shared.sum()), usable & ~shared
        if not usable.any():
            raise refuse(
                "data.leakage",
                Path(spec.source).name,
                "Every text is also in the test file; none is left to learn.",
                "Use a test file with other rows, or none: then a part of this file is kept for the test.",
            )
    codes = splits.assign(
        prints,
        usable,
        test_fraction=0.0 if found.test_tally is not None else spec.test_fraction,
        validation_fraction=spec.validation_fraction,
        seed=spec.seed,
    )
    if found.task == QUESTIONS:
        codes = np.where(usable, splits.TRAIN, splits.LEFT_OUT).astype(np.uint8)
        left_out = {"empty": found.report.empty_rows}
        return codes, SplitFacts(how="all are for a teacher to answer", seed=spec.seed, left_out=left_out)
    spread = ", spread over the labels" if "label" in found.roles else ""
    if found.test_tally is not None:
        how = f"test: the test file; validation: {spec.validation_fraction:.0%} of the rest{spread}"
    else:
        how = (
            f"test: {spec.test_fraction:.0%}, validation: {spec.validation_fraction:.0%} of the rest{spread}"
        )
    left_out = {"empty": found.report.empty_rows, "leakage": leaked}
    return codes, SplitFacts(how=f"{how}; equal texts stay together", seed=spec.seed, left_out=left_out)


def _write(found: Examination, codes: splits.Codes, folder: Path, progress: Progress) -> dict[str, int]:
    assert found.table is not None
    assert found.tally is not None
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    files = {
        code: open(folder / f"{name}.jsonl", "w", encoding="utf-8", newline="\n")  # noqa: SIM115
        for code, name in splits.NAMES.items()
    }
    total = found.table.bytes + (found.test_table.bytes if found.test_table else 0)
    written = dict.fromkeys(SPLITS, 0)
    try:
        jobs: list[tuple[Table, splits.Codes, int]] = [(found.table, codes, 0)]
        if found.test_table is not None and found.test_tally is not None:
            usable = found.test_tally.prints.usable_array()
            test_codes = np.where(usable, splits.TEST, splits.LEFT_OUT).astype(np.uint8)
            jobs.append((found.test_table, test_codes, found.table.bytes))
        for table, targets, base in jobs:
            stamp = table.path.stat()
            target, rows = targets.tobytes(), 0
            for row in watched(table, None, progress, base, total):
                if rows >= len(target):
                    raise _changed(table.path)
                code = target[rows]
                rows += 1
                if code == splits.LEFT_OUT:
                    continue
                values = _stored(row.values, found.roles)
                files[code].write(encode({"row": row.number, "values": values}) + "\n")
                written[SPLITS[code]] += 1
            after = table.path.stat()
            if rows != len(target) or (stamp.st_size, stamp.st_mtime_ns) != (
                after.st_size,
                after.st_mtime_ns,
            ):
                raise _changed(table.path)
    finally:
        for file in files.values():
            file.close()
    return {name: written[name] for name in SPLITS}


def _stored(values: dict[str, Value], roles: Roles) -> dict[str, Any]:
    """The values as they are kept: a chat in one form under `messages`, everything else as text."""
    stored: dict[str, Any] = {
        column: value if isinstance(value, str) else chat.as_text(value) for column, value in values.items()
    }
    if "messages" in roles:
        stored.pop(roles["messages"], None)
        stored["messages"] = chat.parse(values.get(roles["messages"], ""), ends=None)
    return stored


def _stored_roles(roles: Roles) -> Roles:
    return {"messages": "messages"} if "messages" in roles else dict(roles)


def _columns(found: Examination) -> list[str]:
    assert found.table is not None
    columns = list(found.table.columns)
    if "messages" in found.roles:
        columns = [column for column in columns if column not in (found.roles["messages"], "messages")] + [
            "messages"
        ]
    return columns


def _with_split_warnings(report: CheckReport, counts: dict[str, int]) -> CheckReport:
    missing = [name for name in ("validation", "test") if not counts[name]]
    if not missing or report.task == QUESTIONS:
        return report
    said = f"There are no {' and no '.join(missing)} rows; add more data, or give a test file."
    return report.model_copy(update={"warnings": [*report.warnings, said]})


class Example(NamedTuple):
    """A stored row.

    Attributes:
        row: Its number in the source, from 1; the heading is not counted.
        values: By column, as written; a chat stands under `messages`.
    """

    row: int
    values: dict[str, Value]


class Dataset:
    """A data set as it lies in the workspace.

    Args:
        folder: The artifact's folder.

    Raises:
        IntegrityError: Its description cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        try:
            self.info = DatasetInfo.model_validate_json((self.folder / INFO).read_bytes())
        except (OSError, ValidationError) as error:
            raise IntegrityError(
                "The data set cannot be read.",
                why=f"{INFO} is missing or damaged.",
                fix="Add the data again.",
                details=str(error),
            ) from error

    def rows(self, split: Split) -> Iterator[Example]:
        """The rows of a split, in the order of the source."""
        with open(self.folder / f"{split}.jsonl", encoding="utf-8", newline="\n") as file:
            for text in file:
                stored = json.loads(text)
                yield Example(stored["row"], stored["values"])

    def count(self, split: Split) -> int:
        """How many rows a split has."""
        return self.info.counts[split]

    def messages(self, row: Example) -> list[dict[str, str]]:
        """The row as a chat that ends with the answer to learn, or with the question where there is none.

        A document is one message of the role `document`.
        """
        return messages_of(row.values, self.info.roles, self.info.instruction)

    def label(self, row: Example) -> str:
        """The row's category; empty when the task has none."""
        return text_of(row.values, self.info.roles.get("label"))
