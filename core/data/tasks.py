"""What a data set teaches: guessed from its columns and answers, or checked when a person says it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from core.data import chat
from core.data.problem import refuse
from core.data.roles import Roles, Task, TaskChoice, text_of
from core.data.table import Row

#: The tasks in plain words, for refusals and the terminal.
MEANINGS: dict[Task, str] = {
    "classification": "say the right label",
    "extraction": "pick fields out of a text, as JSON",
    "question_answering": "answer questions",
    "summarization": "say a text in short",
    "generation": "answer freely",
    "chat": "go on with whole chats",
    "pretraining": "read on in plain documents",
    "questions": "nothing yet: they are questions for a teacher to answer",
}
#: Instructions that suit a task, as a suggestion.
INSTRUCTIONS: dict[Task, str] = {
    "extraction": "Answer with a JSON object of the fields you find.",
    "question_answering": "Answer in as few words as possible.",
    "summarization": "Summarize in one sentence.",
}
_ASKING = ("question", "query")
_ANSWERING = ("answer", "answers")
_SHORTENING = ("summary", "highlights")


def settle(
    choice: TaskChoice, roles: Roles, columns: Sequence[str], sample: Sequence[Row], file: str
) -> Task:
    """The task of rows with these roles.

    Raises:
        Refusal: The chosen task cannot be made of these roles.
    """
    found = guess(roles, columns, sample)
    if choice == "auto" or choice == found:
        return found
    if wrong := _missing(choice, roles):
        raise refuse(
            "data.task",
            file,
            f"The data cannot teach to {MEANINGS[choice]} ({choice}): {wrong}",
            f"Choose the task {found}, or say which column is what.",
        )
    return choice


def guess(roles: Roles, columns: Sequence[str], sample: Sequence[Row]) -> Task:
    """The likeliest task: by the roles, then by the answers, then by the columns' names."""
    if "text" in roles:
        return "pretraining"
    if "messages" in roles:
        chats = [row.values.get(roles["messages"], "") for row in sample]
        return "questions" if chats and all(map(chat.is_open, chats)) else "chat"
    if "label" in roles:
        return "classification"
    if "assistant" not in roles:
        return "questions"
    answers = [text_of(row.values, roles.get("assistant")) for row in sample]
    if _all_objects(answers):
        return "extraction"
    asked, answered = (roles.get(role, "").strip().casefold() for role in ("user", "assistant"))
    if answered in _SHORTENING:
        return "summarization"
    names = {name.strip().casefold() for name in columns}
    if answered in _ANSWERING and (asked in _ASKING or ("context" in names and names & set(_ASKING))):
        return "question_answering"
    return "generation"


def is_object(answer: str) -> bool:
    """Whether an answer is one JSON object."""
    text = answer.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return False
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _all_objects(answers: Sequence[str]) -> bool:
    written = [answer for answer in answers if answer.strip()]
    return bool(written) and all(is_object(answer) for answer in written)


def _missing(task: TaskChoice, roles: Roles) -> str:
    """What the task needs and the roles lack, as a sentence."""
    if task == "pretraining":
        return "" if "text" in roles else "no column holds plain documents (role text)."
    if task == "questions":
        return "" if roles.keys() & {"user", "messages"} else "no column is the question (role user)."
    if task == "chat":
        return "" if "messages" in roles else "no column holds whole chats (role messages)."
    if "text" in roles or "messages" in roles:
        return "it holds no question with its answer in columns of their own."
    if task == "classification":
        return "" if "label" in roles else "no column is the category (role label)."
    return "" if "assistant" in roles else "no column is the answer (role assistant)."
