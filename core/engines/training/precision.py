"""Which number format is faster on this computer: measured, never guessed from a name."""

from __future__ import annotations

import torch

from core.models.stopwatch import fastest

_SECONDS = 0.4
_ROWS, _IN, _OUT = 512, 576, 1536  # a feed-forward layer of a small model with a full batch
_PRODUCTS = 4  # a heat


def race(seconds: float = _SECONDS) -> dict[str, float]:
    """Billions of operations a second of a matrix product in each format, the best of several short heats."""
    return {"fp32": _gflops(torch.float32, seconds), "bf16": _gflops(torch.bfloat16, seconds)}


def choose(speeds: dict[str, float]) -> str:
    """bf16 only when it is clearly faster, since fp32 is the more exact one."""
    return "bf16" if speeds["bf16"] > 1.2 * speeds["fp32"] else "fp32"


def products(*, bf16: bool) -> torch.autocast:
    """Within this context matrix products run in bf16, or as the weights are stored."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16)


def _gflops(dtype: torch.dtype, seconds: float) -> float:
    left = torch.randn(_ROWS, _IN, generator=torch.Generator().manual_seed(0)).to(dtype)
    right = torch.randn(_IN, _OUT, generator=torch.Generator().manual_seed(1)).to(dtype)

    def multiply() -> None:
        for _ in range(_PRODUCTS):
            left @ right

    return round(2 * _PRODUCTS * _ROWS * _IN * _OUT / fastest(multiply, seconds) / 1e9, 1)
