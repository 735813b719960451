"""Rows as the tokens that the model is given, each with whether it is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase

from core.engines.training.examples import Example
from core.engines.training.templates import IGNORED

_UNFINISHED = "\ufffd"
#: Longest rows are shown by their ends, where the answer is: an event is one line of a log.
_MOST_TOKENS = 600


def describe(examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase) -> list[dict[str, Any]]:
    """The rows as plain data, for the event `batch`.

    Returns:
        For each example `row`, `length` and `learnt` (counts of all its tokens), `left_out` (tokens at the
        start that are not listed), and the lists `ids`, `texts`, `trained`, `special`, one entry a listed
        token. The texts put together are the row; a character of several tokens stands with the last one.
    """
    special = {id for id, token in tokenizer.added_tokens_decoder.items() if token.special}
    found = []
    for example in examples:
        left_out = max(0, len(example.ids) - _MOST_TOKENS)
        ids = [int(id) for id in example.ids[left_out:]]
        labels = list(example.labels[left_out:])
        if not left_out:
            labels[:1] = [IGNORED]  # nothing comes before the first token that could foretell it
        found.append(
            {
                "row": example.row,
                "length": len(example.ids),
                "learnt": example.targets,
                "left_out": left_out,
                "ids": ids,
                "texts": texts(ids, tokenizer),
                "trained": [label != IGNORED for label in labels],
                "special": [id in special for id in ids],
            }
        )
    return found


def texts(ids: Sequence[int], tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """What each token adds to the text; empty for all but the last token of a character's bytes."""
    found: list[str] = []
    waiting: list[int] = []
    before: list[int] = []
    for id in ids:
        waiting.append(id)
        known = _decode(tokenizer, before)
        text = _decode(tokenizer, [*before, *waiting])[len(known) :]
        if text.endswith(_UNFINISHED) and len(waiting) < 8:
            found.append("")
            continue
        found.append(text)
        before, waiting = waiting[-1:], []
    if waiting:
        found[-1] = _UNFINISHED
    return found


def _decode(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    """Some decoders drop a leading space; a token before keeps it."""
    if not ids:
        return ""
    return str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))
