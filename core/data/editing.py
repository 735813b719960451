"""A new version of a data set with what a person changed in it, row by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.data import versions
from core.data.dataset import SPLITS, Dataset, DatasetInfo, Example, MadeFrom, Split, Step
from core.data.quality.findings import rows_text
from core.errors import InputError
from core.specs import EditDataSpec
from core.specs.editing import RowEdit

_ROWS_A_TICK = 256
#: A row without one of these teaches nothing.
_NEEDED = ("user", "assistant", "label", "text")
_Place = tuple[Split, int]
#: The column that keeps what a person thinks of a row, from 1 to 5.
RATING = "rating"


def write(
    data: Dataset, spec: EditDataSpec, digest: str, folder: Path, progress: Callable[[int, int], None]
) -> DatasetInfo:
    """The new version in an empty folder, without its manifest.

    Args:
        data: The data set to begin with.
        spec: What was changed and dropped, and the new name.
        digest: SHA-256 over the data set's files.
        folder: Where it is written.
        progress: Told of rows done and rows in all; may raise to end the work.

    Raises:
        InputError: A change does not fit the data, or nothing would be left to learn from.
    """
    edits: dict[_Place, list[RowEdit]] = defaultdict(list)
    for edit in spec.edits:
        _check(edit, data)
        edits[edit.split, edit.place].append(edit)
    stars: dict[_Place, int] = {(item.split, item.place): item.stars for item in spec.ratings}
    by_hand = {(item.split, item.place) for item in spec.dropped}
    low = {place for place, given in stars.items() if given < spec.least_stars} - by_hand
    gone: set[_Place] = by_hand | low
    for split, place in (*edits, *gone, *stars):
        count = data.info.counts[split]
        if place > count:
            raise _misfit(data, f"There is no row {place:,} among its {count:,} {split} rows.")
    if sum(split == "train" for split, _place in gone) >= data.count("train"):
        raise InputError(
            "Nothing would be left to learn from.",
            why="Every training row is dropped.",
            fix="Keep some of them.",
            code="data.edit.empty",
        )
    changed = {place for place in edits if place not in gone}
    counted = {
        "changed": len(changed),
        "dropped": len(by_hand),
        "rated": len(stars),
        f"left out below {spec.least_stars} of 5": len(low),
    }
    said = [f"{rows_text(count)} {what}" for what, count in counted.items() if count]
    step = Step(
        reason="by_hand",
        fix={"fix": "by_hand"},
        sentence=f"{', '.join(said[:-1])}{' and ' if said[1:] else ''}{said[-1]} by hand.",
        dropped=len(gone),
        changed=len(changed),
    )
    origin = MadeFrom(id=spec.data, name=data.info.name, digest=digest, steps=(step,))
    rows = _rows(data, edits, stars, gone, progress)
    return versions.write(data, rows, spec.name, origin, folder, {}, (RATING,) if stars else ())


def _rows(
    data: Dataset,
    edits: dict[_Place, list[RowEdit]],
    stars: dict[_Place, int],
    gone: set[_Place],
    progress: Callable[[int, int], None],
) -> Iterator[tuple[Split, Example, int]]:
    done, total = 0, sum(data.info.counts.values())
    for split in SPLITS:
        for place, example in enumerate(data.rows(split), 1):
            done += 1
            if not done % _ROWS_A_TICK:
                progress(done, total)
            if (split, place) in gone:
                continue
            changed = _edited(data, example, edits.get((split, place), []))
            if stars:  # each row has the column, so that a table of them is whole
                known = changed.values.get(RATING, "")
                given = stars.get((split, place), known)
                changed = changed._replace(values={**changed.values, RATING: str(given)})
            yield split, changed, 1


def _edited(data: Dataset, example: Example, edits: list[RowEdit]) -> Example:
    values: dict[str, Any] = dict(example.values)
    for edit in edits:
        if edit.message is None:
            values[edit.column] = edit.text
            continue
        messages = [dict(item) for item in values[edit.column]]
        if edit.message >= len(messages):
            raise _misfit(data, f"Row {edit.place:,} has no message {edit.message + 1}.")
        messages[edit.message]["content"] = edit.text
        values[edit.column] = messages
    return example._replace(values=values)


def _check(edit: RowEdit, data: Dataset) -> None:
    roles = data.info.roles
    if edit.column not in data.info.columns:
        raise _misfit(data, f"It has no column {edit.column!r}.")
    is_chat = edit.column == roles.get("messages")
    if is_chat and edit.message is None:
        raise _misfit(data, f"{edit.column} holds chats, which are changed message by message.")
    if edit.message is not None and not is_chat:
        raise _misfit(data, f"{edit.column} holds no chats with messages.")
    needed = edit.message is not None or edit.column in [roles.get(role) for role in _NEEDED]
    if needed and not edit.text.strip():
        raise InputError(
            f"Row {edit.place:,} would have nothing in {edit.column}.",
            why="A row without a question or an answer teaches nothing.",
            fix="Write something there, or drop the row.",
            code="data.edit.blank",
        )


def _misfit(data: Dataset, why: str) -> InputError:
    return InputError(
        f"A change does not fit {data.info.name}.",
        why=why,
        fix="Read the rows again and repeat the change.",
        code="data.edit.misfit",
    )
