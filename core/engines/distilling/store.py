"""What a teacher said about a data set's answers: asked once and kept, so it is not there while learning.

A folder a teacher, in parts of a few hundred rows; each part has a manifest written last, so a kill costs one
part at most, and a flipped bit is noticed. Half precision numbers: 4 bytes a kept token, or 6.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from core.engines.distilling.soft import SMALL_VOCABULARY
from core.errors import IntegrityError, JobError
from core.workspace import durable, manifest

ROWS_A_PART = 256
#: What the stores of all runs may take together; the oldest go first.
ROOM_BYTES = 4_000_000_000
_FILE = "answers.safetensors"
_ABOUT = "teacher.json"


@dataclass(frozen=True)
class Said:
    """A teacher's words on one row's answer.

    Shapes: `labels` (N,) the teacher's tokens of the right answer; `ids`, `logs` (N, k); `tail` (N,).
    """

    labels: NDArray[Any]
    ids: NDArray[Any]
    logs: NDArray[Any]
    tail: NDArray[Any]


#: A row's number, and which piece of it where a document came in several.
Place = tuple[int, int]


def key(**facts: Any) -> str:
    """Names the store by everything that decides what is in it."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]


def complete(folder: Path, part: str) -> bool:
    """Whether the part is there, to the bit."""
    try:
        manifest.verify(folder / part)
        return True
    except (IntegrityError, OSError):
        return False


def write(folder: Path, part: str, places: Sequence[Place], said: Sequence[Said], vocabulary: int) -> int:
    """Keeps a part, durably. Returns its bytes.

    Raises:
        JobError: The disk is full.
    """
    staged, final = folder / f".{part}.tmp", folder / part
    small = np.uint16 if vocabulary <= SMALL_VOCABULARY else np.int32
    try:
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        save_file(
            {
                "places": np.asarray(places, dtype=np.int32).reshape(-1, 2),
                "counts": np.asarray([len(row.labels) for row in said], dtype=np.int32),
                "labels": np.concatenate([row.labels for row in said]).astype(small),
                "ids": np.concatenate([row.ids for row in said]).astype(small),
                "logs": np.concatenate([row.logs for row in said]).astype(np.float16),
                "tail": np.concatenate([row.tail for row in said]).astype(np.float16),
            },
            staged / _FILE,
        )
        written = manifest.write(staged).total_bytes
        durable.remove_folder(final)
        durable.commit_folder(staged, final)
    except OSError as error:
        shutil.rmtree(staged, ignore_errors=True)
        raise JobError(
            "What the teacher said could not be kept.",
            why=str(error)[:200],
            fix="Free some space, then resume the run; no answer kept before is asked for again.",
        ) from error
    return written


def read(folder: Path, parts: Sequence[str]) -> dict[Place, Said]:
    """Everything the parts hold, by row; the arrays stay in half precision.

    Raises:
        IntegrityError: A part is missing or changed.
    """
    found: dict[Place, Said] = {}
    for part in parts:
        manifest.verify(folder / part)
        found.update(_rows(load_file(folder / part / _FILE)))
    return found


def _rows(arrays: dict[str, NDArray[Any]]) -> Iterator[tuple[Place, Said]]:
    start = 0
    for (row, piece), count in zip(arrays["places"].tolist(), arrays["counts"].tolist(), strict=True):
        cut = slice(start, start + count)
        start += count
        yield (
            (row, piece),
            Said(arrays["labels"][cut], arrays["ids"][cut], arrays["logs"][cut], arrays["tail"][cut]),
        )


def open_store(root: Path, name: str, about: dict[str, Any]) -> Path:
    """The folder of a store, marked as just used; older ones make room for it."""
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    durable.write_json(folder / _ABOUT, about)
    others = sorted(
        (path for path in root.iterdir() if path.is_dir() and path != folder and (path / _ABOUT).exists()),
        key=lambda path: (path / _ABOUT).stat().st_mtime,
        reverse=True,
    )
    left = ROOM_BYTES
    for path in others:
        left -= sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        if left < 0:
            durable.remove_folder(path)
    return folder
