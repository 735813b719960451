"""A new version of a data set with fixes applied; the old one stays as it is.

The fixes run in one order, whatever order they were asked in: masking first, since it changes texts, evening
out last, since it counts what is left. Test rows are masked at most: a test that loses its hard rows says
nothing any more. Applied a second time, the same fixes change nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.counts import counted
from core.data import versions
from core.data.dataset import SPLITS, Dataset, DatasetInfo, Example, MadeFrom, Split, Step
from core.data.lengths import STARTER, Tokens
from core.data.quality import (
    contradictions,
    imbalance,
    languages,
    leakage,
    near_duplicates,
    personal,
    too_long,
)
from core.data.quality.rows import Rows
from core.data.quality.similar import Questions, not_compared
from core.errors import InputError
from core.specs.quality import (
    BalanceFix,
    ContradictionsFix,
    FixDataSpec,
    LanguageFix,
    LeakageFix,
    NearDuplicatesFix,
    PersonalFix,
    TooLongFix,
)

#: Called with steps done and steps in all; may raise to end the work.
Progress = Callable[[int, int], None]
_READ, _SIGN, _DECIDE, _WRITE = 2, 7, 3, 2
_ALL = _READ + _SIGN + _DECIDE + _WRITE
_ROWS_A_TICK = 256


class Fixing:
    """One application of fixes.

    Args:
        data: The data set to begin with.
        spec: The fixes, and the new name.
        digest: SHA-256 over the data set's files.
        progress: Told how far it is.
        tokens: How the spec's model counts.
    """

    def __init__(
        self,
        data: Dataset,
        spec: FixDataSpec,
        digest: str,
        progress: Progress | None = None,
        tokens: Tokens = STARTER,
    ) -> None:
        self._data = data
        self._spec = spec
        self._digest = digest
        self._progress = progress
        self._tokens = tokens
        self._total = max(1, sum(data.info.counts.values()))
        self._by_kind: dict[str, Any] = {item.fix: item for item in spec.fixes}
        self._steps: list[Step] = []
        self._often: dict[int, int] = {}
        self._masked: Counter[Split] = Counter()

    def write(self, folder: Path) -> DatasetInfo:
        """Decides, then writes the new version into an empty folder, without its manifest.

        Raises:
            InputError: A fix does not suit this data, or nothing would be left to learn from.
        """
        self._check()
        mask: PersonalFix | None = self._by_kind.get("personal")
        hide = (lambda row: self._hidden(row)[0]) if mask is not None else None
        rows = Rows(self._data, hide, self._tick(0, _READ))
        if mask is not None:
            self._personal(rows, mask)
        if fix := self._by_kind.get("language"):
            self._language(rows, fix)
        if fix := self._by_kind.get("too_long"):
            self._too_long(rows, fix)
        if {"leakage", "contradictions", "near_duplicates"} & set(self._by_kind):
            self._alike(rows, Questions(rows, self._tick(_READ, _SIGN)))
        if fix := self._by_kind.get("balance"):
            self._balance(rows, fix)
        if not rows.train.alive.any():
            raise InputError(
                "Nothing would be left to learn from.",
                why="The fixes together drop every training row.",
                fix="Choose fewer of them, or mask instead of dropping.",
                code="data.fix.empty",
            )
        return self._write(rows, folder)

    def _check(self) -> None:
        labelled = self._data.info.labels is not None
        if "balance" in self._by_kind and not labelled:
            raise InputError(
                "This data has no labels to even out.",
                why="Its rows are learnt with an answer, not with a label.",
                fix="Leave out --balance.",
                code="data.fix.balance",
            )
        language: LanguageFix | None = self._by_kind.get("language")
        if language is not None and language.keep not in languages.known():
            raise InputError(
                f"The language {language.keep!r} cannot be told.",
                why=f"Known are {', '.join(sorted(languages.known()))[:300]}…",
                fix="Give its code of two letters, such as en or de.",
                code="data.fix.language",
            )

    # --- the fixes, in their order ---

    def _personal(self, rows: Rows, fix: PersonalFix) -> None:
        self._masked.clear()
        for split in SPLITS:
            for place, example in enumerate(self._data.rows(split)):
                if self._hidden(example)[1]:
                    self._masked[split] += 1
                    if fix.action == "drop" and split != "test":
                        rows.parts[split].alive[place] = False
        kinds = " ".join(f"[{kind}]" for kind in fix.kinds)
        dropped = self._masked["train"] + self._masked["validation"] if fix.action == "drop" else 0
        changed = sum(self._masked.values()) - dropped
        said = f"Personal data masked as {kinds} in {counted(changed)}"
        if fix.action == "drop":
            said = f"{counted(dropped)} with personal data dropped, {counted(changed, 'test row')} masked"
        self._note(fix, said, dropped=dropped, changed=changed)

    def _language(self, rows: Rows, fix: LanguageFix) -> None:
        held = len(languages.strangers(rows.parts["test"], fix.keep))
        dropped = 0
        for split in ("train", "validation"):
            part = rows.parts[split]
            gone = languages.strangers(part, fix.keep, self._tick(_READ, 0))
            part.alive[gone] = False
            dropped += len(gone)
        name = languages.name(fix.keep)
        self._note(
            fix, f"{counted(dropped)} in other languages than {name} dropped", dropped=dropped, held=held
        )

    def _too_long(self, rows: Rows, fix: TooLongFix) -> None:
        dropped = held = 0
        change = (lambda row: self._hidden(row)[0]) if "personal" in self._by_kind else None
        tick = self._tick(_READ, 0)
        for item in too_long.long_rows(self._data, fix.max_length, tick, change, self._tokens):
            if item.split == "test":
                held += 1
            elif rows.parts[item.split].alive[item.place]:
                rows.parts[item.split].alive[item.place] = False
                dropped += 1
        said = f"{counted(dropped)} with more than {fix.max_length:,} tokens of {self._tokens.whose} dropped"
        self._note(fix, said, dropped=dropped, held=held)

    def _alike(self, rows: Rows, questions: Questions) -> None:
        part = rows.train
        leak: LeakageFix | None = self._by_kind.get("leakage")
        if leak is not None:
            leaks = leakage.leaks(rows, questions, leak.similarity)
            gone = [item.place for item in leaks.found]
            part.alive[gone] = False
            said = f"{counted(len(gone), 'training row')} that give held-out rows away dropped"
            self._note(leak, said, dropped=len(gone), after=not_compared(leaks.incomplete))
        opposed: ContradictionsFix | None = self._by_kind.get("contradictions")
        if opposed is not None:
            found = contradictions.look(rows, questions)
            held = contradictions.held(rows, questions, found)
            by_split = contradictions.dropped(rows, questions, opposed.keep, found)
            for split, places in by_split.items():
                rows.parts[split].alive[places] = False
            count = sum(map(len, by_split.values()))
            kept = ", the majority kept" if opposed.keep == "majority" else ""
            said = f"{counted(count)} that contradict others dropped{kept}"
            self._note(opposed, said, dropped=count, held=held)
        near: NearDuplicatesFix | None = self._by_kind.get("near_duplicates")
        if near is not None:
            copies = near_duplicates.copies(rows, questions, near.similarity)
            gone = [item.copy for item in copies.found]
            part.alive[gone] = False
            said = f"{counted(len(gone), 'training row')} that nearly repeat an earlier one dropped"
            self._note(near, said, dropped=len(gone), after=not_compared(copies.incomplete))

    def _balance(self, rows: Rows, fix: BalanceFix) -> None:
        if fix.action == "cap":
            gone = imbalance.capped(rows.train, fix.times)
            rows.train.alive[gone] = False
            self._note(
                fix, f"{counted(len(gone), 'training row')} of frequent labels dropped", dropped=len(gone)
            )
            return
        self._often = imbalance.repeated(rows.train, fix.times)
        added = sum(self._often.values()) - len(self._often)
        wrong, after = imbalance.mistyped(rows.train), ""
        if wrong:
            named = imbalance.mistyped_text(wrong)
            after = f" Not repeated, since what stands once may be mistyped: {named}."
        self._note(
            fix,
            f"{counted(added, 'copy of a rare row') if added == 1 else f'{added:,} copies of rare rows'} "
            "added to training",
            added=added,
            after=after,
        )

    # --- writing ---

    def _write(self, rows: Rows, folder: Path) -> DatasetInfo:
        old, tick = self._data.info.check, self._tick(_ALL - _WRITE, _WRITE)
        origin = MadeFrom(
            id=self._spec.data, name=self._data.info.name, digest=self._digest, steps=tuple(self._steps)
        )
        found = {
            "conflicting": 0 if "contradictions" in self._by_kind else old.conflicting,
            "duplicates": 0 if "near_duplicates" in self._by_kind else old.duplicates,
        }
        return versions.write(self._data, self._kept(rows, tick), self._spec.name, origin, folder, found)

    def _kept(self, rows: Rows, tick: Callable[[int], None]) -> Iterator[tuple[Split, Example, int]]:
        done = 0
        for split in SPLITS:
            alive = rows.parts[split].alive
            for place, stored in enumerate(self._data.rows(split)):
                done += 1
                if not done % _ROWS_A_TICK:
                    tick(done)
                if alive[place]:
                    example = self._hidden(stored)[0] if "personal" in self._by_kind else stored
                    yield split, example, self._often.get(place, 1) if split == "train" else 1

    # --- inside ---

    def _hidden(self, example: Example) -> tuple[Example, Counter[str]]:
        fix: PersonalFix = self._by_kind["personal"]
        return personal.mask_example(self._data, example, fix.kinds)

    def _note(
        self,
        fix: Any,
        sentence: str,
        *,
        dropped: int = 0,
        changed: int = 0,
        added: int = 0,
        held: int = 0,
        after: str = "",
    ) -> None:
        if held:
            sentence += f"; {counted(held, 'such test row')} kept, since test rows are never dropped"
        self._steps.append(
            Step(
                reason=fix.fix,
                fix=fix.model_dump(mode="json"),
                sentence=f"{sentence}.{after}",
                dropped=dropped,
                changed=changed,
                added=added,
                kept_in_test=held,
            )
        )

    def _tick(self, before: int, weight: int) -> Callable[[int], None]:
        def say(done: int) -> None:
            if self._progress is not None:
                self._progress(before * self._total + min(done, self._total) * weight, _ALL * self._total)

        return say
