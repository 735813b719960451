"""Writes a new version of a data set: the rows that were decided on, and where they come from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from core.data.dataset import INFO, SPLITS, Dataset, DatasetInfo, Example, MadeFrom, Split, SplitFacts
from core.data.lengths import LengthCounter
from core.data.quality import imbalance, too_long
from core.data.report import CheckReport, LabelCount, LabelFacts
from core.specs.data import QUESTIONS, Task
from core.workspace import durable

_SHOWN = 20


def write(
    data: Dataset,
    rows: Iterable[tuple[Split, Example, int]],
    name: str,
    origin: MadeFrom,
    folder: Path,
    found: dict[str, int],
    added: tuple[str, ...] = (),
) -> DatasetInfo:
    """The new version in an empty folder, without its manifest.

    Args:
        data: What it is made from.
        rows: Each with its split and how often it stands there; a split's rows in their order.
        name: How it is called.
        origin: What it was made from, and how.
        folder: Where it is written.
        found: What the check now says where that is known: `conflicting`, `duplicates`.
        added: Columns that the rows have now and may not have had.
    """
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    counts: dict[str, int] = dict.fromkeys(SPLITS, 0)
    labels: dict[Split, Counter[str]] = {split: Counter() for split in SPLITS}
    lengths = LengthCounter(seed=0)
    files = {
        split: open(folder / f"{split}.jsonl", "w", encoding="utf-8", newline="\n")  # noqa: SIM115
        for split in SPLITS
    }
    try:
        for split, example, often in rows:
            files[split].write((encode({"row": example.row, "values": example.values}) + "\n") * often)
            counts[split] += often
            labels[split][data.label(example)] += often
            lengths.add(*too_long.text_and_marks(data, example))
    finally:
        for file in files.values():
            file.close()
    old = data.info
    left_out = Counter(old.split.left_out)
    for step in origin.steps:
        if step.dropped or step.taken_back:
            left_out[step.reason] += step.dropped - step.taken_back
    check = old.check.model_copy(
        update={
            "rows": sum(counts.values()) - (counts["test"] if old.check.test else 0),
            "warnings": [*(step.sentence for step in origin.steps), *_missing(counts, old.task)],
            "lengths": lengths.result(),
            "labels": _label_facts(labels) if old.labels is not None else None,
            **found,
        }
    )
    known = sorted({label for by_label in labels.values() for label in by_label})
    info = old.model_copy(
        update={
            "name": name,
            "counts": counts,
            "columns": list(dict.fromkeys([*old.columns, *added])),
            "labels": known if old.labels is not None else None,
            "split": SplitFacts(how=old.split.how, seed=old.split.seed, left_out=dict(left_out)),
            "check": CheckReport.model_validate(check.model_dump()),
            "made_from": origin,
        }
    )
    durable.write_json(folder / INFO, info.model_dump(mode="json"))
    return info


def _missing(counts: dict[str, int], task: Task) -> list[str]:
    if task == QUESTIONS:
        return []
    missing = [split for split in ("validation", "test") if not counts[split]]
    return [f"There are no {' and no '.join(missing)} rows."] if missing else []


def _label_facts(labels: dict[Split, Counter[str]]) -> LabelFacts:
    known = labels["train"] + labels["validation"]
    counts = [LabelCount(label=label, rows=count) for label, count in known.most_common()]
    rare = [count for count in reversed(counts) if count.rows < imbalance.RARE]
    return LabelFacts(
        distinct=len(counts),
        top=counts[:_SHOWN],
        rare=rare[:_SHOWN],
        rare_count=len(rare),
        only_in_test=sorted(label for label in labels["test"] if label not in known),
    )
