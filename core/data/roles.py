"""Which column is the question, the answer, the label; and the messages that follow from it."""

from __future__ import annotations

from collections.abc import Sequence

from core.data import chat
from core.data.problem import refuse
from core.data.table import Row, Value
from core.errors import InputError
from core.specs.data import Task, TaskChoice

__all__ = ["Roles", "Task", "TaskChoice"]

Roles = dict[str, str]

#: What a column can be, and in which words a refusal explains it.
MEANINGS = {
    "user": "the question or text",
    "input": "more text that belongs to the question",
    "assistant": "the answer to learn",
    "label": "the category to learn",
    "system": "a system line before the question",
    "messages": "a whole chat as a list of messages",
    "text": "a plain document to read on",
}
#: Usual names of columns, the likeliest first.
NAMES: dict[str, tuple[str, ...]] = {
    "messages": ("messages", "conversations", "conversation", "chat", "dialog", "dialogue", "turns"),
    "system": ("system", "system_prompt", "system_message"),
    "user": (
        "instruction",
        "question",
        "prompt",
        "query",
        "text",
        "user",
        "utterance",
        "sentence",
        "message",
        "request",
        "problem",
        "input",
        "content",
        "review",
        "comment",
        "document",
        "body",
        "title",
        "source",
        "article",
        "dialogue",
    ),
    "input": ("input", "context"),
    "assistant": (
        "answer",
        "answers",
        "output",
        "response",
        "completion",
        "assistant",
        "reply",
        "solution",
        "chosen",
        "summary",
        "translation",
        "generation",
        "highlights",
    ),
    "label": ("label", "category", "intent", "class", "labels", "categories", "topic", "sentiment", "tag"),
}
#: A label in some files, an answer in others; the values decide.
_EITHER = ("target", "targets")
KNOWN_NAMES = frozenset(name for names in NAMES.values() for name in names) | frozenset(_EITHER)
#: Columns that only describe a document.
_ABOUT = ("url", "source", "title", "date", "timestamp", "author", "language", "lang", "licence", "license")
_NUMBERS = ("id", "index", "idx", "row", "number", "nr", "unnamed: 0", "column 1", "uuid", "key")


def parse(texts: Sequence[str]) -> Roles:
    """The mapping that a person wrote as `user=text label=category`.

    Raises:
        InputError: One is not written ROLE=COLUMN, or a role stands twice.
    """
    roles: Roles = {}
    for text in texts:
        role, equals, column = text.partition("=")
        role = role.strip().lower()
        if not equals or not column.strip() or role not in MEANINGS:
            raise _refuse(
                f"`{text}` is no mapping of a column.",
                f"A mapping is written ROLE=COLUMN; roles are {_explained()}.",
                "Write for example --map user=text --map label=category.",
            )
        if role in roles:
            raise _refuse(
                f"The role `{role}` is given to two columns.",
                "Each role is one column.",
                "Use `input` for text that belongs to the question.",
            )
        roles[role] = column
    return roles


def settle(
    columns: Sequence[str], given: Roles, sample: Sequence[Row], *, file: str, task: TaskChoice = "auto"
) -> Roles:
    """The roles to use: the given ones after checking, or a guess that fits the task.

    Raises:
        InputError: A column does not exist, the roles make no task, or nothing can be guessed.
    """
    if not given:
        roles = guess(columns, sample, task)
        _check_heading(roles, columns, sample, file)
        if problem := _incomplete(roles, task, asks_only(roles, columns, sample)):
            seen = ", ".join(f"`{name[:60]}`" for name in list(columns)[:20])
            raise _refuse(
                f"{file}: which column is the question and which the answer is unclear.",
                f"{problem} The columns are {seen}.",
                "Say it, by command with --map user=COLUMN and --map label=COLUMN or assistant=COLUMN, or "
                "with --task questions where a teacher is to write the answers; if the first line is already "
                "an example, write a line with column names above it.",
            )
        return roles
    roles = {role: _column(name, columns, file) for role, name in given.items()}
    unknown = next((role for role in roles if role not in MEANINGS), None)
    if unknown is not None:
        raise _refuse(f"`{unknown}` is no role.", f"The roles are {_explained()}.", "Use one of these.")
    if len(set(roles.values())) < len(roles):
        raise _refuse(
            "One column has two roles.", "Each role needs a column of its own.", "Take another column."
        )
    roles = fitting(roles, task)
    if problem := _incomplete(roles, task, asks_only(roles, columns, sample)):
        raise _refuse(
            "The roles make no task.",
            problem,
            "Give for example --map user=text --map label=category; or --task questions, where a teacher is "
            "to write the answers.",
        )
    return roles


