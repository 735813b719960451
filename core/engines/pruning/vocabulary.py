"""Vocabulary: only the tokens that the data needs, and those from which they are merged.

A trimmed byte-level BPE reads the data exactly as before. Its merges are some of the old ones in the old
order, and at each step the old tokenizer's choice, the earliest merge that is possible, is among them: all
pieces that a needed token is built from are kept. Other text is read in smaller pieces, at worst in bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from tokenizers import pre_tokenizers
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from core.data.dataset import Dataset
from core.engines.pruning.calibration import ids_of
from core.engines.training import documents
from core.engines.training.examples import Split
from core.engines.training.templates import Message, prompt_ids
from core.errors import InputError
from core.jobs.context import JobContext

#: What training may read too.
_READ: tuple[Split, ...] = ("train", "validation")
#: Longer than any row, so that none is cut.
_WHOLE = 1 << 30
_PROBES: tuple[list[Message], ...] = (
    [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
    [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}],
)


@dataclass(frozen=True)
class Trimmed:
    """A smaller vocabulary.

    Attributes:
        kept: The old ids, in the order of the new ones.
        document: The new `tokenizer.json`.
    """

    kept: list[int]
    document: dict[str, Any]

    @property
    def new(self) -> dict[int, int]:
        """The new id of each old one that is kept."""
        return {old: new for new, old in enumerate(self.kept)}


def used_by(data: Dataset, tokenizer: PreTrainedTokenizerBase, job: JobContext) -> set[int]:
    """Ids that the training and validation rows need, prompts and answers, and the template around them.

    Raises:
        InputError: The chat template refuses a row.
        CancelledError: A stop was requested.
    """
    job.phase("reading", total=data.count("train") + data.count("validation"), unit="rows")
    found: set[int] = set()
    done = 0
    conversations = False
    for split in _READ:
        for row in data.rows(split):
            messages = data.messages(row)
            found.update(ids_of(tokenizer, messages, _WHOLE))
            if not documents.is_document(messages):
                conversations = True
                found.update(prompt_ids(tokenizer, messages[:-1] or messages))
            done += 1
            job.progress(done)
            job.check_cancelled()
    if conversations:  # the words of the template for roles that the data does not have
        for probe in _PROBES:
            try:
                found.update(prompt_ids(tokenizer, probe))
            except InputError:
                continue  # a template that knows no such role
    return found


def require_byte_level(document: Mapping[str, Any], name: str) -> None:
    """Refuses tokenizers other than byte-level BPE.

    Args:
        document: A `tokenizer.json`.
        name: The model's name.

    Raises:
        InputError: It is another kind.
    """
    model = document.get("model") or {}
    kind = str(model.get("type") or ("BPE" if "merges" in model else "another kind"))
    if kind != "BPE":
        why = f"Its tokenizer is {kind}, whose tokens do not say what they are made of."
    elif model.get("byte_fallback") or not _splits_bytes(document.get("pre_tokenizer")):
        why = "Its tokenizer merges letters, not bytes, so that text could be left without tokens."
    elif model.get("continuing_subword_prefix") or model.get("end_of_word_suffix") or model.get("dropout"):
        why = "Its tokenizer marks parts of words, or merges by chance."
    else:
        return
    raise InputError(
        f"The vocabulary of {name} cannot be cut.",
        why=why,
        fix="Keep the whole vocabulary (vocabulary=whole), or choose a model with byte-level BPE, such as "
        "SmolLM2, Llama 3 or Qwen.",
        code="prune.vocabulary",
    )


def _splits_bytes(step: Mapping[str, Any] | None) -> bool:
    """Whether a pre-tokenizer turns text into bytes, by itself or as one of several steps."""
    if not step:
        return False
    return step.get("type") == "ByteLevel" or any(map(_splits_bytes, step.get("pretokenizers") or ()))


def trim(document: Mapping[str, Any], used: Iterable[int], always: Iterable[int]) -> Trimmed:
    """The smaller tokenizer.

    Args:
        document: The `tokenizer.json` of a byte-level BPE.
        used: Ids of tokens that the data needs.
        always: Ids of tokens that are kept whatever the data says, such as special ones.
    """
    model = document["model"]
    vocabulary: dict[str, int] = model["vocab"]
    text_of = {id: text for text, id in vocabulary.items()}
    merges = [tuple(merge.split(" ") if isinstance(merge, str) else merge) for merge in model["merges"]]
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    whole = {*always, *(token["id"] for token in document.get("added_tokens") or ())}

    texts = {text_of[id] for id in {*used} - whole if id in text_of}
    texts |= {part for text in sorted(texts) for part in parts(text, ranks)}
    texts |= {*pre_tokenizers.ByteLevel.alphabet(), *filter(None, [model.get("unk_token")])}
    texts &= vocabulary.keys()
    kept = sorted({*whole, *(vocabulary[text] for text in texts)})
    new = {old: at for at, old in enumerate(kept)}
    smaller = {
        **model,
        "vocab": {text: new[id] for text, id in vocabulary.items() if id in new},
        "merges": [
            merge
            for merge, (left, right) in zip(model["merges"], merges, strict=True)
            if {left, right, left + right} <= texts
        ],
    }
    return Trimmed(kept, {**document, "model": smaller})


def parts(text: str, ranks: Mapping[tuple[str, ...], int]) -> set[str]:
    """The pieces that arise while a token is merged from its bytes, itself included.

    Inside a longer text the same happens: no merge reaches over the border of a token that is left.
    """
    pieces = list(text)
    found = {text, *pieces}
    while len(pieces) > 1:
        rank, at = min(
            (ranks.get((left, right), len(ranks)), at) for at, (left, right) in enumerate(pairwise(pieces))
        )
        if rank == len(ranks):
            break
        pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
        found.add(pieces[at])
    return found


def cut(model: Any, kept: Sequence[int]) -> None:
    """Leaves only these rows of the token table and of the output, which may be one and the same."""
    chosen = torch.tensor(kept)
    table, head = model.get_input_embeddings(), model.get_output_embeddings()
    tied = table.weight is head.weight
    table.weight = _rows(table.weight, chosen)
    table.num_embeddings = len(kept)
    table.padding_idx = None
    head.weight = table.weight if tied else _rows(head.weight, chosen)
    if head.bias is not None:
        head.bias = _rows(head.bias, chosen)
    head.out_features = len(kept)
    model.config.vocab_size = len(kept)
    model.vocab_size = len(kept)


def _rows(weight: Tensor, chosen: Tensor) -> nn.Parameter:
    return nn.Parameter(weight.detach().index_select(0, chosen), requires_grad=False)
