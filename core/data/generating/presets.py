"""What a teacher is told to do, by task, and what its answers are kept as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.data.dataset import DatasetInfo
from core.data.roles import Task
from core.errors import InputError
from core.specs.data import QUESTIONS
from core.specs.generate import GenerateSpec, Preset, PresetChoice

INFERENCES = ("entailment", "neutral", "contradiction")

#: The line that the teacher is told first; `{labels}` are the data's.
_LINES: dict[Preset, str] = {
    "classification": "Sort the message into one category. Answer with exactly one of these, and nothing "
    "else: {labels}.",
    "extraction": "Pick the fields out of the text. Answer with one JSON object and nothing else.",
    "question_answering": "Answer the question correctly and in as few words as possible.",
    "conversation": "You are a helpful assistant. Answer correctly, briefly and politely.",
    "inference": "Say whether the second statement follows from the first. Answer with exactly one of "
    "these, and nothing else: {labels}.",
    "mathematics": "Solve the problem step by step. End with a line that says only: Answer: and the figure.",
    "summarization": "Summarize the text in one or two sentences. Add nothing that it does not say.",
    "generation": "Answer correctly and to the point.",
}
_PRESET_OF: dict[Task, Preset] = {
    "classification": "classification",
    "extraction": "extraction",
    "question_answering": "question_answering",
    "summarization": "summarization",
    "generation": "generation",
    "chat": "conversation",
    "pretraining": "question_answering",
    "questions": "generation",
}
_TASK_OF: dict[Preset, Task] = {
    "classification": "classification",
    "extraction": "extraction",
    "question_answering": "question_answering",
    "conversation": "chat",
    "inference": "classification",
    "mathematics": "generation",
    "summarization": "summarization",
    "generation": "generation",
}


@dataclass(frozen=True)
class Assignment:
    """What the teacher does.

    Attributes:
        preset: Which kind of work.
        system: The line that it is told first; empty where it is asked as it learnt.
        labels: Answers that count, where only some do.
        task: What the new data set teaches.
        instruction: The line before every question.
    """

    preset: Preset
    system: str
    labels: tuple[str, ...]
    task: Task
    instruction: str = ""


def assign(spec: GenerateSpec, info: DatasetInfo, like: DatasetInfo | None = None) -> Assignment:
    """The teacher's work on this data.

    Args:
        spec: What is wished.
        info: The data.
        like: Data whose task the answers follow, where the data has questions only.

    Raises:
        InputError: The data does not suit the source, the task, or what it is to be like.
    """
    if like is not None:
        _check_like(info, like)
    if spec.check_label and info.task == QUESTIONS:
        raise _unsuitable(info, "Its questions have no answers to compare with.", "check_label=false")
    documents = info.task == "pretraining"
    if spec.source == "documents" and not documents:
        raise _unsuitable(info, "It holds questions with answers, no plain documents.", "source=prompts")
    if spec.source != "documents" and documents:
        raise _unsuitable(info, "It holds plain documents, no questions.", "source=documents")
    followed = like or info
    preset = preset_of(spec.task, info.task, like.task if like is not None else None)
    if documents and preset not in ("question_answering", "summarization"):
        raise _unsuitable(
            info, f"A piece of a document makes no {preset}.", "task=question_answering, or summarization"
        )
    if spec.agreement and preset == "conversation":
        raise _unsuitable(info, "Whole conversations cannot agree.", "agreement=0")
    labels = _labels(preset, followed)
    line = "" if spec.as_learnt else _LINES[preset].format(labels=", ".join(labels))
    task = _TASK_OF[preset]
    if "messages" in followed.roles and not labels:
        task = "chat"
    instruction = followed.instruction or info.instruction
    return Assignment(preset, spec.system.strip() or line, labels, task, instruction)


def preset_of(asked: PresetChoice, task: Task, like: Task | None = None) -> Preset:
    """What the teacher does with data of a task; `like` is the task that its answers follow."""
    if asked != "auto":
        return asked
    return "generation" if like == "chat" else _PRESET_OF[like or task]  # of a chat only an answer is missing


def _check_like(info: DatasetInfo, like: DatasetInfo) -> None:
    if info.task != QUESTIONS:
        raise _unsuitable(info, f"It has answers of its own; only questions are answered like {like.name}.")
    if like.task in (QUESTIONS, "pretraining"):
        raise _unsuitable(like, "It has no answers that others could be like.")
    if info.instruction and like.instruction and info.instruction != like.instruction:
        raise _unsuitable(info, f"Its instruction is another than that of {like.name}.")


def _labels(preset: Preset, info: DatasetInfo) -> tuple[str, ...]:
    if preset == "inference":
        return tuple(info.labels or INFERENCES)
    if preset != "classification":
        return ()
    if not info.labels:
        if info.task == QUESTIONS:
            raise InputError(
                f"{info.name} has no labels to choose from.",
                why="Its questions have no answers, so it does not say which labels there are.",
                fix="Name data of yours that has them: --like DATA.",
                code="generate.data",
            )
        raise _unsuitable(info, "Its rows have no labels to choose from.", "task=generation")
    return tuple(info.labels)


def _unsuitable(info: DatasetInfo, why: str, setting: str = "") -> InputError:
    return InputError(
        f"{info.name} does not suit these settings.",
        why=why,
        fix=f"Choose other data, or write --set {setting}." if setting else "Choose other data.",
        code="generate.data",
    )


JUDGE = (
    "You rate answers from 1 to 5. 5: correct, complete and to the point. 4: correct with small flaws. 3: "
    "partly correct. 2: mostly wrong or off the point. 1: wrong, harmful or empty. Answer with one digit."
)
_USER = (
    "You play the person who talks to an assistant. You read the conversation so far and write what this "
    "person says next: one short, natural message that goes on from it. Write only that message."
)
_NEW = (
    "You write new questions for a collection. They are like the examples in kind, language and style, but "
    "about something else. Write only one new question, without its answer."
)
_ABOUT = (
    "You write questions about a text, each with its answer. The question can be understood without the "
    "text, and the text alone answers it. Answer with one JSON object and nothing else: "
    '{"question": "…", "answer": "…"}'
)


def judge(rubric: str, question: str, answer: str, expected: str = "") -> list[dict[str, str]]:
    """Asks for a mark; with the data's own answer beside it, where there is one."""
    right = f"\n\nA right answer:\n{expected}" if expected else ""
    asked = f"Question:\n{question}{right}\n\nAnswer:\n{answer}\n\nMark from 1 to 5:"
    return [{"role": "system", "content": rubric.strip() or JUDGE}, {"role": "user", "content": asked}]


def next_question(messages: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Asks for what the user would say next."""
    names = {"user": "Person", "assistant": "Assistant"}
    said = "\n\n".join(
        f"{names[item['role']]}: {item['content']}" for item in messages if item["role"] in names
    )
    return [
        {"role": "system", "content": _USER},
        {"role": "user", "content": f"{said}\n\nWhat does the person say next?"},
    ]


def new_question(examples: Sequence[str], labels: Sequence[str]) -> list[dict[str, str]]:
    """Asks for one more question after examples."""
    shown = "\n\n".join(f"Example {number}:\n{text}" for number, text in enumerate(examples, 1))
    about = f"\n\nIt belongs to one of these categories: {', '.join(labels)}." if labels else ""
    return [
        {"role": "system", "content": _NEW},
        {"role": "user", "content": f"{shown}{about}\n\nA new question:"},
    ]


def about_text(text: str, system: str) -> list[dict[str, str]]:
    """Asks for a question about a piece of a document, with its answer; `system` is the person's own line."""
    return [{"role": "system", "content": system or _ABOUT}, {"role": "user", "content": text}]
