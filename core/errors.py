"""The closed set of errors a user can meet.

Each one says what happened, why, and what to do next. `core.cli` and `app` only render them.
"""

from __future__ import annotations

from typing import ClassVar


class WorkbenchError(Exception):
    """What happened, why, and what to do.

    Args:
        what: One sentence: what went wrong, naming the thing.
        why: The reason, as far as it is known.
        fix: What the person can do next.
        code: Stable short name of the case, for scripts and tests.
        details: Technical text, shown only on request.
    """

    code: str = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, why: str = "", fix: str = "", code: str = "", details: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix
        self.code = code or type(self).code
        self.details = details

    def __str__(self) -> str:
        """All three sentences, one a line."""
        lines = [self.what]
        if self.why:
            lines.append(f"Why: {self.why}")
        if self.fix:
            lines.append(f"Do: {self.fix}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, str]:
        """The error as plain data, for events and `--json`."""
        return {
            "code": self.code,
            "what": self.what,
            "why": self.why,
            "fix": self.fix,
            "details": self.details,
        }


class InputError(WorkbenchError):
    """The request or the input is wrong; nothing was changed."""

    code = "input"
    exit_code = 2


class InUseError(WorkbenchError):
    """Another process executes jobs in this workspace."""

    code = "in_use"
    exit_code = 3


class JobError(WorkbenchError):
    """A job could not be finished."""

    code = "job"
    exit_code = 1


class IntegrityError(JobError):
    """A stored file is not what its manifest says."""

    code = "integrity"


class CancelledError(WorkbenchError):
    """The user ended the job."""

    code = "cancelled"
    exit_code = 130


_BY_CODE: dict[str, type[WorkbenchError]] = {
    kind.code: kind for kind in (InputError, InUseError, JobError, IntegrityError, CancelledError)
}


def from_dict(data: dict[str, str]) -> WorkbenchError:
    """Rebuilds an error that crossed a process border; unknown codes become a `JobError`."""
    kind = _BY_CODE.get(data.get("kind", data.get("code", "")), JobError)
    return kind(
        data.get("what", "The job failed."),
        why=data.get("why", ""),
        fix=data.get("fix", ""),
        code=data.get("code", ""),
        details=data.get("details", ""),
    )
