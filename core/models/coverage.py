"""Whether a student whose vocabulary was cut still reads the data as its teachers do.

A cut vocabulary reads the data that it was cut on as before, and other text in smaller pieces. Where most
answers are cut into other tokens, a teacher has nothing to say of them token by token.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from core.data.dataset import Dataset
from core.errors import InputError
from core.models.pruning import vocabulary
from core.specs import DistillSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

#: Below this share of rows on which a teacher can speak, something is wrong, not rare.
LEAST = 0.5
_ROWS = 200
#: Of a long document so much is looked at: the first tokens that differ shift all that follow.
_CHARACTERS = 4_000


def refuse(workspace: Workspace, spec: DistillSpec) -> None:
    """Refuses a distilling token by token on data that the student's vocabulary was not cut for.

    Raises:
        InputError: Most answers are cut into other tokens by the student than by a teacher.
    """
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


def is_cut(student: dict[str, int], teacher: dict[str, int]) -> bool:
    """Whether a vocabulary is some of another one's tokens."""
    return student.keys() < teacher.keys()


def same_share(one: dict[str, Any], other: dict[str, Any], texts: Sequence[str]) -> float:
    """Share of texts that two tokenizers, given by their `tokenizer.json`, cut into the same tokens."""
    from tokenizers import Tokenizer  # not while the window starts

    found = []
    for document in (one, other):
        tokenizer = Tokenizer.from_str(json.dumps(document))
        tokenizer.encode_special_tokens = True  # text that looks like a control token is text
        batch = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        found.append([item.tokens for item in batch])
    same = sum(first == second for first, second in zip(*found, strict=True))
    return same / len(texts) if texts else 1.0


def not_covered(student: str, teacher: str, data: str, share: float) -> InputError:
    """The refusal of data that a student's cut vocabulary was not made for."""
    return InputError(
        f"`{student}` does not have the tokens of `{data}`.",
        why=f"Its vocabulary was cut to other data: only {share:.0%} of the answers here are the same tokens "
        f"for it and for `{teacher}`, so that the teacher could say nothing of the rest.",
        fix=f"Distill on the data that it was cut for, or cut a student for this data: prune `{teacher}` "
        f"with `{data}`, or with its whole vocabulary (vocabulary=whole).",
        code="distill.vocabulary",
    )


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
    return [messages[-1]["content"][:_CHARACTERS] for messages in chats if messages]
