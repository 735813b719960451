"""The training rows on which a model is measured, as token ids. Test rows cannot be named here."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator

from transformers import PreTrainedTokenizerBase

from core.data.dataset import Dataset
from core.engines.training import documents
from core.engines.training.templates import IGNORED, Message, encode_conversation
from core.models.pruning.refusal import no_rows

#: Longer rows are cut; what a layer does is seen long before.
LONGEST = 512
_BEGINNING = 32


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
    found = [ids for talk in _drawn(data, wanted, seed) if (ids := ids_of(tokenizer, talk, LONGEST))]
    if not found:
        raise no_rows()
    return found


def lengths(data: Dataset, tokenizer: PreTrainedTokenizerBase, wanted: int, seed: int) -> tuple[int, int]:
    """Median tokens of a prompt and of what is answered to it; a document goes on for as long as it began."""
    prompts, answers = [], []
    for talk in _drawn(data, wanted, seed):
        if documents.is_document(talk):
            prompts.append(_BEGINNING)
            answers.append(_BEGINNING)
            continue
        encoded = encode_conversation(tokenizer, talk, LONGEST)
        said = sum(label != IGNORED for label in encoded.labels)
        prompts.append(len(encoded.ids) - said)
        answers.append(said)
    if not prompts:
        raise no_rows()
    return max(1, round(statistics.median(prompts))), max(1, round(statistics.median(answers)))


def _drawn(data: Dataset, wanted: int, seed: int) -> Iterator[list[Message]]:
    total = data.count("train")
    drawn = set(random.Random(seed).sample(range(total), min(wanted, total)))
    for at, row in enumerate(data.rows("train")):
        if at in drawn:
            yield data.messages(row)


def ids_of(tokenizer: PreTrainedTokenizerBase, messages: list[Message], longest: int) -> list[int]:
    """A row as training reads it, at most `longest` tokens of it."""
    if documents.is_document(messages):
        return documents.document_ids(tokenizer, messages[0]["content"])[:longest]
    return encode_conversation(tokenizer, messages, longest).ids[:longest]
