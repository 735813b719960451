"""What learning makes small: the loss of the learnt tokens, without all their logits in memory at once.

The logits of a token are as many as the vocabulary has entries, and so is their gradient: for a page of text
they outweigh the whole model. So the last projection, the loss and their gradients are computed slice by
slice, as Liger's fused linear cross entropy does (Hsu et al. 2024), in plain torch. The gradient of the
projection's own weight, as large as the vocabulary too, waits until the activations are gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Learnt tokens whose logits exist at one time: 50 MB for 49,152 entries in fp32.
SLICE = 256
#: What a model does to its logits after the last projection; such a model computes them itself.
_AFTERWARDS = ("final_logit_softcapping", "logits_scaling", "logit_scale", "output_multiplier_scale")


@dataclass(frozen=True)
class Objective:
    """How wrong an answer token is.

    Attributes:
        loss: `cross_entropy`, or `focal` (Lin et al. 2017), which scales each token by (1 − p)^gamma, p being
            the probability of the right token: what is known already weighs less.
        gamma: Strength of the focal scaling.
        smoothing: Share of the target spread over all tokens (Szegedy et al. 2016).
    """

    loss: str = "cross_entropy"
    gamma: float = 2.0
    smoothing: float = 0.0

    def each(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Loss a token. Shapes: logits (N, vocabulary), targets (N,) → (N,)."""
        logits = logits.float()
        losses = functional.cross_entropy(logits, targets, reduction="none", label_smoothing=self.smoothing)
        if self.loss != "focal":
            return losses
        plain = losses
        if self.smoothing:
            plain = functional.cross_entropy(logits, targets, reduction="none")
        return (1 - torch.exp(-plain)).pow(self.gamma) * losses


#: What validation measures, whatever the training makes small, so that runs can be compared.
PLAIN = Objective()


def head_of(model: Any) -> nn.Linear | None:
    """The last projection of a causal model, where logits are exactly its output; None otherwise."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    config = base.config.get_text_config()
    if any(getattr(config, name, None) for name in _AFTERWARDS):
        return None
    head = base.get_output_embeddings()
    return head if type(head) is nn.Linear and head.bias is None else None


@dataclass
class _Owed:
    """What the gradient of the head's weight is made of, until it is made.

    Shapes: `logits` (N, vocabulary) gradient of the logits, `hidden` (N, size), `scale` () of the loss; `ids`
    (T,) the tokens that were looked up in the same weight, `rows` (T, size) their gradients.
    """

    logits: Tensor | None = None
    hidden: Tensor | None = None
    scale: Tensor | None = None
    ids: Tensor | None = None
    rows: Tensor | None = None


class _Late(torch.autograd.Function):
    """The head's weight, whose gradient is made here, when nothing else is left to do.

    Autograd takes the newest node first. Made before the model's own, this one waits until all layers gave
    back what they kept; else a gradient as large as the vocabulary would lie beside that. An embedding that
    is the same weight adds the rows of its tokens; torch's own gradient would be a second one of that size.
    """

    @staticmethod
    def forward(ctx: Any, weight: Tensor, owed: _Owed) -> Tensor:
        """The same values."""
        ctx.owed = owed
        return weight.view_as(weight)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """What is owed, beside what came; where the product is owed, that only held its place."""
        owed: Any = ctx.owed
        found = grad
        if owed.scale is not None:
            found = (owed.logits.t() @ owed.hidden.to(owed.logits.dtype)).to(grad.dtype)
            found.mul_(owed.scale.to(found.dtype))
        if owed.rows is not None:
            found.index_add_(0, owed.ids, owed.rows.to(found.dtype))
        return found, None


class _LookedUp(torch.autograd.Function):
    """Rows of the head's weight. Shapes: weight (vocabulary, size), ids (T,) → (T, size)."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, ids: Tensor, padding: int | None, owed: _Owed) -> Tensor:
        """As an embedding does."""
        ctx.save_for_backward(ids)
        ctx.padding, ctx.owed = padding, owed
        return weight.index_select(0, ids)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[None, None, None, None]:
        """Owed. The token that stands for padding never learns here."""
        (ids,) = ctx.saved_tensors
        if ctx.padding is not None:
            grad = grad.masked_fill((ids == ctx.padding)[:, None], 0)
        ctx.owed.ids, ctx.owed.rows = ids, grad
        return None, None, None, None