def guess(columns: Sequence[str], sample: Sequence[Row], task: TaskChoice = "auto") -> Roles:
    """The likeliest roles by the columns' names, then by what stands in them; empty or partial if unclear."""
    roles = _guess(columns, sample)
    if task == "auto" and not {"messages", "assistant", "label"} & roles.keys():
        return _document(roles, columns, sample)
    if task == "questions" and not {"messages", "user"} & roles.keys() and len(columns) == 1:
        return {"user": columns[0]}
    return fitting(roles, task)


def fitting(roles: Roles, task: TaskChoice) -> Roles:
    """The roles as the task names them: a classification's answer is a label, a text to read on is alone.

    Questions for a teacher have no answer, whatever else stands beside them.
    """
    if task == "pretraining" and "text" not in roles and "user" in roles:
        return {"text": roles["user"]}
    if task == "questions":
        asked = ("user", "input", "system", "messages")
        kept = {role: column for role, column in roles.items() if role in asked}
        return {"user": roles["text"]} if "text" in roles else kept
    before, after = ("assistant", "label") if task == "classification" else ("label", "assistant")
    if task == "auto" or before not in roles or after in roles:
        return roles
    return {after if role == before else role: column for role, column in roles.items()}


def asks_only(roles: Roles, columns: Sequence[str], sample: Sequence[Row]) -> bool:
    """Whether beside the question nothing stands that could be its answer."""
    return "user" in roles and not any(
        row.values.get(name)
        for name in columns
        if name not in roles.values() and name.strip().casefold() not in (*_NUMBERS, *_ABOUT)
        for row in sample
    )


def _document(roles: Roles, columns: Sequence[str], sample: Sequence[Row]) -> Roles:
    """A column called text, with nothing to answer beside it, holds documents to read on."""
    text = next((name for name in columns if name.strip().casefold() == "text"), None)
    others = [
        name
        for name in columns
        if name != text
        and name.strip().casefold() not in (*_NUMBERS, *_ABOUT)
        and any(row.values.get(name) for row in sample)
    ]
    return roles if text is None or others else {"text": text}


def _guess(columns: Sequence[str], sample: Sequence[Row]) -> Roles:
    by_name = {name.strip().casefold(): name for name in reversed(columns)}
    values = {name: [row.values.get(name, "") for row in sample] for name in columns}
    for name in (*NAMES["messages"], *by_name):
        column = by_name.get(name)
        if column is not None and any(chat.looks_like(value) for value in values[column]):
            return {"messages": column}
    roles: Roles = {}
    for role in ("user", "assistant", "label", "system"):
        column = next((by_name[name] for name in NAMES[role] if name in by_name), None)
        if column is not None:
            roles[role] = column
    either = next((by_name[name] for name in _EITHER if name in by_name), None)
    if either is not None and "assistant" not in roles and "label" not in roles:
        roles["label" if _repeats(values[either]) else "assistant"] = either
    more = next((by_name[name] for name in NAMES["input"] if name in by_name), None)
    if more is not None and "user" in roles and roles["user"] != more:
        roles["input"] = more
    if "assistant" in roles:
        roles.pop("label", None)  # with an answer to learn, a category only describes the row
    return _guess_rest(roles, columns, values)


def _guess_rest(roles: Roles, columns: Sequence[str], values: dict[str, list[Value]]) -> Roles:
    free = [
        name
        for name in columns
        if name not in roles.values() and name.strip().casefold() not in _NUMBERS and any(values[name])
    ]
    if "label" not in roles and "assistant" not in roles:
        labels = [name for name in free if _repeats(values[name])]
        if len(labels) > 1:  # a date repeats too
            labels = [name for name in labels if name.strip().casefold() not in _ABOUT]
        if len(labels) == 1:
            roles["label"] = labels[0]
        elif "user" in roles and len(free) == 1:
            roles["assistant"] = free[0]
    if "user" not in roles and ("label" in roles or "assistant" in roles):
        texts = [name for name in free if name not in roles.values()]
        if len(texts) == 1:
            roles["user"] = texts[0]
    return roles


