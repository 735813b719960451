"""A new version of a data set with varied copies of its training rows.

Only the question is varied: answers, labels and every row for validation and test stay as they are, to the
byte. No copy has the text of a row that is already there, in whatever split.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.data.dataset import INFO, SPLITS, Dataset, DatasetInfo
from core.data.fingerprints import text_hash
from core.data.roles import messages_of, question_of, text_of
from core.data.typos import mistyped
from core.errors import InputError
from core.workspace import durable

TYPOS, PARAPHRASE = "typos", "paraphrase"
_WORDS = re.compile(r"[^\W_]+")
_FIGURES = re.compile(r"\d+")
_DRAWS = 4
_SHORTEST, _LONGEST = 0.4, 2.0


@dataclass(frozen=True)
class Variable:
    """A training row whose question may be varied.

    Attributes:
        stored: The row as it lies in the file.
        question: The text that is varied.
        kept: Words that answer it and must stay.
    """

    stored: dict[str, Any]
    question: str
    kept: frozenset[str]


@dataclass
class Copies:
    """The copies made so far, without repeating any text that is there."""

    data: Dataset
    lines: list[str] = field(default_factory=list)
    added: dict[str, int] = field(default_factory=dict)
    _known: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        for split in SPLITS:
            for row in self.data.rows(split):
                self._known.add(self._hash(row.values))

    def add(self, row: Variable, question: str, how: str, by: str = "") -> bool:
        """Takes a copy of the row with another question, unless that text is there already."""
        values = _with_question(self.data.info, row.stored["values"], question)
        known = self._hash(values)
        if known in self._known:
            return False
        self._known.add(known)
        origin = {"how": how, "row": row.stored["row"], **({"by": by} if by else {})}
        stored = {"row": row.stored["row"], "values": values, "made": origin}
        self.lines.append(json.dumps(stored, ensure_ascii=False, separators=(",", ":")) + "\n")
        self.added[how] = self.added.get(how, 0) + 1
        return True

    def _hash(self, values: dict[str, Any]) -> int:
        """What two rows share that ask the same; the same fingerprint that keeps the splits apart."""
        roles = self.data.info.roles
        if "messages" in roles:
            asked = [item["content"] for item in messages_of(values, roles) if item["role"] == "user"]
            return text_hash("\x1f".join(asked))
        return text_hash(question_of(values, roles))


def require_variable(data: Dataset) -> None:
    """Refuses data without questions.

    Raises:
        InputError: It holds plain documents.
    """
    if "text" in data.info.roles:
        raise InputError(
            f"{data.info.name} cannot be varied.",
            why="It holds plain documents; a model would learn the typing errors in them.",
            fix="Choose data with questions and answers.",
            code="data.augment",
        )


def variable_rows(data: Dataset) -> Iterator[Variable]:
    """The training rows, each with the part that may be varied."""
    with open(data.folder / "train.jsonl", encoding="utf-8", newline="\n") as file:
        for line in file:
            stored = json.loads(line)
            if "made" in stored:
                continue  # a copy of a copy drifts away
            values = stored["values"]
            yield Variable(stored, _question(data.info, values), _answering_words(data.info, values))


def drawn(rows: list[Variable], share: float, dice: random.Random) -> list[Variable]:
    """So large a share of the rows, in their order."""
    places = sorted(dice.sample(range(len(rows)), round(share * len(rows))))
    return [rows[place] for place in places if rows[place].question.strip()]


def add_typos(copies: Copies, rows: list[Variable], rate: float, dice: random.Random) -> None:
    """Copies the rows with typing errors in their questions."""
    for row in rows:
        for _ in range(_DRAWS):  # capitals alone make no new text
            if copies.add(row, mistyped(row.question, rate, dice, row.kept), TYPOS):
                break


def usable_paraphrase(row: Variable, answer: str) -> str:
    """A model's rewriting as a question; empty when it is none.

    It must be another text of like length in one paragraph, with the same figures and the words that the
    answer repeats.
    """
    text = answer.strip().strip("\"“”'").strip()
    before = row.question.strip()
    if not text or "\n\n" in text or text_hash(text) == text_hash(before):
        return ""
    if not _SHORTEST * len(before) <= len(text) <= _LONGEST * len(before):
        return ""
    if set(_FIGURES.findall(text)) != set(_FIGURES.findall(before)):
        return ""
    said = set(_words(text))
    needed = row.kept & set(_words(before))
    return text if needed <= said else ""


def write(copies: Copies, name: str, folder: Path) -> DatasetInfo:
    """The new version in an empty folder, without its manifest; rows that were there keep their bytes."""
    data = copies.data
    for split in ("validation", "test"):
        shutil.copyfile(data.folder / f"{split}.jsonl", folder / f"{split}.jsonl")
    with open(folder / "train.jsonl", "wb") as train, open(data.folder / "train.jsonl", "rb") as before:
        shutil.copyfileobj(before, train)
        for line in copies.lines:
            train.write(line.encode())
    added = dict(data.info.added)
    for how, count in copies.added.items():
        added[how] = added.get(how, 0) + count
    counts = {**data.info.counts, "train": data.info.counts["train"] + len(copies.lines)}
    info = data.info.model_copy(update={"name": name, "counts": counts, "added": added})
    durable.write_json(folder / INFO, info.model_dump(mode="json"))
    return info


def _question(info: DatasetInfo, values: dict[str, Any]) -> str:
    if "messages" in info.roles:
        asked = [item["content"] for item in messages_of(values, info.roles) if item["role"] == "user"]
        return asked[-1] if asked else ""
    return text_of(values, info.roles["user"])


def _with_question(info: DatasetInfo, values: dict[str, Any], question: str) -> dict[str, Any]:
    if "messages" not in info.roles:
        return {**values, info.roles["user"]: question}
    messages = [dict(item) for item in values["messages"]]
    last = next(item for item in reversed(messages) if item["role"] == "user")
    last["content"] = question
    return {**values, "messages": messages}


def _answering_words(info: DatasetInfo, values: dict[str, Any]) -> frozenset[str]:
    """Words of the answer, where it quotes the question: they must be there to be found."""
    if info.task not in ("extraction", "question_answering"):
        return frozenset()
    return frozenset(_words(text_of(values, info.roles.get("assistant"))))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORDS.findall(text)]
