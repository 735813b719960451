"""What a teacher is told to do, by task, and what its answers are kept as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.data.dataset import DatasetInfo
from core.data.roles import Task
from core.errors import InputError
from core.specs.generate import GenerateSpec, Preset

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
        system: The line that it is told first.
        labels: Answers that count, where only some do.
        task: What the new data set teaches.
    """

    preset: Preset
    system: str
    labels: tuple[str, ...]
    task: Task


def assign(spec: GenerateSpec, info: DatasetInfo) -> Assignment:
    """The teacher's work on this data.

    Raises:
        InputError: The data does not suit the source or the task.
    """
    documents = info.task == "pretraining"
    if spec.source == "documents" and not documents:
        raise _unsuitable(info, "It holds questions with answers, no plain documents.", "source=prompts")
    if spec.source != "documents" and documents:
        raise _unsuitable(info, "It holds plain documents, no questions.", "source=documents")
    preset = _PRESET_OF[info.task] if spec.task == "auto" else spec.task
    if documents and preset not in ("question_answering", "summarization"):
        raise _unsuitable(
            info, f"A piece of a document makes no {preset}.", "task=question_answering, or summarization"
        )
    if spec.agreement and preset == "conversation":
        raise _unsuitable(info, "Whole conversations cannot agree.", "agreement=0")
    labels = _labels(preset, info)
    line = _LINES[preset].format(labels=", ".join(labels))
    task = _TASK_OF[preset]
    if preset == "generation" and "messages" in info.roles:
        task = "chat"
    return Assignment(preset, spec.system.strip() or line, labels, task)


def _labels(preset: Preset, info: DatasetInfo) -> tuple[str, ...]:
    if preset == "inference":
        return tuple(info.labels or INFERENCES)
    if preset != "classification":
        return ()
    if not info.labels:
        raise _unsuitable(info, "Its rows have no labels to choose from.", "task=generation")
    return tuple(info.labels)


def _unsuitable(info: DatasetInfo, why: str, setting: str) -> InputError:
    return InputError(
        f"{info.name} does not suit these settings.",
        why=why,
        fix=f"Choose other data, or write --set {setting}.",
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