class _Projected(torch.autograd.Function):
    """Sum of the losses of `hidden @ weightᵀ`; gradients are computed with it, slice by slice.

    Shapes: hidden (N, size), weight (vocabulary, size), targets (N,) → scalar.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Any, objective: Any, owed: Any) -> Tensor:
        """The summed loss."""
        to_hidden, to_weight = ctx.needs_input_grad[:2]
        total = torch.zeros((), dtype=torch.float32)
        hidden_grad = torch.empty_like(hidden) if to_hidden else None
        weight_grad: Tensor | None = None
        ctx.owed = owed if to_weight and len(targets) <= SLICE else None
        matrix = weight
        for start in range(0, len(targets), SLICE):
            cut = slice(start, start + SLICE)
            logits = functional.linear(hidden[cut], matrix).requires_grad_(to_hidden or to_weight)
            matrix = matrix.to(logits.dtype)  # once, where products run in another format
            with torch.enable_grad():
                loss = objective.each(logits, targets[cut]).sum()
            total += loss.detach()
            if not logits.requires_grad:
                continue
            (found,) = torch.autograd.grad(loss, [logits])
            del loss, logits
            if hidden_grad is not None:
                hidden_grad[cut] = found @ matrix
            if ctx.owed is not None:
                ctx.owed.logits, ctx.owed.hidden = found, hidden.detach()
            elif to_weight:
                weight_grad = _added(weight_grad, found, hidden[cut], weight.dtype)
        ctx.save_for_backward(hidden_grad, weight_grad)
        ctx.shape, ctx.dtype = weight.shape, weight.dtype
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        """Gradients for hidden and weight."""
        # In place: a second copy of a gradient as large as the vocabulary would only be thrown away.
        hidden, weight = (
            None if found is None else found.mul_(grad.to(found.dtype)) for found in ctx.saved_tensors
        )
        if ctx.owed is not None:
            ctx.owed.scale = grad
            weight = torch.zeros((), dtype=ctx.dtype).expand(ctx.shape)  # stands for it; takes no memory
        return hidden, weight, None, None, None


def _added(so_far: Tensor | None, logits: Tensor, hidden: Tensor, dtype: torch.dtype) -> Tensor:
    """A slice's part of the head's gradient, added to that of the slices before."""
    if so_far is not None and logits.dtype == hidden.dtype == dtype:
        return so_far.addmm_(logits.t(), hidden)  # no second one beside it
    own = (logits.t() @ hidden.to(logits.dtype)).to(dtype)
    return own if so_far is None else so_far.add_(own)


class Projection:
    """The head's part in one forward and backward pass; made before the model's own part begins.

    Args:
        head: The last projection.
        embedding: What the model's tokens are looked up in.
    """

    def __init__(self, head: nn.Linear, embedding: Any = None) -> None:
        self._owed = _Owed()
        self._weight: Tensor = _Late.apply(head.weight, self._owed)
        tied = type(embedding) is nn.Embedding and embedding.weight is head.weight
        plain = tied and not (embedding.max_norm or embedding.sparse)
        self._embedding: Any = embedding if plain else None

    def inputs(self, ids: Tensor) -> dict[str, Tensor]:
        """Tokens as the model takes them: looked up where that is in the head's weight. Shape (1, T)."""
        if self._embedding is None or not self._weight.requires_grad:
            return {"input_ids": ids}
        found = _LookedUp.apply(self._weight, ids[0], self._embedding.padding_idx, self._owed)
        return {"inputs_embeds": found.unsqueeze(0)}

    def loss(self, hidden: Tensor, targets: Any, objective: Any) -> Tensor:
        """Summed loss of the learnt tokens from their hidden states. Shapes: (N, size), (N,) → scalar.

        Args:
            hidden: Last hidden states.
            targets: The right tokens, or whatever else the objective compares with; it can be sliced.
            objective: `each(logits, targets)` gives the loss a token.
        """
        if not len(targets):
            return hidden.sum() * 0.0
        return _Projected.apply(hidden, self._weight, targets, objective, self._owed)


def projected_each(hidden: Tensor, head: nn.Linear, targets: Tensor) -> Tensor:
    """Cross entropy a token, without gradients. Shapes: (N, size), (N,) → (N,)."""
    with torch.no_grad():
        return torch.cat(
            [
                PLAIN.each(head(hidden[start : start + SLICE]), targets[start : start + SLICE])
                for start in range(0, len(targets), SLICE)
            ]
            or [torch.zeros(0)]
        )
