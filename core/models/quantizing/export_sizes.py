"""How large the chosen model becomes with each recipe: from the headers of its weights, or by experience."""

from __future__ import annotations

from typing import Literal

from core.errors import WorkbenchError
from core.models.fit.serving import Serving, serving
from core.models.fit.shape import Shape, shape_of
from core.models.quantizing import least, sizes
from core.models.quantizing.plan import Part, Plan
from core.models.quantizing.recipes import RECIPES
from core.workspace.workspace import Workspace

#: Bytes a parameter on disk, with scales, where the files do not say more; the output layer stays at 8 bits
#: in most of the 4-bit recipes.
_BYTES_A_PARAMETER = {
    "fp32": 4.0, "int8": 1.16, "int4-mixed": 0.91, "int4-edges": 0.81, "int4-gptq": 0.74, "int4-awq": 0.74,
    "int4-kquant": 0.74, "int4-hqq": 0.74, "int4": 0.65,
}  # fmt: skip
_TOKENIZER_BYTES = 4e6


class ExportSizes:
    """Sizes of one model's exports.

    Args:
        workspace: Where the model is.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._id = ""
        self._found: sizes.Matrices | None = None
        self._shape = Shape(0)
        #: Each takes milliseconds, and a page that shows all asks again at every step of a slider.
        self._bytes: dict[tuple[str, int | str], float] = {}
        self._range: tuple[float, float] | None = None

    def ask(self, artifact_id: str) -> None:
        """Changes the model; of a whole one the headers are read, which takes milliseconds."""
        if artifact_id == self._id:
            return
        self._id, self._found, self._shape = artifact_id, None, Shape(0)
        self._bytes, self._range = {}, None
        if artifact_id:
            folder = self._workspace.artifact_folder(artifact_id)
            self._shape = shape_of(folder, 0)
            try:
                found = sizes.read(folder)
            except (OSError, ValueError, WorkbenchError):
                return
            self._found = found if found.layers and found.head[0] else None

    def of(self, recipe: str, block: int | Literal["auto"], parameters: int) -> float | None:
        """Bytes of an export; None when nothing is known."""
        found, known = self._found, RECIPES[recipe]
        if found is None:
            return parameters * _BYTES_A_PARAMETER[recipe] + _TOKENIZER_BYTES if parameters else None
        if (recipe, block) not in self._bytes:
            is_plain = known.precision == "fp32"
            made = None if is_plain else known.planned(found, "rtn", block)
            told = sizes.plain_bytes(found) if made is None else sizes.folder_bytes(found, made)
            self._bytes[recipe, block] = float(told)
        return self._bytes[recipe, block]

    def memory(self, export_bytes: float, length: int, cache_bits: int) -> Serving | None:
        """Memory of an export that holds conversations of some length; None where the sizes are not known."""
        beside = self._found.beside if self._found else _TOKENIZER_BYTES
        if not self._shape.known:
            return None
        tied = self._found is None or self._found.tied
        return serving(export_bytes - beside, self._shape, length, cache_bits=cache_bits, tied=tied)

    def range_of(self, parameters: int) -> tuple[float, float]:
        """Bytes of the smallest and of the largest export that a search can make."""
        found = self._found
        if found is None:
            whole = float(parameters)
            return whole * 0.6 + _TOKENIZER_BYTES, whole * 1.16 + _TOKENIZER_BYTES
        if self._range is None:
            self._range = _searchable(found)
        return self._range


def _searchable(found: sizes.Matrices) -> tuple[float, float]:
    searched = least.with_report(found)
    small = sizes.folder_bytes(searched, _alike(found, 4))
    if least.can_be_searched(searched):
        small = least.least_bytes(searched)
    return float(small), float(sizes.folder_bytes(searched, _alike(found, 8)))


def _alike(found: sizes.Matrices, bits: Literal[4, 8]) -> Plan:
    """Every matrix stored in so many bits."""
    part = Part(bits=bits)
    return Plan(algorithm="rtn", matrices=dict.fromkeys(found.layers, part), head=part)
