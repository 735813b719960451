"""Whether a student whose vocabulary was cut still reads the data as its teachers do.

A cut vocabulary reads the data that it was cut on as before, and other text in smaller pieces. Where most
answers are cut into other tokens, a teacher has nothing to say of them token by token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import InputError

#: Below this share of rows on which a teacher can speak, something is wrong, not rare.
LEAST = 0.5


def is_cut(student: Mapping[str, int], teacher: Mapping[str, int]) -> bool:
    """Whether a vocabulary is some of another one's tokens."""
    return student.keys() < teacher.keys()


def same_share(one: Mapping[str, Any], other: Mapping[str, Any], texts: Sequence[str]) -> float:
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
