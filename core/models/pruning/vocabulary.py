"""A smaller vocabulary for a byte-level BPE: which tokens stay, and which tokenizers cannot be cut.

A trimmed byte-level BPE reads the data exactly as before. Its merges are some of the old ones in the old
order, and at each step the old tokenizer's choice, the earliest merge that is possible, is among them: all
pieces that a needed token is built from are kept. Other text is read in smaller pieces, at worst in bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.models import records

TOKENIZER = "tokenizer.json"
#: Tokens of single bytes, which always stay.
_BYTES = 256
#: Texts that are tokenized together.
_AT_ONCE = 1000
#: What a chat template writes itself stands between quotation marks.
_WRITTEN = re.compile(r"""(?<=['"])[^'"{}]+(?=['"])""")
_ROLES = ("system", "user", "assistant")


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


def document_of(folders: Sequence[Path]) -> dict[str, Any]:
    """The `tokenizer.json` of the first folder that has one; empty when none has."""
    file = next((path for folder in folders if (path := folder / TOKENIZER).exists()), None)
    return records.read_json(file) if file is not None else {}


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


def fewest(document: Mapping[str, Any]) -> int:
    """Tokens that stay whatever the data: every single byte, and those that were added."""
    return _BYTES + len(document.get("added_tokens") or ())


def estimate(document: Mapping[str, Any], template: str, texts: Iterable[str]) -> int:
    """About how many tokens texts need, counted as the texts stand, not as a chat template frames them.

    Args:
        document: The `tokenizer.json` of a byte-level BPE.
        template: The chat template; what it writes itself is needed too.
        texts: All that is to be read as before.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.encode_special_tokens = True  # text that looks like a control token is text
    used: set[int] = set()
    waiting = chain(_WRITTEN.findall(template), _ROLES, texts)
    while batch := list(islice(waiting, _AT_ONCE)):
        for found in tokenizer.encode_batch_fast(batch, add_special_tokens=False):
            used.update(found.ids)
    return len(trim(document, used, ()).kept)


def trim(document: Mapping[str, Any], used: Iterable[int], always: Iterable[int]) -> Trimmed:
    """The smaller tokenizer.

    Args:
        document: The `tokenizer.json` of a byte-level BPE.
        used: Ids of tokens that the data needs.
        always: Ids of tokens that are kept whatever the data says, such as special ones.
    """
    from tokenizers import pre_tokenizers  # not while the window starts

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
