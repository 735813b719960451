"""The pruned model once more from its files: only what works is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from core.engines import merging, tokenizing
from core.errors import JobError

_TOKENS = 24
#: A wrongly numbered cache gives quite other numbers; the order of adding gives a millionth.
_TOLERANCE = 0.01


def check(folder: Path, tokenizer: PreTrainedTokenizerBase, rows: Sequence[list[int]]) -> None:
    """Reloads the folder, reads a few tokens, and reads them again with a cache.

    Args:
        folder: The pruned model.
        tokenizer: The tokenizer of the model it was cut from.
        rows: Rows of the data as that one reads them.

    Raises:
        JobError: It does not load, gives no usable numbers, or reads the rows as other tokens.
    """
    own = tokenizing.load(folder)
    table = own.get_vocab()
    read: list[list[int]] = []
    for ids in rows:
        texts = tokenizer.convert_ids_to_tokens(ids)
        if any(text not in table for text in texts):
            raise _unusable("A token of the data is missing in its vocabulary.")
        read.append([table[text] for text in texts])
        text = tokenizer.decode(ids)
        found = own.convert_ids_to_tokens(own(text, add_special_tokens=False)["input_ids"])
        if found != tokenizer.convert_ids_to_tokens(tokenizer(text, add_special_tokens=False)["input_ids"]):
            raise _unusable("Its tokenizer splits a row of the data otherwise than before.")
    _run(merging.load(folder), (max(read, key=len) * 2)[:_TOKENS], len(own))


def _run(model: Any, ids: list[int], tokens: int) -> None:
    read = torch.tensor([ids])
    with torch.no_grad():
        logits = model(input_ids=read, use_cache=False).logits[0]
        begun = model(input_ids=read[:, : len(ids) // 2], use_cache=True)
        rest = model(input_ids=read[:, len(ids) // 2 :], past_key_values=begun.past_key_values).logits[0]
    if not bool(torch.isfinite(logits).all()):
        raise _unusable("Its output is infinite or not a number.")
    if logits.shape[-1] < tokens:
        raise _unusable(f"Its tokenizer knows {tokens} tokens, the model {logits.shape[-1]}.")
    difference = (logits[-1] - rest[-1]).abs().max()
    if difference > _TOLERANCE * logits[-1].abs().max().clamp(min=1.0):
        raise _unusable("Reading on from its cache, it gives other numbers than reading all at once.")


def _unusable(why: str) -> JobError:
    return JobError(
        "The pruned model does not work, so it is not kept.",
        why=why,
        fix="Prune in another way: layers, neurons or vocabulary alone. The model itself is unchanged.",
        code="prune.trial",
    )
