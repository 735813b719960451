"""What the first rows of a file already say against it, before a run is made to read it all."""

from __future__ import annotations

from pathlib import Path

from core.data import roles, tasks
from core.data.reading import open_table
from core.data.roles import Roles
from core.specs.data import TaskChoice


def refuse(source: Path, given: Roles, test: Path | None, task: TaskChoice) -> None:
    """Refuses a file that cannot be added, whatever stands further down.

    Args:
        source: The file.
        given: Role to column; empty guesses.
        test: A separate file for the final figure.
        task: What the rows teach; `auto` guesses.

    Raises:
        InputError: It is no table, holds nothing, or has no such columns.
    """
    table = open_table(source)
    sample = table.sample()
    settled = roles.settle(table.columns, given, sample, file=source.name, task=task)
    tasks.settle(task, settled, table.columns, sample, source.name)
    if test is not None:
        roles.settle(open_table(test).columns, settled, (), file=test.name)
