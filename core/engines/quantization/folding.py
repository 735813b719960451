"""Scales that are moved from one weight into another, so that the model computes what it did.

Where a matrix reads what a norm or another matrix gives, its columns can be multiplied by any numbers if the
rows of what comes before are divided by them. Rounding then sees other weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAME = "folds.npz"
Vector = NDArray[np.float32]
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Folds:
    """What the weights of a model are multiplied with.

    Attributes:
        columns: By the name of a matrix: what its inputs are multiplied with.
        rows: By the name of a matrix or norm: what its outputs are divided by.
        offset: What this family's norms are kept less of: 1 in Gemma, which multiplies with 1 + weight.
    """

    columns: dict[str, Vector] = field(default_factory=dict)
    rows: dict[str, Vector] = field(default_factory=dict)
    offset: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.columns)

    def apply(self, name: str, values: Matrix) -> Matrix:
        """A weight as it is rounded.

        Args:
            name: Its name in the source, with `.weight` or `.bias`.
            values: (out, in) of a matrix, or (size,) of a norm or a bias.
        """
        place, _dot, kind = name.rpartition(".")
        rows, columns = self.rows.get(place), self.columns.get(place)
        if values.ndim == 1:
            less = self.offset if kind == "weight" else 0.0
            return values if rows is None else ((values + less) / rows - less).astype(np.float32)
        return _scaled(values, columns, None if rows is None else np.reciprocal(rows))

    def undo(self, place: str, values: Matrix) -> Matrix:
        """A rounded matrix as it counts in the source; its name is without `.weight`."""
        columns = self.columns.get(place)
        return _scaled(values, None if columns is None else np.reciprocal(columns), self.rows.get(place))

    def adapter(self, matrices: Mapping[str, Matrix]) -> dict[str, Matrix]:
        """An adapter's matrices beside folded weights: `P.lora_A` (in, rank), `P.lora_B` (rank, out)."""
        found = dict(matrices)
        for name, values in matrices.items():
            place, _dot, part = name.rpartition(".")
            if part == "lora_A" and place in self.columns:
                found[name] = _scaled(values, None, self.columns[place])
            elif part == "lora_B" and place in self.rows:
                found[name] = _scaled(values, np.reciprocal(self.rows[place]), None)
        return found


def _scaled(values: Matrix, columns: Vector | None, rows: Vector | None) -> Matrix:
    if columns is not None:
        values = values * columns
    return values if rows is None else values * rows[:, None]


def write(folder: Path, folds: Folds) -> None:
    """Beside the rounded weights; nothing where nothing was moved."""
    if folds:
        kept: dict[str, Any] = {f"{name}|columns": vector for name, vector in folds.columns.items()}
        kept |= {f"{name}|rows": vector for name, vector in folds.rows.items()}
        np.savez(folder / NAME, **kept, offset=np.float32(folds.offset))


def read(folder: Path) -> Folds:
    """What was moved in a rounded folder; empty in another."""
    if not (folder / NAME).exists():
        return Folds()
    with np.load(folder / NAME, allow_pickle=False) as kept:
        parts: dict[str, dict[str, Vector]] = {"columns": {}, "rows": {}}
        for key in kept.files:
            name, bar, part = key.rpartition("|")
            if bar:
                parts[part][name] = kept[key]
        return Folds(parts["columns"], parts["rows"], float(kept["offset"]))
