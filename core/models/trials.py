"""What a search found: its trials, what mattered, and the best; the shape of `search.json`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from core.workspace import durable

NAME = "search.json"
TrialState = Literal["running", "complete", "pruned", "diverged", "failed", "stopped"]
#: Trials that count; the others are tried again when the search is resumed.
KEPT: frozenset[TrialState] = frozenset({"complete", "pruned", "diverged", "failed"})


class Trial(BaseModel):
    """One try.

    Attributes:
        number: From 1; a trial that broke off is tried again under the same number.
        state: `complete`; `pruned` gave up early; `diverged` came apart; `failed` could not be run; `stopped`
            was still running when the time or the search ended.
        params: What was tried, by field; `lora_alpha` as a multiple of the rank.
        value: Validation loss, the smaller the better; only of a complete trial.
        accuracy: Share of watched validation rows that are answered to the letter, for classification.
        seconds: How long it took.
        curve: Looks at the validation rows: share of the training, loss.
        note: Why it ended, when it did not complete.
        importance: What mattered over all trials until here; only where enough are complete.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    state: TrialState
    params: dict[str, float]
    value: float | None = None
    accuracy: float | None = None
    seconds: float = 0.0
    curve: tuple[tuple[float, float], ...] = ()
    note: str = ""
    importance: dict[str, float] | None = None


class SearchReport(BaseModel):
    """The whole search.

    Attributes:
        ended_by: `trials` (all were tried), `minutes`, or `stop`.
        best: Number of the best trial; None when none was completed.
        settings: The best trial's settings, as fine-tuning takes them.
        importance: Share of the differences in loss that each setting explains, the largest first; None with
            too few complete trials.
        watched_rows: Validation rows that judged.
        spec: The search's spec.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int = 1
    ended_by: Literal["trials", "minutes", "stop"]
    best: int | None
    settings: dict[str, Any]
    importance: dict[str, float] | None
    trials: tuple[Trial, ...]
    seconds: float
    train_rows: int
    watched_rows: int
    spec: dict[str, Any]


def best_of(trials: Iterable[Trial]) -> Trial | None:
    """The complete trial with the smallest loss, the earlier of equals."""
    complete = [trial for trial in trials if trial.state == "complete" and trial.value is not None]
    return min(complete, key=lambda trial: (trial.value, trial.number), default=None)


def write(folder: Path, report: SearchReport) -> None:
    """Writes `search.json`."""
    durable.write_text(folder / NAME, report.model_dump_json(indent=1) + "\n")


def read(folder: Path) -> SearchReport:
    """Reads a search's report from its artifact folder."""
    return SearchReport.model_validate_json((folder / NAME).read_bytes())
