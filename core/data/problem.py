"""What is wrong with a file: where, why, and what to do about it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from core.counts import counted
from core.errors import InputError


class Problem(BaseModel):
    """One reason why a file is not taken as it is.

    Attributes:
        code: Stable name of the case, such as `data.ragged`.
        file: Name of the file.
        line: Line in a text file or row in a sheet, from 1; None when the whole file is meant.
        column: The column's name, or its number where it has no name.
        reason: One sentence.
        fix: What the person can do.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    file: str
    line: int | None = None
    column: str | None = None
    reason: str
    fix: str

    @property
    def where(self) -> str:
        """File, line and column as people write them."""
        parts = [self.file]
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.column is not None:
            parts.append(f"column {self.column}")
        return ", ".join(parts)

    def refusal(self, more: int = 0) -> Refusal:
        """The problem as an error; `more` says how many others were found."""
        return Refusal(self, more)


class Refusal(InputError):
    """A file was not taken; nothing of it was kept.

    Args:
        problem: The first thing that is wrong.
        more: How many further problems were found.
    """

    def __init__(self, problem: Problem, more: int = 0) -> None:
        found = f" {counted(more, 'more such problem')} {'was' if more == 1 else 'were'} found."
        super().__init__(
            f"The data was refused: {problem.where}.",
            why=problem.reason + (found if more else ""),
            fix=problem.fix,
            code=problem.code,
        )
        self.problem = problem


def refuse(
    code: str, file: str, reason: str, fix: str, *, line: int | None = None, column: str | None = None
) -> Refusal:
    """The error for one problem, ready to raise."""
    return Problem(code=code, file=file, line=line, column=column, reason=reason, fix=fix).refusal()


class Problems:
    """Collects problems of single rows, so that a person sees several at once.

    Args:
        limit: How many to take before reading stops; 1 stops at the first.
    """

    def __init__(self, limit: int = 1) -> None:
        self.found: list[Problem] = []
        self._limit = limit

    def add(self, refusal: Refusal) -> None:
        """Notes the problem; raises it when that was one too many."""
        self.found.append(refusal.problem)
        if len(self.found) >= self._limit:
            raise refusal