def _repeats(values: Sequence[Value]) -> bool:
    """Whether the values look like categories: short, and fewer than the rows."""
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    if len(texts) < 4:
        return False
    return len(set(texts)) <= max(2, len(texts) * 0.8) and max(len(text) for text in texts) <= 80


def _check_heading(roles: Roles, columns: Sequence[str], sample: Sequence[Row], file: str) -> None:
    """Refuses a guess on a heading that is an example itself: its row would be lost."""
    if any(name.strip().casefold() in KNOWN_NAMES for name in columns):
        return
    label = roles.get("label")
    repeated = label is not None and any(row.values.get(label) == label for row in sample)
    sentence = any(len(name) > 60 or name.rstrip().endswith(("?", ".", "!")) for name in columns)
    if repeated or sentence:
        first = " | ".join(columns)[:120]
        raise refuse(
            "data.header",
            file,
            f"The first line looks like an example, not like column names: {first}",
            "Write a line with column names above it, for example text,label.",
            line=1,
        )


def _column(name: str, columns: Sequence[str], file: str) -> str:
    if name in columns:
        return name
    alike = [column for column in columns if column.strip().casefold() == name.strip().casefold()]
    if len(alike) == 1:
        return alike[0]
    seen = ", ".join(f"`{column[:60]}`" for column in list(columns)[:20])
    raise InputError(
        f"{file} has no column `{name}`.",
        why=f"Its columns are {seen}.",
        fix="Use one of these names.",
        code="data.columns",
    )


def _incomplete(roles: Roles, task: TaskChoice, asks_only: bool) -> str:
    """What is missing for a task, as a sentence; empty when nothing is.

    Args:
        roles: Role to column.
        task: What was chosen.
        asks_only: Whether nothing beside the question could be its answer; then it needs none.
    """
    if "messages" in roles:
        return "" if len(roles) == 1 else "A column of whole chats stands alone, without other roles."
    if "text" in roles:
        return (
            "" if len(roles) == 1 else "A column of documents to read on stands alone, without other roles."
        )
    if "user" not in roles:
        return "No column is the question (role user)."
    if "assistant" in roles and "label" in roles:
        return "A row is learnt either with an answer (assistant) or with a category (label), not both."
    if "assistant" not in roles and "label" not in roles:
        if task == "questions" or (task == "auto" and asks_only):
            return ""
        return "No column is the answer (role assistant) or the category (role label)."
    return ""


def text_of(values: dict[str, Value], column: str | None) -> str:
    """A value as text; empty when the row lacks it."""
    value = values.get(column, "") if column is not None else ""
    return value if isinstance(value, str) else chat.as_text(value)


def question_of(values: dict[str, Value], roles: Roles) -> str:
    """The user's text, with what stands in the `input` column below it."""
    question = text_of(values, roles["user"])
    more = text_of(values, roles.get("input"))
    return f"{question}\n\n{more}" if more.strip() else question


def instructed(instruction: str, question: str) -> str:
    """The question with the data set's instruction before it, as every step of the work writes it."""
    return f"{instruction}\n\n{question}" if instruction else question


def messages_of(values: dict[str, Value], roles: Roles, instruction: str = "") -> list[dict[str, str]]:
    """The row as a chat that ends with the answer to learn; a document is one message of the role `document`.

    Where the data has questions only, it ends with the question.

    Raises:
        InputError: A chat's messages are not in order.
    """
    if "messages" in roles:
        return chat.parse(values.get(roles["messages"], ""), ends=None)
    if "text" in roles:
        return [{"role": "document", "content": text_of(values, roles["text"])}]
    messages = [{"role": "user", "content": instructed(instruction, question_of(values, roles))}]
    if answer := roles.get("label", roles.get("assistant")):
        messages.append({"role": "assistant", "content": text_of(values, answer)})
    system = text_of(values, roles.get("system"))
    if system.strip():
        messages.insert(0, {"role": "system", "content": system})
    return messages


def _explained() -> str:
    return ", ".join(f"{role} ({meaning})" for role, meaning in MEANINGS.items())


def _refuse(what: str, why: str, fix: str) -> InputError:
    return InputError(what, why=why, fix=fix, code="data.roles")
