"""The training rows on which a model is measured, as token ids. Test rows cannot be named here."""

from __future__ import annotations

import random

from transformers import PreTrainedTokenizerBase

from core.data.dataset import Dataset
from core.engines.training import documents
from core.engines.training.templates import Message, encode_conversation
from core.models.pruning.refusal import no_rows

#: Longer rows are cut; what a layer does is seen long before.
LONGEST = 512


def rows(data: Dataset, tokenizer: PreTrainedTokenizerBase, wanted: int, seed: int) -> list[list[int]]:
    """Token ids of rows drawn from the training rows, in their order.

    Args:
        data: Where they come from.
        tokenizer: The model's own.
        wanted: How many; fewer when there are fewer.
        seed: Start of the draw.

    Raises:
        InputError: There are no training rows, or the chat template refuses one.
    """
    total = data.count("train")
    drawn = set(random.Random(seed).sample(range(total), min(wanted, total)))
    found = [
        ids
        for at, row in enumerate(data.rows("train"))
        if at in drawn and (ids := ids_of(tokenizer, data.messages(row), LONGEST))
    ]
    if not found:
        raise no_rows()
    return found


def ids_of(tokenizer: PreTrainedTokenizerBase, messages: list[Message], longest: int) -> list[int]:
    """A row as training reads it, at most `longest` tokens of it."""
    if documents.is_document(messages):
        return documents.document_ids(tokenizer, messages[0]["content"])[:longest]
    return encode_conversation(tokenizer, messages, longest).ids[:longest]
