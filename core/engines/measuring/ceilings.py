"""What this machine can do at best right now: bytes read a second, operations a second.

A model's speed says little without them: beside another program both fall, and 120 tokens a second are poor
on one computer and the limit of another.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil

from core.models.speed import Ceilings
from core.models.stopwatch import fastest

#: Far more than any cache holds, but never much of the memory that is free.
_READ_BYTES = 256 << 20
_LARGEST_SHARE = 0.25
_READ_S = _PRODUCT_S = 0.2
_SIZE = 768


def measure(threads: int) -> Ceilings:
    """Measures both with so many cores, each for a fifth of a second: the best of several passes."""
    return Ceilings(read_gb_s=_read(threads) / 1e9, gflops=_multiply(threads) / 1e9)


def _read(threads: int) -> float:
    """Bytes a second: every thread runs through its own part of one large block.

    A bitwise or takes what it reads as fast as it comes; sums, products and maxima of numpy were slower.
    """
    size = min(_READ_BYTES, int(psutil.virtual_memory().available * _LARGEST_SHARE))
    block = np.ones(max(size // 8, 1), dtype=np.int64)
    parts = np.array_split(block, threads)
    with ThreadPoolExecutor(threads) as pool:
        return block.nbytes / fastest(lambda: list(pool.map(np.bitwise_or.reduce, parts)), _READ_S)


def _multiply(threads: int) -> float:
    """Operations a second of an fp32 matrix product."""
    from threadpoolctl import threadpool_limits

    left = np.random.default_rng(0).standard_normal((_SIZE, _SIZE), dtype=np.float32)
    with threadpool_limits(threads, user_api="blas"):
        return 2 * _SIZE**3 / fastest(lambda: left @ left, _PRODUCT_S)
