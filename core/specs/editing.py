"""Spec of the job that takes over what a person changed in a data set's rows."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.specs.base import Option, Spec

#: Learnt from, watched while learning, or dropped before.
EditedSplit = Literal["train", "validation", "dropped"]


class RowPlace(BaseModel):
    """A row of a data set. Test rows are for measuring, so nobody changes them here.

    Attributes:
        split: Learnt from, watched while learning, or dropped before and taken back.
        place: Its line in the split's file, from 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: EditedSplit = "train"
    place: int = Field(ge=1)


class RowEdit(RowPlace):
    """A value of a row, written anew.

    Attributes:
        column: The column as the data set names it.
        message: In the chat column: which message, from 0.
        text: What stands there now.
    """

    column: str
    message: int | None = Field(None, ge=0)
    text: str


class RowRating(RowPlace):
    """How good a person finds a row: 1 is useless, 5 is as it should be."""

    stars: int = Field(ge=1, le=5)


class EditDataSpec(Spec):
    """Makes a new version of a data set with rows that a person changed, dropped, rated or took back."""

    kind: ClassVar[str] = "edit_data"
    title: ClassVar[str] = "Edit data"

    data: str = Option(label="Data", help="The data set to begin with.")
    name: str = Option(label="Name", help="How you will call the new version.")
    edits: tuple[RowEdit, ...] = Option((), label="Edits", help="Values that are written anew.")
    dropped: tuple[RowPlace, ...] = Option((), label="Dropped", help="Rows that are left out.")
    taken_back: tuple[Annotated[int, Field(ge=1)], ...] = Option(
        (), label="Taken back", help="Rows that were dropped before and are in again: lines of dropped.jsonl."
    )
    ratings: tuple[RowRating, ...] = Option(
        (), label="Ratings", help="What a person thinks of rows, kept with them in a column called rating."
    )
    least_stars: int = Option(
        1, label="At least", help="Rows that are rated below are left out; unrated ones stay.", ge=1, le=5
    )

    @model_validator(mode="after")
    def _one_way(self) -> EditDataSpec:
        if not self.edits and not self.dropped and not self.ratings and not self.taken_back:
            raise ValueError("change, drop, rate or take back at least one row")
        values = {(item.split, item.place, item.column, item.message) for item in self.edits}
        gone = {(item.split, item.place) for item in self.dropped}
        rated = {(item.split, item.place) for item in self.ratings}
        back = {("dropped", line) for line in self.taken_back}
        pairs = ((values, self.edits), (gone, self.dropped), (rated, self.ratings), (back, self.taken_back))
        if any(len(found) < len(items) for found, items in pairs):
            raise ValueError("the same value or row stands twice")
        if gone & {(item.split, item.place) for item in self.edits}:
            raise ValueError("a row cannot be changed and dropped")
        if any(split == "dropped" for split, _place in gone):
            raise ValueError("a row that is dropped already cannot be dropped")
        said = {(item.split, item.place) for item in (*self.edits, *self.ratings) if item.split == "dropped"}
        if said - back:
            raise ValueError("only a dropped row that is taken back can be changed or rated")
        return self

    def may_lack_answers(self) -> tuple[str, ...]:
        """The data: its questions can be looked at and mended as any others."""
        return (self.data,)

    def inputs(self) -> tuple[str, ...]:
        """The data."""
        return (self.data,)
