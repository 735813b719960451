"""All questions and answers of a data set in memory, as compactly as a file.

A Python text costs some 50 bytes beside its letters; here they lie in one block with their borders.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.data.dataset import SPLITS, Dataset, Example, Split
from core.data.fingerprints import text_hash
from core.specs.data import QUESTIONS

#: Told after some rows; may raise to end the work.
Tick = Callable[[int], None]
_ROWS_A_TICK = 256


class Texts:
    """A growing list of texts in one block."""

    def __init__(self) -> None:
        self._block = bytearray()
        self._borders = array("Q", [0])

    def __len__(self) -> int:
        return len(self._borders) - 1

    def __getitem__(self, place: int) -> str:
        start, end = self._borders[place], self._borders[place + 1]
        return self._block[start:end].decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        for place in range(len(self)):
            yield self[place]

    def append(self, text: str) -> None:
        """Adds one."""
        self._block += text.encode("utf-8", "surrogatepass")
        self._borders.append(len(self._block))


class Row(NamedTuple):
    """Question and answer of a row; a chat's question is all that stands before its last answer."""

    question: str
    answer: str


class Part:
    """The rows of one split.

    Attributes:
        split: Which one.
        numbers: Row numbers in the source.
        questions: What is asked.
        answers: What is learnt.
        question_keys: A number for each question; equal for texts that differ only in case and spacing.
        answer_keys: The same for the answers.
        alive: False for rows that a fix has dropped.
    """

    def __init__(self, split: Split) -> None:
        self.split: Split = split
        self.numbers = array("q")
        self.questions = Texts()
        self.answers = Texts()
        self._question_keys = array("Q")
        self._answer_keys = array("Q")
        self.alive: NDArray[np.bool_] = np.empty(0, np.bool_)

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def question_keys(self) -> NDArray[np.uint64]:
        """`text_hash` of the questions."""
        return np.array(self._question_keys, np.uint64)

    @property
    def answer_keys(self) -> NDArray[np.uint64]:
        """`text_hash` of the answers."""
        return np.array(self._answer_keys, np.uint64)

    def add(self, number: int, row: Row) -> None:
        """Takes the next row."""
        self.numbers.append(number)
        self.questions.append(row.question)
        self.answers.append(row.answer)
        self._question_keys.append(text_hash(row.question))
        self._answer_keys.append(text_hash(row.answer))

    def question_keys_at(self, place: int) -> int:
        """`text_hash` of one question."""
        return self._question_keys[place]

    def answer_keys_at(self, place: int) -> int:
        """`text_hash` of one answer."""
        return self._answer_keys[place]

    def question_keys_equal(self, one: int, other: int) -> bool:
        """Whether two rows ask the same."""
        return self._question_keys[one] == self._question_keys[other]

    def answer_keys_equal(self, one: int, other: int) -> bool:
        """Whether two rows have the same answer."""
        return self._answer_keys[one] == self._answer_keys[other]

    def living(self) -> list[int]:
        """Places of the rows that are still there."""
        return [int(place) for place in np.flatnonzero(self.alive)]


class Rows:
    """The three splits of a data set.

    Args:
        data: Where the rows are.
        change: What to do with each row first, such as masking.
        tick: Told how many rows are read.
    """

    def __init__(
        self, data: Dataset, change: Callable[[Example], Example] | None = None, tick: Tick | None = None
    ) -> None:
        self.data = data
        self.parts: dict[Split, Part] = {}
        done = 0
        for split in SPLITS:
            part = self.parts[split] = Part(split)
            for example in data.rows(split):
                part.add(example.row, row_of(data, change(example) if change else example))
                done += 1
                if tick is not None and not done % _ROWS_A_TICK:
                    tick(done)
            part.alive = np.ones(len(part), np.bool_)

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts.values())

    @property
    def train(self) -> Part:
        """The rows to learn from."""
        return self.parts["train"]


def row_of(data: Dataset, example: Example) -> Row:
    """What a row asks and what is learnt from it; nothing, where it is a question for a teacher."""
    messages = data.messages(example)
    spoken = [message["content"] for message in messages if message["role"] != "system"]
    if not spoken:
        return Row("", "")
    if data.info.task == QUESTIONS:
        return Row("\n".join(spoken), "")
    return Row("\n".join(spoken[:-1]) or spoken[-1], spoken[-1])
