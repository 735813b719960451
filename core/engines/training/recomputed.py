"""What a decoder block keeps for its way back, where it is cheap to compute twice.

A gated feed-forward keeps gate, up, the activated gate and the product of both; the last two are two passes
over numbers that are there anyway. A norm keeps its input, the input divided and the result; the middle one
is one multiplication. Torch has to keep all of them, since it sees one small operation at a time. The
numbers forward are the same to the bit, the gradients but for rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

_TRIED_TOKENS = 3


def keep_less(model: Any) -> int:
    """Has the blocks of a model keep less. Returns how many of their parts do.

    A part is switched if one of its kind computes the same on random numbers. Where activations are computed
    twice altogether there is nothing to gain.
    """
    if getattr(model, "is_activation_checkpointing", False):
        return 0
    kinds: dict[type, Callable[..., Tensor] | None] = {}
    switched = 0
    for module in model.modules():
        kind = type(module)
        if kind not in kinds:
            kinds[kind] = next((way for way in _ways(module) if _alike(module, way)), None)
        way = kinds[kind]
        if way is not None:
            module.forward = partial(way, module, module.forward)
            switched += 1
    return switched


def _ways(module: nn.Module) -> tuple[Callable[..., Tensor], ...]:
    """What a part of this build might compute."""
    name = type(module).__name__
    if name.endswith("RMSNorm") and isinstance(getattr(module, "weight", None), Tensor):
        return (_norm, _norm_around_one)
    if name.endswith("MLP") and isinstance(getattr(module, "down_proj", None), nn.Module):
        return (_gated,)
    return ()


def _alike(module: nn.Module, way: Callable[..., Tensor]) -> bool:
    """Whether it computes what the module does."""
    learning = module.training
    module.eval()  # a dropout would draw
    try:
        given = _given(module)
        with torch.enable_grad():
            return bool(torch.equal(way(module, module.forward, given), module(given)))
    except (AttributeError, TypeError, RuntimeError):  # of another build
        return False
    finally:
        module.train(learning)


def _given(module: Any) -> Tensor:
    """Random numbers that fit into it."""
    first = next(module.parameters())
    dtype = first.dtype if first.is_floating_point() else torch.float32
    if first.dim() == 1:
        width = len(first)
    else:
        width = (getattr(module, "gate_up_proj", None) or module.gate_proj).in_features
    return torch.randn(1, _TRIED_TOKENS, width, generator=torch.Generator().manual_seed(0)).to(dtype)


# --- norms ---


def _norm(module: Any, plain: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Llama's and most others'."""
    if not torch.is_grad_enabled():
        return plain(x)
    normed: Tensor = _Normed.apply(x, module.weight, module.variance_epsilon, False)
    return normed


def _norm_around_one(module: Any, plain: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Gemma's: its weight is what is added to one."""
    if not torch.is_grad_enabled():
        return plain(x)
    normed: Tensor = _Normed.apply(x, module.weight, module.eps, True)
    return normed


class _Normed(torch.autograd.Function):
    """y = weight · x / √(mean x² + ε), of which x and the root are kept (Zhang and Sennrich 2019).

    Shapes: x (…, size), weight (size,) → (…, size).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float, around_one: bool) -> Tensor:
        """Rounded where transformers rounds."""
        wide = x.float()
        root = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + epsilon)
        ctx.save_for_backward(x, weight, root)
        ctx.around_one = around_one
        normed = wide * root
        if around_one:
            return (normed * (1.0 + weight.float())).type_as(x)
        return weight * normed.to(x.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        """Gradients for x and weight."""
        x, weight, root = ctx.saved_tensors
        normed = x.float() * root
        grad = grad.float()
        weight_grad = None
        if ctx.needs_input_grad[1]:
            weight_grad = (grad * normed).flatten(0, -2).sum(0).to(weight.dtype)
        factor = weight.float() + 1.0 if ctx.around_one else weight.float()
        inner = grad * factor
        along = (inner * normed).mean(-1, keepdim=True)
        return inner.sub_(normed.mul_(along)).mul_(root).to(x.dtype), weight_grad, None, None


# --- gated feed-forward ---


def _gated(module: Any, plain: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """down(activation(gate) · up)."""
    if not torch.is_grad_enabled():
        return plain(x)
    joined = getattr(module, "gate_up_proj", None)  # Phi's
    gate, up = joined(x).chunk(2, dim=-1) if joined else (module.gate_proj(x), module.up_proj(x))
    activation = module.activation_fn if joined else module.act_fn
    product: Tensor = _Product.apply(gate, up, activation)
    if not product.requires_grad:
        return module.down_proj(product)
    again = partial(_product, gate.detach(), up.detach(), activation)
    place, count = product.data_ptr(), product.numel()

    def leave(kept: Tensor) -> Any:
        same = kept.data_ptr() == place and kept.numel() == count and kept.is_contiguous()
        return partial(_shaped, again, kept.shape) if same else kept

    with saved_tensors_hooks(leave, _fetch):
        return module.down_proj(product)


def _fetch(kept: Any) -> Tensor:
    found: Tensor = kept if isinstance(kept, Tensor) else kept()
    return found


def _shaped(again: Callable[[], Tensor], shape: torch.Size) -> Tensor:
    return again().view(shape)


def _product(gate: Tensor, up: Tensor, activation: Callable[[Tensor], Tensor]) -> Tensor:
    with torch.no_grad():
        return activation(gate).mul_(up)


class _Product(torch.autograd.Function):
    """activation(gate) · up, of which gate and up are kept. All shapes alike."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor, activation: Callable[[Tensor], Tensor]) -> Tensor:
        """The product."""
        ctx.save_for_backward(gate, up)
        ctx.activation = activation
        return _product(gate, up, activation)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        """Gradients for gate and up."""
        gate, up = ctx.saved_tensors
        with torch.enable_grad():
            gate = gate.detach().requires_grad_()
            activated = ctx.activation(gate)
        (gate_grad,) = torch.autograd.grad(activated, gate, grad * up)
        return gate_grad, activated.detach().mul_(grad), None
