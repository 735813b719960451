"""Counts over one file's rows while they stream by."""

from __future__ import annotations

import re
from collections import Counter
from typing import Literal

from core.data import chat, limits
from core.data.fingerprints import Fingerprints
from core.data.lengths import LengthCounter, starter_marks
from core.data.problem import refuse
from core.data.roles import Roles, Task, instructed, question_of, text_of
from core.data.table import Row
from core.data.tasks import is_object
from core.specs.data import QUESTIONS

#: Control tokens of the usual model families, as they look in text.
_CONTROL = re.compile(
    r"<\|[a-zA-Z_][\w ]*\|>|<｜[^｜<>]+｜>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>"
    r"|<(?:bos|eos|pad|unk|repo_name|reponame|file_sep|filename|gh_stars|issue_\w+|jupyter_\w+|empty_output)>"
)
_PAIR_MARKS = starter_marks(("user", "assistant"))
_PAIR_WITH_SYSTEM_MARKS = starter_marks(("system", "user", "assistant"))


class LabelBook:
    """The labels met so far, numbered as they appear; shared by a file and its test file."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, label: str, file: str, line: int, column: str) -> int:
        """The label's number, a new one where it is new.

        Raises:
            Refusal: There are more labels than any classification has.
        """
        found = self.numbers.setdefault(label, len(self.numbers))
        if found >= limits.LABELS:
            raise refuse(
                "data.labels",
                file,
                f"The column has more than {limits.LABELS:,} different labels.",
                "If its texts are answers to learn, give it the role assistant.",
                line=line,
                column=column,
            )
        return found


class Tally:
    """What is known of one file after its rows went by.

    Attributes:
        rows: How many.
        empty: Rows without a value, by role.
        prints: A fingerprint of every row.
        label_rows: Usable rows by label number.
        special: Rows with text that looks like a control token.
        special_line: Where the first of these is.
        no_objects: Usable rows of an extraction whose answer is no JSON object.
        no_object_line: Where the first of these is.
    """

    def __init__(
        self,
        file: str,
        roles: Roles,
        labels: LabelBook,
        lengths: LengthCounter,
        task: Task = "generation",
        instruction: str = "",
    ) -> None:
        self.rows = 0
        self.empty: Counter[str] = Counter()
        self.empty_rows = 0
        self.prints = Fingerprints()
        self.label_rows: Counter[int] = Counter()
        self.special = 0
        self.special_line = 0
        self.no_objects = 0
        self.no_object_line = 0
        self._file = file
        self._roles = roles
        self._task = task
        self._instruction = instruction
        self._answer = next((role for role in ("label", "assistant") if role in roles), "")
        self._ends: Literal["assistant", "user"] = "user" if task == QUESTIONS else "assistant"
        self._labels = labels
        self._lengths = lengths

    def add(self, row: Row) -> None:
        """Takes the next row.

        Raises:
            Refusal: The row is wrong on its own, such as a chat that does not end with an answer.
        """
        if "messages" in self._roles:
            self._add_chat(row)
        elif "text" in self._roles:
            self._add_document(row)
        else:
            self._add_pair(row)
        self.rows += 1

    def _add_pair(self, row: Row) -> None:
        values, roles = row.values, self._roles
        question = question_of(values, roles)
        answer = text_of(values, roles.get(self._answer))
        system = text_of(values, roles["system"]) if "system" in roles else ""
        usable = True
        if not question.strip():
            self.empty["user"] += 1
            usable = False
        if self._answer and not answer.strip():
            self.empty[self._answer] += 1
            usable = False
        label = 0
        if self._answer == "label" and usable:
            label = self._labels.number(answer, self._file, row.line, roles["label"])
            self.label_rows[label] += 1
        if self._task == "extraction" and usable and not is_object(answer):
            self.no_objects += 1
            self.no_object_line = self.no_object_line or row.line
        text = f"{instructed(self._instruction, question)}\n{answer}"
        text = f"{system}\n{text}" if system else text
        self._note(
            row,
            question,
            (question, answer, system),
            label,
            usable,
            text,
            _PAIR_WITH_SYSTEM_MARKS if system else _PAIR_MARKS,
        )

    def _add_chat(self, row: Row) -> None:
        column = self._roles["messages"]
        messages = chat.parse(
            row.values.get(column, ""), ends=self._ends, file=self._file, line=row.line, column=column
        )
        usable = bool(messages) and all(message["content"].strip() for message in messages)
        if not usable:
            self.empty["messages"] += 1
        asked = "\x1f".join(message["content"] for message in messages if message["role"] == "user")
        text = "\n".join(message["content"] for message in messages)
        marks = starter_marks([message["role"] for message in messages])
        self._note(row, asked, text, 0, usable, text, marks)

    def _add_document(self, row: Row) -> None:
        text = text_of(row.values, self._roles["text"])
        usable = bool(text.strip())
        if not usable:
            self.empty["text"] += 1
        self._note(row, text, text, 0, usable, text, 1)

    def _note(
        self, row: Row, question: str, learnt: object, label: int, usable: bool, text: str, marks: int
    ) -> None:
        self.prints.add(question, learnt, label, usable)
        if not usable:
            self.empty_rows += 1
            return
        self._lengths.add(text, marks)  # the line ends that join the messages are counted in the text
        if ("<" in text or "[" in text) and _CONTROL.search(text):
            self.special += 1
            self.special_line = self.special_line or row.line
