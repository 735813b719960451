"""Rows that people answered, beside those that a teacher answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.data.dataset import Dataset, DatasetInfo, Split
from core.errors import InputError

if TYPE_CHECKING:
    from core.data.generating.assembling import Layout

_LEARNT: tuple[Split, ...] = ("train", "validation")


def require_alike(info: DatasetInfo, how: Layout) -> None:
    """Refuses rows whose columns are no columns of the new ones, before anything is asked.

    Raises:
        InputError: A role is missing on either side.
    """
    if set(info.roles) == set(how.roles):
        return
    theirs, new = (", ".join(sorted(roles)) for roles in (info.roles, how.roles))
    raise InputError(
        f"The rows of {info.name} cannot stand beside the new ones.",
        why=f"They have {theirs}; the new rows have {new}.",
        fix="Leave with_rows out, and bring both together in a file of your own.",
        code="generate.not_alike",
    )


def rows(data: Dataset, how: Layout, splits: Sequence[Split] = _LEARNT) -> list[dict[str, Any]]:
    """The rows of these parts in the columns of the new ones."""
    columns = {column: data.info.roles.get(role, "") for role, column in how.roles.items()}
    return [
        {column: row.values.get(theirs, "") for column, theirs in columns.items()}
        for split in splits
        for row in data.rows(split)
    ]
