"""What precision an ONNX model really has: read from its operators and weights, not from its name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

_LARGE = 1024  # smaller initializers are norms, shapes and constants; they always stay in floating point
_LOOKUPS = ("Gather", "GatherBlockQuantized")
_POSITIONS = ("cos_cache", "sin_cache")  # a row each
_FLOAT_BITS = {"FLOAT": 32, "FLOAT16": 16, "BFLOAT16": 16, "DOUBLE": 64}


class GraphError(ValueError):
    """The graph or its data file cannot be what it should be; the text says why."""


@dataclass(frozen=True)
class Precision:
    """How many weights are stored in how many bits.

    Attributes:
        matmul: Bits → weights of matrix products.
        embedding: Bits → weights of lookups.
        operators: Name → count, of the operators that hold weights.
    """

    matmul: dict[int, int]
    embedding: dict[int, int]
    operators: dict[str, int]

    @property
    def mean_bits(self) -> float:
        """Average over all matrix weights."""
        total = sum(self.matmul.values())
        return sum(bits * count for bits, count in self.matmul.items()) / total if total else 0.0


def inspect(path: Path) -> Precision:
    """Reads the graph without its data, and checks that every initializer lies inside the data file.

    Raises:
        GraphError: The graph does not parse, or its data is missing, cut off, or outside its folder.
    """
    import onnx

    model = _load(path)
    names = {value: key for key, value in onnx.TensorProto.DataType.items()}
    weights: dict[str, tuple[str, int]] = {}
    for tensor in model.graph.initializer:
        _check_place(tensor, path.parent)
        count = 1
        for size in tensor.dims:
            count *= size
        weights[tensor.name] = (names.get(tensor.data_type, "?"), count)
    matmul: Counter[int] = Counter()
    embedding: Counter[int] = Counter()
    operators: Counter[str] = Counter()
    for node in model.graph.node:
        whole = {attribute.name: attribute.i for attribute in node.attribute}
        if node.op_type == "MatMulNBits":
            matmul[int(whole["bits"])] += int(whole["K"]) * int(whole["N"])
        elif node.op_type == "GatherBlockQuantized":
            bits = int(whole.get("bits", 4))
            embedding[bits] += _stored(weights, node.input[0]) * (8 // bits if bits < 8 else 1)
        elif node.op_type in ("MatMul", "Gemm") and _stored(weights, node.input[1]) >= _LARGE:
            matmul[_bits(weights, node.input[1])] += _stored(weights, node.input[1])
        elif node.op_type == "Gather" and _stored(weights, node.input[0]) >= _LARGE:
            embedding[_bits(weights, node.input[0])] += _stored(weights, node.input[0])
        else:
            continue
        operators[node.op_type] += 1
    return Precision(dict(matmul), dict(embedding), dict(operators))


def bytes_a_token(path: Path) -> int:
    """Bytes of weights that are read for each token: all but tables of which one row is looked up.

    Raises:
        GraphError: The graph does not parse.
    """
    graph = _load(path).graph
    read = {name for node in graph.node if node.op_type not in _LOOKUPS for name in node.input}
    return sum(
        _bytes(tensor)
        for tensor in graph.initializer
        if tensor.name in read and not tensor.name.endswith(_POSITIONS)
    )


def _load(path: Path) -> Any:
    import onnx

    try:
        return onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf's own kinds
        raise GraphError(f"{path.name} cannot be read ({type(error).__name__})") from error


def _bytes(tensor: Any) -> int:
    place = {entry.key: entry.value for entry in tensor.external_data}
    return int(place.get("length", 0)) or len(tensor.raw_data)


def _check_place(tensor: object, folder: Path) -> None:
    place = {entry.key: entry.value for entry in getattr(tensor, "external_data", ())}
    if not place:
        return
    name = getattr(tensor, "name", "?")
    location = place.get("location", "")
    if PurePosixPath(location).name != location or "\\" in location:
        raise GraphError(f"the weight {name} lies outside the folder ({location!r})")
    file = folder / location
    if not file.is_file() or file.is_symlink():
        raise GraphError(f"the data file {location!r} is missing")
    end = int(place.get("offset", 0)) + int(place.get("length", 0))
    if end > file.stat().st_size:
        raise GraphError(f"{location} is cut off: {name} ends at byte {end} of {file.stat().st_size}")


def _stored(weights: dict[str, tuple[str, int]], name: str) -> int:
    return weights.get(name, ("", 0))[1]


def _bits(weights: dict[str, tuple[str, int]], name: str) -> int:
    return _FLOAT_BITS.get(weights.get(name, ("", 0))[0], 0)
