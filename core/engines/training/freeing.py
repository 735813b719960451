"""Freed memory on its way back to the system, where the C library would keep it."""

from __future__ import annotations

import ctypes
import sys


def trim() -> None:
    """Gives freed memory back; glibc would keep 324 MB of a 135M model's 821 MB."""
    if sys.platform == "linux":
        found = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if found is not None:
            found(0)
