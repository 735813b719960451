"""Rows that people answered, beside those that a teacher answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.data.dataset import Dataset, DatasetInfo, Split
from core.data.roles import Roles
from core.errors import InputError

_LEARNT: tuple[Split, ...] = ("train", "validation")


def require_alike(info: DatasetInfo, new: Roles) -> None:
    """Refuses rows whose columns are no columns of the new ones, before anything is asked.

    Args:
        info: The data whose rows would come along.
        new: Columns of the new rows, by role.

    Raises:
        InputError: A role is missing on either side.
    """
    if set(info.roles) == set(new):
        return
    theirs, ours = (", ".join(sorted(roles)) for roles in (info.roles, new))
    raise InputError(
        f"The rows of {info.name} cannot stand beside the new ones.",
        why=f"They have {theirs}; the new rows have {ours}.",
        fix="Leave with_rows out, and bring both together in a file of your own.",
        code="generate.not_alike",
    )


def rows(data: Dataset, new: Roles, splits: Sequence[Split] = _LEARNT) -> list[dict[str, Any]]:
    """The rows of these parts in the columns of the new ones."""
    columns = {column: data.info.roles.get(role, "") for role, column in new.items()}
    return [
        {column: row.values.get(theirs, "") for column, theirs in columns.items()}
        for split in splits
        for row in data.rows(split)
    ]
