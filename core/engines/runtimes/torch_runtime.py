"""transformers in fp32, as someone new to the field would run the model: the yardstick for what we ship."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.engines import merging
from core.engines.runtimes.runtime import Answer, Source, until_stop

_TOP_K = 50


class TorchRuntime:
    """A transformers folder, or an adapter merged into its base in memory.

    Args:
        source: What to load, and on how many cores.
    """

    def __init__(self, source: Source) -> None:
        torch.set_num_threads(source.threads)
        self._stop = source.stop_ids
        self._model = merging.load(source.folder, source.bases)
        self._model.eval()
        self._beginning: tuple[tuple[int, ...], Any] | None = None
        self.context = int(getattr(self._model.config, "max_position_embeddings", 0) or 2048)

    def answer(
        self, prompts: Sequence[Sequence[int]], expected: Sequence[Sequence[int]], max_new_tokens: int
    ) -> list[Answer]:
        """Answers the left-padded batch."""
        with torch.inference_mode():
            return self._answer(prompts, expected, max_new_tokens)

    def score(
        self, prompts: Sequence[Sequence[int]], choices: Sequence[Sequence[Sequence[int]]]
    ) -> list[list[float]]:
        """One prefill serves all choices; a prompt with fewer choices than the others waits meanwhile."""
        with torch.inference_mode():
            out, mask, first = self._prefill(prompts)
            columns = []
            for place in range(max(map(len, choices))):
                wanted = [row[place] if place < len(row) else () for row in choices]
                columns.append(self._score(wanted, copy.deepcopy(out.past_key_values), mask, first))
        return [[columns[place][row] for place in range(len(own))] for row, own in enumerate(choices)]

    def _prefill(self, prompts: Sequence[Sequence[int]]) -> tuple[Any, torch.Tensor, torch.Tensor]:
        """The left-padded batch's output, its mask, and the logits of the first token of each answer."""
        ids, mask = _pad_left(prompts)
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        out = self._model(
            input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=True, logits_to_keep=1
        )
        return out, mask, out.logits[:, -1].float()  # (rows, vocabulary)

    def _answer(
        self, prompts: Sequence[Sequence[int]], expected: Sequence[Sequence[int]], max_new_tokens: int
    ) -> list[Answer]:
        """One prefill serves both the score and the answer."""
        out, mask, first = self._prefill(prompts)
        nlls = self._score(expected, copy.deepcopy(out.past_key_values), mask, first)
        said = self._continue(out.past_key_values, mask, first, max_new_tokens)
        return [
            Answer(ids=until_stop(row, self._stop), nll=nll, scored=len(wanted))
            for row, nll, wanted in zip(said, nlls, expected, strict=True)
        ]

    def _score(
        self, expected: Sequence[Sequence[int]], cache: Any, mask: torch.Tensor, first: torch.Tensor
    ) -> list[float]:
        """Sum of -log p over each expected answer, right-padded behind the shared prompt cache."""
        longest = max(len(row) for row in expected)
        if longest == 0:
            return [0.0] * len(expected)
        nlls = [
            -float(scores[row[0]]) if row else 0.0 for row, scores in zip(expected, _logs(first), strict=True)
        ]
        if longest == 1:
            return nlls
        ids = torch.tensor([[*row, *[0] * (longest - len(row))][:-1] for row in expected])
        start = mask.sum(-1, keepdim=True)
        logits = self._model(
            input_ids=ids,
            attention_mask=torch.cat([mask, torch.ones_like(ids)], dim=1),
            past_key_values=cache,
            use_cache=True,
            position_ids=start + torch.arange(ids.shape[1]),
        ).logits
        for row, wanted in enumerate(expected):  # row by row: all at once would double the memory
            rest = torch.tensor(wanted[1:], dtype=torch.long)
            scores = _logs(logits[row, : len(rest)])
            nlls[row] -= float(scores[torch.arange(len(rest)), rest].sum())
        return nlls

    def _continue(
        self, cache: Any, mask: torch.Tensor, logits: torch.Tensor, max_new_tokens: int
    ) -> list[list[int]]:
        """Greedy decoding until every row has stopped."""
        rows = mask.shape[0]
        said: list[list[int]] = [[] for _ in range(rows)]
        stopped = [False] * rows
        position = mask.sum(-1, keepdim=True)
        for step in range(max_new_tokens):
            tokens = logits.argmax(-1)  # (rows,)
            for row, token in enumerate(tokens.tolist()):
                if not stopped[row]:
                    said[row].append(token)
                    stopped[row] = token in self._stop
            if all(stopped) or step == max_new_tokens - 1:
                break
            mask = torch.cat([mask, torch.ones((rows, 1), dtype=mask.dtype)], dim=1)
            out = self._model(
                input_ids=tokens[:, None],
                attention_mask=mask,
                position_ids=position + step,
                past_key_values=cache,
                use_cache=True,
            )
            logits = out.logits[:, -1].float()
        return said

    def stream(
        self,
        prompt: Sequence[int],
        max_new_tokens: int,
        *,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int | None = None,
        stop: bool = True,
        shared: int = 0,
    ) -> Iterator[int]:
        """Tokens of one answer as they come."""
        dice = None if seed is None else torch.Generator().manual_seed(seed)
        ids = torch.tensor([list(prompt[shared:])])
        cache = self._read(tuple(prompt[:shared])) if shared else None
        for _ in range(max_new_tokens):
            with torch.inference_mode():
                out = self._model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
                cache = out.past_key_values
                token = _choose(out.logits[0, -1].float(), temperature, top_p, dice)
            if stop and token in self._stop:
                return
            yield token
            ids = torch.tensor([[token]])

    def _read(self, beginning: tuple[int, ...]) -> Any:
        """Keys and values of a beginning, to be written on; the last one's are kept."""
        if self._beginning is None or self._beginning[0] != beginning:
            with torch.inference_mode():
                out = self._model(input_ids=torch.tensor([beginning]), use_cache=True, logits_to_keep=1)
            self._beginning = beginning, out.past_key_values
        return copy.deepcopy(self._beginning[1])

    def log_probabilities(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Teacher-forced: shape (len(ids), vocabulary)."""
        with torch.inference_mode():
            logits = self._model(input_ids=torch.tensor([list(ids)]), use_cache=False).logits[0].float()
        result: NDArray[np.float32] = torch.log_softmax(logits, dim=-1).numpy()
        return result


def _pad_left(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask of shape (rows, longest), padded on the left so that all answers begin together."""
    longest = max(len(row) for row in rows)
    ids = torch.tensor([[*[0] * (longest - len(row)), *row] for row in rows])
    mask = torch.tensor([[*[0] * (longest - len(row)), *[1] * len(row)] for row in rows])
    return ids, mask


def _logs(logits: torch.Tensor) -> torch.Tensor:
    return torch.log_softmax(logits.float(), dim=-1)


def _choose(
    logits: torch.Tensor, temperature: float, top_p: float = 1.0, dice: torch.Generator | None = None
) -> int:
    if temperature <= 0:
        return int(logits.argmax())
    best = torch.topk(logits, min(_TOP_K, logits.shape[-1]))  # sorted, the likeliest first
    shares = torch.softmax(best.values / temperature, dim=-1)
    shares[shares.cumsum(-1) - shares >= top_p] = 0  # a token stays if those before it have less than top_p
    chosen = torch.multinomial(shares, 1, generator=dice)
    return int(best.indices[chosen])
