"""The parts of an error, and the report a person can copy. No widgets."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import WorkbenchError


@dataclass(frozen=True)
class ErrorText:
    """The parts of an error, from an exception or from a run's `error` event."""

    what: str
    why: str = ""
    fix: str = ""
    details: str = ""

    @classmethod
    def of(cls, error: WorkbenchError) -> ErrorText:
        """The parts of one of our own errors."""
        return cls(error.what, error.why, error.fix, error.details)

    @classmethod
    def of_dict(cls, error: Mapping[str, object]) -> ErrorText:
        """The parts of an error stored with a run."""
        return cls(*(str(error.get(key) or "") for key in ("what", "why", "fix", "details")))

    @property
    def line(self) -> str:
        """What, why and what to do, one after the other."""
        return " ".join(filter(None, (self.what, self.why, self.fix)))

    def report(self) -> str:
        """Everything as plain text for an e-mail or an issue."""
        lines = [self.what]
        if self.why:
            lines.append(f"Why: {self.why}")
        if self.fix:
            lines.append(f"Do: {self.fix}")
        lines.append(f"Python {platform.python_version()} on {platform.platform()}")
        if self.details:
            lines += ["", self.details]
        return "\n".join(lines)
