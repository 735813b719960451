"""Does every matrix of an export hold its source's numbers, as near as its bits allow?

What a model says hides much: with one of 60 matrices zeroed it still talks. Its numbers hide nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from core.engines.checking.check import Check
from core.engines.quantization import graph, stored
from core.engines.quantization.folding import Folds

#: How far a matrix, and one of its rows, may be from the source, as a share of its length (Frobenius).
#: Of a tuned 135M model the worst matrix and row are 0.006 and 0.012 in 8 bits, 0.11 and 0.19 in 4; zeroed,
#: swapped or doubled numbers are 1 and more.
_LIMITS = {32: (1e-4, 1e-3), 16: (0.01, 0.02), 8: (0.03, 0.06), 4: (0.4, 0.7)}
_COARSE = (0.7, 0.9)
_QUIET = 1e-3  # of the mean row: nothing is lost with a row that is nearly zero anyway
_NAMED = 3
_PLACE = re.compile(r"layers[./](\d+)[./](?:attn[./]|mlp[./])?(\w+)")


def compare(folder: Path, model: Any, source: Path, folds: Folds | None = None) -> Check:
    """Compares weight by weight.

    Args:
        folder: The export.
        model: Its graph, as `graph.load` gives it.
        source: The transformers folder that it was built from, before anything was rounded.
        folds: Scales that were moved before rounding.
    """
    originals = stored.SourceWeights(source, folds)
    wrong: list[str] = []
    compared = left_out = 0
    for weight in stored.weights(folder, model):
        wanted = originals.find(weight)
        if wanted is None:
            left_out += 1
            continue
        compared += 1
        if weight.values.shape != wanted.shape:
            wrong.append(f"{_called(weight.name)} has another shape")
        elif wrong_by := fault(weight.values, wanted, weight.bits):
            wrong.append(f"{_called(weight.name)} {wrong_by}")
    if wrong:
        more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        text = f"The weights are not the source's: {'; '.join(wrong[:_NAMED])}{more}"
        return Check(name="weights", status="red", text=text)
    if not compared:
        return Check(name="weights", status="amber", text="No weight of it could be compared with its source")
    rest = f"; {left_out} are called otherwise and were not compared" if left_out else ""
    return Check(name="weights", status="green", text=f"{compared} weights are the source's, rounded{rest}")


def _called(name: str) -> str:
    """`down_proj of layer 3`, as a person can find it."""
    match = _PLACE.search(name)
    if match is None:
        return graph.place(name)[1]
    return f"{match[2]} of layer {match[1]}"


def fault(found: stored.Matrix, wanted: stored.Matrix, bits: int) -> str:
    """What is wrong with a weight; empty when nothing is."""
    if not np.isfinite(found).all():
        return "has numbers that are infinite or none"
    if found.ndim == 1:
        found, wanted = found[None], wanted[None]
        if np.linalg.norm(found - wanted - 1) < np.linalg.norm(found - wanted):
            wanted = wanted + 1  # some families keep norms less one
    whole, row = _LIMITS.get(bits, _COARSE)
    lengths = np.linalg.norm(wanted, axis=1)
    away = np.linalg.norm(found - wanted, axis=1)
    total = float(np.linalg.norm(lengths))
    share = float(np.linalg.norm(away)) / total if total else float(away.any())
    if share > whole:
        return f"is {share:.0%} away from it"
    worst = float((away / np.maximum(lengths, _QUIET * total / len(lengths) ** 0.5 + 1e-12)).max())
    return f"has a row that is {worst:.0%} away from it" if worst > row else ""
