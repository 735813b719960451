"""Which prompts a teacher is asked, in an order that the seed alone decides."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from core.data.dataset import Dataset, DatasetInfo, Example
from core.data.generating import chunks, presets
from core.data.generating.presets import Assignment
from core.data.roles import Roles, instructed, messages_of, question_of, text_of
from core.errors import InputError
from core.specs.data import QUESTIONS
from core.specs.generate import GenerateSpec

Message = dict[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class Prompt:
    """One thing to ask the teacher.

    Attributes:
        number: Its place among all that could be asked, from 0: the same however many are drawn.
        row: The row of the data it comes from; with seeds the first example shown.
        messages: What is asked first: the prompt itself, or the request to make up a question.
        values: What the new row takes over, by column.
        expected: The data's own answer; empty where there is none.
        makes_up: Whether the first answer is a question, or a question with its answer.
    """

    number: int
    row: int
    messages: tuple[Message, ...]
    values: dict[str, Any] = field(default_factory=dict)
    expected: str = ""
    makes_up: bool = False


def prompts(
    data: Dataset, spec: GenerateSpec, work: Assignment, like: DatasetInfo | None = None
) -> list[Prompt]:
    """All prompts of a spec.

    Args:
        data: Whose prompts, examples or documents are used.
        spec: How many, and how.
        work: What the teacher does.
        like: Data whose form the new rows have, if not the data's own.

    Raises:
        InputError: The data has nothing to ask about.
    """
    if spec.source == "prompts":
        found = list(_own_prompts(data, spec, work, like))
    else:
        found = list((_seeds if spec.source == "seeds" else _documents)(data, spec, work))
    if not found:
        raise InputError(
            f"{data.info.name} has nothing to ask about.",
            why="Its training rows are empty, or its documents are shorter than a sentence or two.",
            fix="Choose other data.",
            code="generate.empty",
        )
    return found


def drawn(items: Sequence[T], wanted: int, seed: int) -> list[tuple[int, T]]:
    """So many of the items in their order, each with its place; all where there are no more.

    Who wants fewer gets some of the same: what a preview was answered serves the whole run.
    """
    places = list(range(len(items)))
    if wanted < len(items):
        random.Random(f"generate {seed}").shuffle(places)
        places = sorted(places[:wanted])
    return [(place, items[place]) for place in places]


def asked(question: str, system: str, instruction: str = "") -> tuple[Message, ...]:
    """A question of its own as the teacher is asked it."""
    return (*told(system), {"role": "user", "content": instructed(instruction, question)})


def told(system: str) -> tuple[Message, ...]:
    """What the teacher is told first, if anything."""
    return ({"role": "system", "content": system},) if system else ()


def columns(info: DatasetInfo, like: DatasetInfo | None) -> Roles:
    """The columns in which new rows keep what is asked, by role: the data's own, or those of `like`."""
    asks = ("user", "input", "system")
    own = {role: column for role, column in info.roles.items() if role in asks}
    if "messages" in info.roles:
        own = {"user": "question"}
    if like is None:
        return own
    kept = {role: column for role, column in like.roles.items() if role in asks}
    for role, column in own.items():
        if role not in kept:
            kept[role] = free(column, [*kept.values(), *like.roles.values()])
    return kept


def free(name: str, taken: Sequence[str]) -> str:
    """The name, made different from those that are taken."""
    while name in taken:
        name += "_"
    return name


def _own_prompts(
    data: Dataset, spec: GenerateSpec, work: Assignment, like: DatasetInfo | None
) -> Iterator[Prompt]:
    roles, info = data.info.roles, data.info
    rows = [row for row in data.rows("train") if _question(data, row).strip()]
    kept = columns(info, like)
    for number, row in drawn(rows, spec.rows, spec.seed):
        said = messages_of(row.values, roles, work.instruction)
        is_open = info.task == QUESTIONS
        before = [item for item in (said if is_open else said[:-1]) if item["role"] != "system"]
        if work.preset == "conversation":
            before = before[:1]  # from there on the teacher speaks for both
        own = [item["content"] for item in said if item["role"] == "system"]
        system = "\n\n".join([line for line in (work.system, *own) if line])
        values: dict[str, Any]
        if work.task == "chat":
            own_line = [{"role": "system", "content": own[0]}] if own else []
            values = {"messages": [*own_line, *before]}
        elif "messages" in roles:
            if len(before) > 1:
                raise _whole_chat(info, row.row)
            values = {kept["user"]: before[0]["content"]}
        else:
            values = {column: text_of(row.values, roles.get(role)) for role, column in kept.items()}
        yield Prompt(
            number=number,
            row=row.row,
            messages=(*told(system), *before),
            values=values,
            expected=""
            if is_open or (work.preset == "conversation" and "messages" in roles)
            else said[-1]["content"],
        )


def _whole_chat(info: DatasetInfo, row: int) -> InputError:
    return InputError(
        f"{info.name}: row {row:,} is a chat with several turns.",
        why="The answers are to be like data whose rows are single questions.",
        fix="Name other data to be like, or bring in single questions.",
        code="generate.data",
    )


def _seeds(data: Dataset, spec: GenerateSpec, work: Assignment) -> Iterator[Prompt]:
    rows = [row for row in data.rows("train") if _question(data, row).strip()]
    if not rows:
        return
    labels = sorted(work.labels)
    by_label: dict[str, list[Example]] = {}
    for row in rows:
        by_label.setdefault(data.label(row), []).append(row)
    for number in range(spec.rows):
        dice = random.Random(f"seeds {spec.seed} {number}")
        shown = dice.sample(rows, min(spec.examples, len(rows)))
        wanted = [labels[number % len(labels)]] if labels else []
        if wanted:  # after examples of one category, if it has any: the labels stay even
            alike = by_label.get(wanted[0], [])
            shown = dice.sample(alike, min(spec.examples, len(alike))) or shown
        questions = [_question(data, row) for row in shown]
        messages = presets.new_question(questions, wanted)
        yield Prompt(number=number, row=shown[0].row, messages=tuple(messages), makes_up=True)


def _documents(data: Dataset, spec: GenerateSpec, work: Assignment) -> Iterator[Prompt]:
    column = data.info.roles["text"]
    found = [
        (row.row, piece)
        for row in data.rows("train")
        for piece in chunks.pieces(text_of(row.values, column), spec.chunk_characters)
        if chunks.worth_asking(piece)
    ]
    for number, (row_number, piece) in drawn(found, spec.rows, spec.seed):
        if work.preset == "summarization":
            yield Prompt(number, row_number, asked(piece, work.system), {"question": piece})
        else:
            messages = presets.about_text(piece, spec.system.strip())
            yield Prompt(number, row_number, tuple(messages), makes_up=True)


def _question(data: Dataset, row: Example) -> str:
    """What the row asks; of a chat, its first question."""
    roles = data.info.roles
    if "messages" in roles:
        said = messages_of(row.values, roles)
        return next(islice((item["content"] for item in said if item["role"] == "user"), 1), "")
    return question_of(row.values, roles)
