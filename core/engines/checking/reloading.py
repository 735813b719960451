"""The receipt of a model that stays a transformers folder: what was saved says what was there before saving.

safetensors has no checksum, a merge may miss a layer whose name it does not know, and a tokenizer file may be
left out; all of them would show only when somebody talks to the model.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.engines.checking import fresh
from core.engines.checking.asking import PROMPTS, rendered
from core.engines.checking.check import Check, Status, check
from core.engines.measuring import child, machine
from core.engines.receipt import Receipt, verdict
from core.models import records

#: Saving in bf16 costs a KL of 1e-4 nats a token on a 135M model; nothing else may change.
_AMBER_KL, _RED_KL = 0.01, 0.05


@dataclass(frozen=True)
class Said:
    """What a model in memory says before it is saved.

    Attributes:
        texts: The sample prompts as its tokenizer reads them.
        ids: The same as tokens.
        log_probabilities: Of the token after each of them: (tokens, vocabulary) in fp16.
        template: Its chat template; empty for a model that has none.
    """

    texts: tuple[str, ...]
    ids: tuple[tuple[int, ...], ...]
    log_probabilities: tuple[NDArray[np.float16], ...]
    template: bytes


def warm_up() -> None:
    """Begins to load what the fresh process needs, beside whatever the caller does meanwhile."""
    child.warm_up()


def listen(model: Any, tokenizer: Any, folders: Sequence[Path]) -> Said:
    """Asks a model in memory about the sample prompts.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        folders: Where it comes from; the first that has a chat template counts.
    """
    path = next(
        (folder / records.TEMPLATE for folder in folders if (folder / records.TEMPLATE).exists()), None
    )
    template = path.read_bytes() if path else b""
    texts = rendered(tokenizer) if tokenizer.chat_template else PROMPTS
    ids = tuple(tuple(tokenizer.encode(text, add_special_tokens=False)) for text in texts)
    return Said(texts, ids, _scores(model, ids), template)


def make(
    folder: Path, bases: Sequence[Path], how: str, said: Said, threads: int, more: Sequence[Check] = ()
) -> Receipt:
    """Loads what was saved in a fresh process and compares it with what was there before.

    Args:
        folder: What was saved.
        bases: What it stands on, if it is an adapter.
        how: What was done: merge or prune.
        said: The model in memory.
        threads: Cores to use.
        more: What else was looked at.
    """
    found: dict[str, Any] = {"versions": machine.versions()}
    template = folder / records.TEMPLATE
    kept = template.read_bytes() if template.exists() else b""
    same = "The chat template is the same, byte for byte" if kept else "It has no chat template, as before"
    checks = [
        check("chat template", kept == said.template, same, "The chat template is not the same as before")
    ]
    checks += [*_in_fresh_process(folder, tuple(bases), said, threads, found), *more]
    return Receipt(
        **verdict(checks),
        recipe=how,
        checks=tuple(checks),
        bytes=records.bytes_on_disk(folder),
        template_sha256=hashlib.sha256(kept).hexdigest() if kept else None,
        **found,
    )


def _in_fresh_process(
    folder: Path, bases: tuple[Path, ...], said: Said, threads: int, found: dict[str, Any]
) -> list[Check]:
    method = "forkserver" if sys.platform == "linux" else "spawn"  # see `measuring.child`
    seen = fresh.ask(
        _look,
        folder,
        bases,
        said,
        threads,
        died="The process that loaded it again died",
        refuses="It does not load again",
        method=method,
    )
    if isinstance(seen, Check):
        return [seen]
    alike, agreement, kl = seen
    found |= {"agreement": agreement, "kl": kl}
    figures = f"likeliest token equal in {agreement:.0%}, KL {kl:.4f} nats a token"
    broken = not np.isfinite(kl) or kl > _RED_KL
    status: Status = "red" if broken else "amber" if kl > _AMBER_KL else "green"
    text = f"Says the same as before it was saved: {figures}"
    if status != "green":
        text = f"What was saved does not say what was there before: {figures}"
    split = "Its tokenizer reads the sample prompts as before"
    return [
        Check(name="loads", status="green", text="Loads again in a fresh process"),
        check("tokenizer", alike, split, "Its tokenizer reads the sample prompts otherwise than before"),
        Check(name="behaviour", status=status, text=text),
    ]


def _look(folder: Path, bases: tuple[Path, ...], said: Said, threads: int) -> tuple[bool, float, float]:
    """Body of the fresh process: whether the tokenizer agrees, and how near the numbers are."""
    import torch

    from core.engines import merging, tokenizing

    torch.set_num_threads(threads)
    tokenizer = tokenizing.load(folder)
    texts = rendered(tokenizer) if tokenizer.chat_template else PROMPTS
    ids = tuple(tuple(tokenizer.encode(text, add_special_tokens=False)) for text in texts)
    scores = _scores(merging.load(folder, bases), said.ids)
    near = fresh.nearness(zip(scores, said.log_probabilities, strict=True))
    return (texts, ids) == (said.texts, said.ids), *near


def _scores(model: Any, prompts: Sequence[Sequence[int]]) -> tuple[NDArray[np.float16], ...]:
    import torch

    model.eval()
    found = []
    with torch.no_grad():
        for ids in prompts:
            logits = model(input_ids=torch.tensor([list(ids)]), use_cache=False).logits[0].float()
            found.append(torch.log_softmax(logits, dim=-1).numpy().astype(np.float16))
    return tuple(found)
