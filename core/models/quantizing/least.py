"""The smallest export that a search can make, known from the headers of the weights before anything runs."""

from __future__ import annotations

from dataclasses import replace

from core.errors import InputError
from core.models.quantizing import groups as grouping
from core.models.quantizing import sizes
from core.models.quantizing.sizes import Matrices

#: Bytes that `sensitivity.json` takes for a group, and for what it says beside them in as many groups.
_SAID_A_GROUP, _SAID_BESIDE = 300, 20


def with_report(found: Matrices) -> Matrices:
    """The sizes of a model whose export a search's report lies beside."""
    said = _SAID_A_GROUP * (len(grouping.groups_of(found)) + _SAID_BESIDE)
    return replace(found, beside=found.beside + said)


def least_bytes(found: Matrices) -> int:
    """Bytes of the whole export with 4 bits everywhere; every group has a way to be rounded.

    Args:
        found: As `with_report` gives it.
    """
    four, _ = grouping.head_options(found)
    small = grouping.planned(grouping.groups_of(found), four, lambda group: group.least)
    return sizes.folder_bytes(found, small)


def require_room(found: Matrices, limit: int) -> None:
    """Refuses a limit in bytes that nothing fits under.

    Args:
        found: As `with_report` gives it.
        limit: What the export may take.

    Raises:
        InputError: Even with 4 bits everywhere it takes more.
    """
    least = least_bytes(found)
    if limit < least:
        raise InputError(
            f"The model does not fit in {limit / 1e6:g} MB.",
            why=f"With 4 bits everywhere it takes {least / 1e6:.3g} MB.",
            fix=f"Allow at least {_rounded_up(least):g} MB, or prune the model first.",
            code="quantize.no_room",
        )


def can_be_searched(found: Matrices) -> bool:
    """Whether every matrix can be rounded in blocks of 32."""
    groups = grouping.groups_of(found)
    return bool(groups) and all(group.options for group in groups) and not found.head[1] % 32


def _rounded_up(count: int) -> float:
    """Megabytes with one digit, never less than what is needed."""
    return -(-count // 100_000) / 10
