"""What checking a file found, in figures and sentences."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from core.data.lengths import Lengths
from core.data.problem import Problem
from core.specs.data import Task


class FileFacts(BaseModel):
    """How a file was understood; the format is empty where it was refused before that.

    Attributes:
        file: Its name.
        format: csv, tsv, json, jsonl, xlsx, parquet or text.
        encoding: The codec's name; None where the format has its own.
        delimiter: Between the values; None where there is none.
        bytes: Its size.
        rows: Rows with examples.
        blank_lines: Lines without anything in them, passed over.
        columns: Names in order.
    """

    model_config = ConfigDict(frozen=True)

    file: str
    format: str = ""
    encoding: str | None = None
    delimiter: str | None = None
    bytes: int = 0
    rows: int = 0
    blank_lines: int = 0
    columns: list[str] = Field(default_factory=list)


class LabelCount(BaseModel):
    """A label and how many usable rows carry it."""

    model_config = ConfigDict(frozen=True)

    label: str
    rows: int


class LabelFacts(BaseModel):
    """The categories of a classification.

    Attributes:
        distinct: How many there are.
        top: The most frequent ones.
        rare: Those with fewer than five rows, the rarest first, as far as shown.
        rare_count: How many have fewer than five rows.
        only_in_test: Labels of the test file that no training row carries.
    """

    model_config = ConfigDict(frozen=True)

    distinct: int
    top: list[LabelCount]
    rare: list[LabelCount]
    rare_count: int
    only_in_test: list[str] = Field(default_factory=list)


class CheckReport(FileFacts):
    """The check of a file, and of its test file where there is one.

    Attributes:
        test: How the test file was understood.
        roles: Which column is what.
        roles_guessed: Whether the program guessed them.
        task: What the rows teach, one of `core.data.roles.Task`.
        empty: Rows without a value, by role, both files together.
        empty_rows: Rows where any of these is empty; they are left out of every split.
        duplicates: Rows that repeat an earlier one exactly; they are kept, on the same side as the first.
        conflicting: Texts that stand with two labels or more.
        leakage: Rows whose text is also in the test file, left out of training; None without a test file.
        special_tokens: Rows with text that looks like a model's control token; it stays text.
        lengths: Tokens a row.
        labels: The categories.
        warnings: Sentences for the person.
        refusals: Why the data is not taken; empty when it is.
    """

    test: FileFacts | None = None
    roles: dict[str, str] = Field(default_factory=dict)
    roles_guessed: bool = False
    task: Task | None = None
    empty: dict[str, int] = Field(default_factory=dict)
    empty_rows: int = 0
    duplicates: int = 0
    conflicting: int = 0
    leakage: int | None = None
    special_tokens: int = 0
    lengths: Lengths | None = None
    labels: LabelFacts | None = None
    warnings: list[str] = Field(default_factory=list)
    refusals: list[Problem] = Field(default_factory=list)

    @property
    def accepted(self) -> bool:
        """Whether the data can be taken."""
        return not self.refusals
