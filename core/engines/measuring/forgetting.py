"""What a model still knows apart from its task: a fixed small part of the shipped questions and text.

80 questions and about 2,000 tokens of text are 9,000 tokens in all: about a minute for the starter model on
two cores. A model of 135 M parameters is near chance on these questions, so the log-probability of the right
answer says more than the hit rate.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources

import numpy as np

from core.engines.measuring.task import GeneralTask, Read, Scored
from core.engines.runtimes.dialect import Dialect
from core.models import intervals, report
from core.models.intervals import Sums

_SETS = ("hyperbaton", "movie_recommendation", "snarks", "sports_understanding")
QUESTIONS_A_SET = 20
TEXTS = 8
PARTS = len(_SETS) * QUESTIONS_A_SET + TEXTS
_TEXT_CHARACTERS = 1200
_LISTED = re.compile(r"^(\([A-Z]\))", re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """A question with its possible answers; `right` is the place of the right one."""

    text: str
    choices: tuple[str, ...]
    right: int


@dataclass
class Asked:
    """One model's part of the check, as its answers come in."""

    task: GeneralTask
    nlls: dict[int, tuple[float, ...]] = field(default_factory=dict)
    texts: dict[int, Read] = field(default_factory=dict)

    def take(self, message: Scored | Read) -> int:
        """Keeps what a process said; returns how many parts of the check that was."""
        if isinstance(message, Read):
            self.texts[message.text] = message
            return 1
        self.nlls.update(zip(message.questions, message.nlls, strict=True))
        return len(message.questions)

    @property
    def is_complete(self) -> bool:
        """Whether everything was answered."""
        return len(self.nlls) == len(self.task.prompts) and len(self.texts) == len(self.task.texts)


def questions() -> list[Question]:
    """The same 80 in every run, spread evenly over each set; rows whose answer is not listed are left out."""
    folder = resources.files("resources.general").joinpath("choices")
    chosen = []
    for name in _SETS:
        rows = json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8"))["examples"]
        usable = [made for row in rows if (made := _question(row)) is not None]
        chosen += [usable[place * len(usable) // QUESTIONS_A_SET] for place in range(QUESTIONS_A_SET)]
    return chosen


def _question(row: Mapping[str, str]) -> Question | None:
    choices = tuple(_LISTED.findall(row["input"])) or ("yes", "no")
    if len(choices) < 2 or row["target"] not in choices:
        return None
    return Question(row["input"], choices, choices.index(row["target"]))


def texts() -> list[str]:
    """Stretches of plain text, each from the beginning of a line."""
    whole = resources.files("resources.general").joinpath("text.txt").read_text(encoding="utf-8")
    found = []
    for place in range(TEXTS):
        start = whole.index("\n", place * (len(whole) - 2 * _TEXT_CHARACTERS) // TEXTS) + 1
        found.append(whole[start : start + _TEXT_CHARACTERS].strip())
    return found


def prepare(dialect: Dialect) -> Asked:
    """The check in a model's tokens."""
    asked = [(item, [{"role": "user", "content": item.text}]) for item in questions()]
    return Asked(
        GeneralTask(
            prompts=tuple(tuple(dialect.prompt(messages)) for _, messages in asked),
            choices=tuple(
                tuple(
                    _without_stop(dialect, [*messages, {"role": "assistant", "content": choice}])
                    for choice in item.choices
                )
                for item, messages in asked
            ),
            texts=tuple(tuple(dialect.read(text)) for text in texts()),
        )
    )


def _without_stop(dialect: Dialect, messages: list[dict[str, str]]) -> tuple[int, ...]:
    """An answer's own tokens: whether the model would stop after it is not asked."""
    ids = dialect.answer(messages)
    while len(ids) > 1 and ids[-1] in dialect.stop_ids:
        ids = ids[:-1]
    return tuple(ids)


def figures(asked: Asked) -> report.General | None:
    """The model's figures; None where the check was stopped before its end."""
    if not asked.is_complete:
        return None
    likely, hits, text = log_probabilities(asked), _hits(asked), perplexity(asked)
    return report.General(
        questions=likely.n,
        log_probability=likely.value(),
        log_probability_ci95=likely.interval(),
        accuracy=hits.value(),
        accuracy_ci95=hits.interval(),
        chance=sum(1 / len(own) for own in asked.task.choices) / likely.n,
        perplexity=text.value(),
        perplexity_ci95=text.interval(),
        tokens=int(text.parts[:, 1].sum()),
    )


def compare(first: Asked, second: Asked) -> tuple[report.Change | None, report.Change | None]:
    """Changes of perplexity and of the right answers' log-probability, from the first model to the second.

    None for perplexity between models with other tokenizers, whose tokens are not the same things; both None
    where one of the checks was stopped.
    """
    if not (first.is_complete and second.is_complete):
        return None, None
    text = None
    if first.task.texts == second.task.texts:
        text = _change(intervals.difference(perplexity(first), perplexity(second)))
    return text, _change(intervals.difference(log_probabilities(first), log_probabilities(second)))


def _change(found: intervals.Difference) -> report.Change:
    """As it is reported."""
    return report.Change(value=found.value, ci95=found.ci95)


def log_probabilities(asked: Asked) -> Sums:
    """Of the right answers, in nats, question by question."""
    right = [item.right for item in questions()]
    rows = [[-asked.nlls[number][place]] for number, place in enumerate(right)]
    return Sums(np.array(rows), "mean")


def _hits(asked: Asked) -> Sums:
    """Whether the right answer is the likeliest one."""
    rows = []
    for number, item in enumerate(questions()):
        nlls = asked.nlls[number]
        rows.append([float(nlls[item.right] == min(nlls) and not math.isnan(nlls[item.right]))])
    return Sums(np.array(rows), "share")


def perplexity(asked: Asked) -> Sums:
    """Of the plain text, stretch by stretch."""
    rows = [[asked.texts[number].nll, asked.texts[number].tokens] for number in range(len(asked.task.texts))]
    return Sums(np.array(rows, dtype=np.float64), "perplexity")
