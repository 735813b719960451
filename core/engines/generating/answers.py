"""Every answer of a run, on the disk before it counts; what is there is never asked for again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from core.data.generating.answered import ANSWERS, ASKED
from core.errors import JobError
from core.workspace import durable


@dataclass(frozen=True)
class Reply:
    """An answer of the teacher.

    Attributes:
        text: What it said.
        tokens_in: Tokens of what it was asked.
        tokens_out: Tokens of what it said.
        cut: Whether it reached the longest length.
        refused: Why an endpoint did not take the request; empty when it did.
    """

    text: str
    tokens_in: int
    tokens_out: int
    cut: bool = False
    refused: str = ""


class Answers:
    """The answers of one run.

    Args:
        folder: The run folder.
    """

    def __init__(self, folder: Path) -> None:
        self._answers, self._asked = folder / ANSWERS, folder / ASKED
        self._known: dict[str, Reply] = {}
        self._open: dict[str, list[tuple[int, int]]] = {}
        self._used = self._unsettled = (0, 0)
        try:
            self._read()
        except (ValueError, TypeError, KeyError) as error:
            raise JobError(
                "The answers of this run cannot be read.",
                why="Its answers.jsonl or asked.jsonl was changed.",
                fix="Start a new run.",
                details=str(error),
            ) from error

    def _read(self) -> None:
        for line in durable.whole_lines(self._answers):
            stored = json.loads(line)
            key = stored.pop("key")
            self._count(key, Reply(**stored))
        for line in durable.whole_lines(self._asked):
            stored = json.loads(line)
            if "at_most" in stored:
                self._begin(stored["key"], (stored["at_most"][0], stored["at_most"][1]))
            else:
                self._end(stored["key"])

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: str) -> Reply | None:
        """The answer under a key, if it was given."""
        return self._known.get(key)

    def add(self, key: str, reply: Reply) -> None:
        """Keeps an answer; when this returns, it is on the disk."""
        durable.append_line(self._answers, json.dumps({"key": key, **asdict(reply)}, ensure_ascii=False))
        self._count(key, reply)
        if self._open.get(key):
            self.settle(key)

    def sending(self, key: str, tokens_in: int, tokens_out: int) -> None:
        """Takes note that a request is about to leave that may use at most so many tokens."""
        self._note({"key": key, "at_most": [tokens_in, tokens_out]})
        self._begin(key, (tokens_in, tokens_out))

    def settle(self, key: str) -> None:
        """What was sent under the key last costs nothing beyond its answer: it came, or was turned away."""
        self._note({"key": key})
        self._end(key)

    def _note(self, value: dict[str, object]) -> None:
        with open(self._asked, "a", encoding="utf-8", newline="\n") as file:  # a kill loses nothing of it
            file.write(json.dumps(value) + "\n")

    @property
    def used(self) -> tuple[int, int]:
        """Tokens in and out of all answers."""
        return self._used

    @property
    def unsettled(self) -> tuple[int, int]:
        """Tokens in and out, at most, of what was sent and not answered: on its way, or lost."""
        return self._unsettled

    def _count(self, key: str, reply: Reply) -> None:
        self._known[key] = reply
        self._used = _added(self._used, (reply.tokens_in, reply.tokens_out))

    def _begin(self, key: str, most: tuple[int, int]) -> None:
        self._open.setdefault(key, []).append(most)
        self._unsettled = _added(self._unsettled, most)

    def _end(self, key: str) -> None:
        most = self._open[key].pop()
        self._unsettled = _added(self._unsettled, (-most[0], -most[1]))


def _added(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]
