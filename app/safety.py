"""Keeps a Python error from killing the process.

An exception inside a Qt override that must return a value (`eventFilter`, a table model's `data`) ends
PySide6 with a segmentation fault, whatever `sys.excepthook` does; every such override of ours is wrapped.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def safe_override(default: Callable[[], object]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Wraps a value-returning Qt override: on an error it is reported and `default()` is returned.

    Args:
        default: Makes the value Qt gets instead, for example `bool`, `str`, `QSize`, `type(None)`.
    """

    def wrap(method: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(method)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return method(*args, **kwargs)
            except Exception:
                sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
                return default()  # type: ignore[return-value]

        guarded.__safe_override__ = True  # type: ignore[attr-defined]
        return guarded

    return wrap
