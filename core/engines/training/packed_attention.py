"""Attention that keeps the rows of a pack apart: padded to the longest, after their shared beginning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
from transformers.modeling_utils import AttentionInterface

if TYPE_CHECKING:
    from core.engines.training.packing import Pack

NAME = "workbench_packed"
#: Above this many attention scores (rows · heads · length²) the fused kernel's small memory wins.
_PLAIN_SCORES = 8_000_000
#: Refinements of attention that some architectures ask for; they train one row at a time instead.
_NOT_MADE_FOR = ("softcap", "s_aux", "position_bias")


class PackedAttention:
    """Attention inside each row of a pack. Without a pack it is the ordinary one, for generating."""

    def __init__(self) -> None:
        self._pack: Pack | None = None
        self._places = torch.zeros(0, dtype=torch.long)
        self._seen: list[Tensor] | None = None

    @contextmanager
    def rows(self, pack: Pack) -> Iterator[None]:
        """Within this context a sequence is this pack; a backward pass that recomputes needs it too."""
        before = self._pack, self._places
        longest = max(pack.lengths)
        self._pack = pack
        self._places = torch.cat(
            [torch.arange(length) + row * longest for row, length in enumerate(pack.lengths)]
        )
        try:
            yield
        finally:
            self._pack, self._places = before

    @contextmanager
    def watched(self) -> Iterator[list[Tensor]]:
        """Within this context the list holds query, key and value of the latest attention to a pack.

        After a forward pass that is the last layer's; shapes as `attend` gets them.
        """
        before = self._seen
        seen: list[Tensor] = []
        self._seen = seen
        try:
            yield seen
        finally:
            self._seen = before

    def mask(self, *args: Any, **kwargs: Any) -> Tensor | None:
        """A pack needs no mask: its rows are causal, and padding comes after them."""
        return None if self._pack is not None else sdpa_mask(*args, **kwargs)

    def attend(
        self,
        module: torch.nn.Module,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: Tensor | None,
        dropout: float = 0.0,
        scaling: float | None = None,
        **kwargs: Any,
    ) -> tuple[Tensor, None]:
        """Shapes as transformers asks for: in (1, heads, T, size), out (1, T, heads, size)."""
        pack = self._pack
        if pack is None:
            return sdpa_attention_forward(  # type: ignore[no-any-return]
                module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
            )
        if dropout or any(kwargs.get(name) is not None for name in _NOT_MADE_FOR):
            raise NotImplementedError(f"packed attention knows nothing of {', '.join(_NOT_MADE_FOR)}")
        if self._seen is not None:
            self._seen[:] = (query, key, value)
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        window = kwargs.get("sliding_window") or query.shape[2]
        shared = pack.shared
        if not shared:
            own = [self._spread(tensor, pack.lengths) for tensor in (query, key, value)]
            return self._gather(_causal(own[0], own[1], own[2], scale, window)), None
        # Split, not sliced: the gradient of a slice is a whole tensor of zeros to be filled and added.
        parts = [tensor.split([shared, tensor.shape[2] - shared], dim=2) for tensor in (query, key, value)]
        first_query, first_key, first_value = (first for first, _own in parts)
        own_query, own_key, own_value = (self._spread(own, pack.lengths) for _first, own in parts)
        beginning = _causal(first_query, first_key, first_value, scale, window).transpose(1, 2)
        rows = len(pack.lengths)
        seen_key = torch.cat([first_key.expand(rows, -1, -1, -1), own_key], dim=2)
        seen_value = torch.cat([first_value.expand(rows, -1, -1, -1), own_value], dim=2)
        gathered = self._gather(_causal(own_query, seen_key, seen_value, scale, window))
        return torch.cat([beginning, gathered], dim=1), None

    def _spread(self, tensor: Tensor, lengths: tuple[int, ...]) -> Tensor:
        """(1, heads, T, size) → (rows, heads, longest, size), zeros after each row's end."""
        _one, heads, _tokens, size = tensor.shape
        rows, longest = len(lengths), max(lengths)
        flat = tensor[0].transpose(0, 1)
        room: Tensor = _Spread.apply(flat, self._places, rows * longest)
        return room.view(rows, longest, heads, size).transpose(1, 2)

    def _gather(self, tensor: Tensor) -> Tensor:
        """(rows, heads, longest, size) → (1, T, heads, size)."""
        rows, heads, longest, size = tensor.shape
        flat = tensor.transpose(1, 2).reshape(rows * longest, heads, size)
        gathered: Tensor = _Gather.apply(flat, self._places)
        return gathered.unsqueeze(0)


class _Spread(torch.autograd.Function):
    """Rows of a tensor to their places in a larger one of zeros.

    No two go to one place, so the gradient only picks them out again; torch's own would copy twice.
    """

    @staticmethod
    def forward(ctx: Any, flat: Tensor, places: Tensor, room: int) -> Tensor:
        """Shapes: (T, …), (T,) → (room, …)."""
        ctx.save_for_backward(places)
        return flat.new_zeros(room, *flat.shape[1:]).index_copy_(0, places, flat)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        """Picks the gradients out."""
        return grad.index_select(0, ctx.saved_tensors[0]), None, None


class _Gather(torch.autograd.Function):
    """The reverse of `_Spread`; torch's own gradient would add into zeros, ten times as slowly."""

    @staticmethod
    def forward(ctx: Any, flat: Tensor, places: Tensor) -> Tensor:
        """Shapes: (room, …), (T,) → (T, …)."""
        ctx.save_for_backward(places)
        ctx.room = len(flat)
        return flat.index_select(0, places)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Puts the gradients back."""
        return grad.new_zeros(ctx.room, *grad.shape[1:]).index_copy_(0, ctx.saved_tensors[0], grad), None


def _causal(query: Tensor, key: Tensor, value: Tensor, scale: float, window: int) -> Tensor:
    """Attention of the last tokens of `key` to all before them, at most `window` back.

    Shapes: query (rows, heads, T, size), key and value (rows, groups, S ≥ T, size).
    """
    rows, heads, asking, _size = query.shape
    seen = key.shape[2]
    if window >= seen and rows * heads * asking * seen > _PLAIN_SCORES:
        hidden = _hidden(asking, seen, window)
        return functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=None if asking == seen else ~hidden,
            is_causal=asking == seen,
            scale=scale,
            enable_gqa=True,
        )
    return _plain_causal(query, key, value, scale, window)


def _hidden(asking: int, seen: int, window: int) -> Tensor:
    """Which of `seen` tokens the last `asking` of them may not look at. Shape (asking, seen)."""
    everything = torch.ones(asking, seen, dtype=torch.bool)
    later = everything.triu(seen - asking + 1)
    return later if window >= seen else later | everything.tril(seen - asking - window)


def _plain_causal(query: Tensor, key: Tensor, value: Tensor, scale: float, window: int) -> Tensor:
    """Softmax attention as matrix products; query heads that share a key head go through together."""
    rows, heads, asking, size = query.shape
    groups, seen = key.shape[1], key.shape[2]
    shared = query.reshape(rows, groups, heads // groups * asking, size) * scale
    scores = (shared @ key.transpose(2, 3)).view(rows, groups, heads // groups, asking, seen)
    hidden = _hidden(asking, seen, window)
    weights = torch.softmax(scores.masked_fill(hidden, float("-inf")), dim=-1, dtype=torch.float32)
    mixed = weights.to(value.dtype).view(rows, groups, heads // groups * asking, seen) @ value
    return mixed.view(rows, heads, asking, size)


attention = PackedAttention()
AttentionInterface.register(NAME, attention.attend)
AttentionMaskInterface.register(NAME, attention.mask)
