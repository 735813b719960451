"""What keeps a student from learning on a data set, as far as small files and the first rows say it."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import Any

from core.data.dataset import Dataset
from core.errors import InputError
from core.models.pruning import vocabulary
from core.models.pruning.coverage import LEAST, is_cut, not_covered, same_share
from core.specs import DistillSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

_ROWS = 200
#: Of a long document so much is looked at: the first tokens that differ shift all that follow.
_CHARACTERS = 4_000
_WORDS = re.compile(r".*\S(?=\s\S)", re.DOTALL)


def refuse(workspace: Workspace, spec: DistillSpec) -> None:
    """Refuses a distilling that cannot work on its data.

    Raises:
        InputError: The student is to answer documents, or the comparison is token by token and most answers
            are cut into other tokens by the student than by a teacher.
    """
    if spec.on_policy and workspace.artifact(spec.data, "dataset").meta.get("task") == "pretraining":
        raise InputError(
            "The student cannot answer itself here.",
            why="The data are plain documents, which ask nothing.",
            fix="Set own answers (on_policy) to 0, or distill on data with questions.",
            code="distill.on_policy",
        )
    if spec.divergence == "universal":
        return
    student, data = workspace.artifact(spec.model, "model"), workspace.artifact(spec.data, "dataset")
    ours = _tokenizer_of(workspace, student)
    if not ours:
        return
    texts: list[str] | None = None
    for ref in spec.teachers:
        teacher = workspace.artifact(ref, "model")
        theirs = _tokenizer_of(workspace, teacher)
        if not theirs or theirs == ours or not is_cut(_tokens(ours), _tokens(theirs)):
            continue
        texts = _answers(workspace.artifact_folder(data.id)) if texts is None else texts
        share = same_share(theirs, ours, texts)
        if share < LEAST:
            raise not_covered(student.name, teacher.name, data.name, share)


def _tokenizer_of(workspace: Workspace, model: Artifact) -> dict[str, Any]:
    return vocabulary.document_of([workspace.artifact_folder(model.id)])


def _tokens(document: dict[str, Any]) -> dict[str, int]:
    """The tokens of a byte-level BPE; of another kind none, as its vocabulary cannot be cut."""
    found = (document.get("model") or {}).get("vocab")
    return found if isinstance(found, dict) else {}


def _answers(folder: Path) -> list[str]:
    """What is learnt of the first training rows: the answer, or the document."""
    data = Dataset(folder)
    chats = (data.messages(row) for row in islice(data.rows("train"), _ROWS))
    return [_beginning(messages[-1]["content"].strip()) for messages in chats if messages]


def _beginning(text: str) -> str:
    """So much of a text as is looked at, up to the end of a word: half a word is other tokens."""
    if len(text) <= _CHARACTERS:
        return text
    found = _WORDS.match(text[:_CHARACTERS])
    return found[0] if found else text[:_CHARACTERS]
