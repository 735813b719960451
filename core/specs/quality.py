"""Specs of looking closer at a data set, and of making a better version of it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.specs.base import Option, Spec

PersonalKind = Literal["mail", "phone", "card", "iban", "ip"]
PERSONAL_KINDS: tuple[PersonalKind, ...] = ("mail", "phone", "card", "iban", "ip")


class _Fix(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NearDuplicatesFix(_Fix):
    """Keeps the first of rows that ask nearly the same and are answered nearly the same."""

    fix: Literal["near_duplicates"] = "near_duplicates"
    similarity: float = Field(0.8, ge=0.5, le=1.0)


class ContradictionsFix(_Fix):
    """Drops rows that answer one question differently: all of them, or those outside the majority.

    Test rows stay; what they contradict is dropped.
    """

    fix: Literal["contradictions"] = "contradictions"
    keep: Literal["none", "majority"] = "none"


class LeakageFix(_Fix):
    """Drops training rows whose question is also watched while learning, or kept for the test."""

    fix: Literal["leakage"] = "leakage"
    similarity: float = Field(0.8, ge=0.5, le=1.0)


class TooLongFix(_Fix):
    """Drops rows that would be cut at this many tokens."""

    fix: Literal["too_long"] = "too_long"
    max_length: int = Field(512, ge=16, le=32768)


class PersonalFix(_Fix):
    """Writes `[mail]`, `[phone]` and so on over personal data, or drops the rows that hold it."""

    fix: Literal["personal"] = "personal"
    action: Literal["mask", "drop"] = "mask"
    kinds: tuple[PersonalKind, ...] = PERSONAL_KINDS


class LanguageFix(_Fix):
    """Keeps the rows of one language, and those too short to tell."""

    fix: Literal["language"] = "language"
    keep: str = Field(min_length=2, max_length=3)


class BalanceFix(_Fix):
    """Evens out labels in training: fewer rows of the frequent ones, or the rare ones several times."""

    fix: Literal["balance"] = "balance"
    action: Literal["cap", "repeat"] = "cap"
    times: float = Field(3.0, ge=1.0, le=1000.0)


Fix = Annotated[
    NearDuplicatesFix | ContradictionsFix | LeakageFix | TooLongFix | PersonalFix | LanguageFix | BalanceFix,
    Field(discriminator="fix"),
]


class InspectDataSpec(Spec):
    """Looks closer at a data set and says what could be better; changes nothing."""

    kind: ClassVar[str] = "inspect_data"
    title: ClassVar[str] = "Look closer at data"

    data: str = Option(label="Data", help="The data set to look at.")
    similarity: float = Option(
        0.8,
        label="Nearly the same",
        help="Share of their letters' sequences that two texts must have in common to count as one.",
        advanced=True,
        ge=0.5,
        le=1.0,
    )
    max_length: int = Option(
        512,
        label="Longest row",
        help="Rows with more tokens are cut when a model learns from them.",
        unit="tokens",
        advanced=True,
        ge=16,
        le=32768,
    )
    model: str | None = Option(
        None,
        label="Model",
        help="The model whose tokens are counted for the longest row; empty counts the starter model's.",
        advanced=True,
    )

    def may_lack_answers(self) -> tuple[str, ...]:
        """The data: its questions can be looked at and mended as any others."""
        return (self.data,)

    def inputs(self) -> tuple[str, ...]:
        """The data, and the model whose tokens are counted."""
        return (self.data, self.model) if self.model else (self.data,)


class FixDataSpec(Spec):
    """Makes a new version of a data set; the old one stays as it is."""

    kind: ClassVar[str] = "fix_data"
    title: ClassVar[str] = "Make a better version of data"

    data: str = Option(label="Data", help="The data set to begin with.")
    name: str = Option(label="Name", help="How you will call the new version.")
    fixes: tuple[Fix, ...] = Option(label="Fixes", help="What to change; each kind at most once.")
    model: str | None = Option(
        None,
        label="Model",
        help="The model whose tokens are counted for the longest row; empty counts the starter model's.",
        advanced=True,
    )

    @field_validator("fixes")
    @classmethod
    def _some(cls, fixes: tuple[Fix, ...]) -> tuple[Fix, ...]:
        if not fixes:
            raise ValueError("choose at least one fix")
        if len({item.fix for item in fixes}) < len(fixes):
            raise ValueError("the same fix stands twice")
        return fixes

    def may_lack_answers(self) -> tuple[str, ...]:
        """The data: its questions can be looked at and mended as any others."""
        return (self.data,)

    def inputs(self) -> tuple[str, ...]:
        """The data, and the model whose tokens are counted."""
        return (self.data, self.model) if self.model else (self.data,)
