"""What precision an ONNX model really has: read from its operators and weights, not from its name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

_LARGE = 1024  # smaller initializers are norms, shapes and constants; they always stay in floating point
_LOOKUPS = ("Gather", "GatherBlockQuantized")
_POSITIONS = ("cos_cache", "sin_cache")  # a row each
_PRODUCT = re.compile(r"/(?:model/)?(?:layers\.(\d+)/)?(?:.*/)?(\w+)/MatMul")
_PAST_KEY = re.compile(r"past_key_values\.\d+\.key")
_ATTENTION = ("GroupQueryAttention", "MultiHeadAttention")
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
        products: Layer and name of each matrix product → its bits; the last product has the layer "".
    """

    matmul: dict[int, int]
    embedding: dict[int, int]
    operators: dict[str, int]
    products: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def mean_bits(self) -> float:
        """Average over all matrix weights."""
        total = sum(self.matmul.values())
        return sum(bits * count for bits, count in self.matmul.items()) / total if total else 0.0


@dataclass(frozen=True)
class Shape:
    """How a graph attends.

    Attributes:
        layers: Layers with a memory of the conversation.
        heads: Heads a layer.
        key_heads: Key heads a layer.
        head_size: Numbers a head; 0 where the graph does not say.
        cache_bits: Bits of a number of that memory.
    """

    layers: int
    heads: int
    key_heads: int
    head_size: int
    cache_bits: int


def load(path: Path) -> Any:
    """Reads the graph without its data, and checks that all it names is there, inside the folder.

    Raises:
        GraphError: The graph does not parse, a weight that it names is missing, or its data is missing, cut
            off, or outside its folder.
    """
    import onnx

    if path.is_symlink():
        raise GraphError(f"{path.name} is a link to another place")
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf's own kinds
        raise GraphError(f"{path.name} cannot be read ({type(error).__name__})") from error
    for tensor in model.graph.initializer:
        _check_place(tensor, path.parent)
    _check_names(model.graph, {value.name for value in model.graph.input})
    return model


def shape(model: Any) -> Shape:
    """The sizes of a graph's attention.

    Raises:
        GraphError: It has no memory of the conversation.
    """
    import onnx

    kept = [value for value in model.graph.input if _PAST_KEY.fullmatch(value.name)]
    layers = len(kept)
    attention = next((node for node in model.graph.node if node.op_type in _ATTENTION), None)
    if not layers or attention is None:
        raise GraphError("the graph has no memory of the conversation")
    whole = {attribute.name: int(attribute.i) for attribute in attention.attribute}
    heads = whole["num_heads"]
    sizes = {tensor.name: tensor.dims[0] for tensor in model.graph.initializer if len(tensor.dims) == 2}
    width = 0  # of all heads together, as the product after them reads it
    for node in model.graph.node:
        if place(node.name)[1] == "o_proj":
            inner = [int(attribute.i) for attribute in node.attribute if attribute.name == "K"]
            width = inner[0] if inner else int(sizes.get(node.input[1], 0))
            break
    kind = onnx.helper.tensor_dtype_to_np_dtype(kept[0].type.tensor_type.elem_type)
    return Shape(layers, heads, whole.get("kv_num_heads", heads), width // heads, 8 * kind.itemsize)


def precision(model: Any) -> Precision:
    """How many weights of a loaded graph are stored in how many bits."""
    import onnx

    names = {value: key for key, value in onnx.TensorProto.DataType.items()}
    weights: dict[str, tuple[str, int]] = {}
    for tensor in model.graph.initializer:
        count = 1
        for size in tensor.dims:
            count *= size
        weights[tensor.name] = (names.get(tensor.data_type, "?"), count)
    matmul: Counter[int] = Counter()
    embedding: Counter[int] = Counter()
    operators: Counter[str] = Counter()
    products: dict[tuple[str, str], int] = {}
    for node in model.graph.node:
        whole = {attribute.name: attribute.i for attribute in node.attribute}
        if node.op_type == "MatMulNBits":
            matmul[int(whole["bits"])] += int(whole["K"]) * int(whole["N"])
            products[place(node.name)] = int(whole["bits"])
        elif node.op_type == "GatherBlockQuantized":
            bits = int(whole.get("bits", 4))
            embedding[bits] += _stored(weights, node.input[0]) * (8 // bits if bits < 8 else 1)
        elif node.op_type in ("MatMul", "Gemm") and _stored(weights, node.input[1]) >= _LARGE:
            matmul[_bits(weights, node.input[1])] += _stored(weights, node.input[1])
            products[place(node.name)] = _bits(weights, node.input[1])
        elif node.op_type == "Gather" and _stored(weights, node.input[0]) >= _LARGE:
            embedding[_bits(weights, node.input[0])] += _stored(weights, node.input[0])
        else:
            continue
        operators[node.op_type] += 1
    return Precision(dict(matmul), dict(embedding), dict(operators), products)


def inspect(path: Path) -> Precision:
    """The precision of a graph file.

    Raises:
        GraphError: As for `load`.
    """
    return precision(load(path))


def place(node: str) -> tuple[str, str]:
    """`/model/layers.3/attn/q_proj/MatMul_Q4` → `("3", "q_proj")`; the last product has the layer ""."""
    match = _PRODUCT.match(node)
    return (match[1] or "", match[2]) if match else ("", node)


def _check_names(graph: Any, known: set[str]) -> None:
    """Every name that a node reads is a weight, an input, or what an earlier node gave."""
    known = known | {tensor.name for tensor in graph.initializer}
    known |= {tensor.values.name for tensor in graph.sparse_initializer}
    known |= {name for node in graph.node for name in node.output}
    for node in graph.node:
        for name in node.input:
            if name and name not in known:
                raise GraphError(f"the graph needs {name}, which is not there")
        for inner in _inner_graphs(node):
            _check_names(inner, known | {value.name for value in inner.input})


def _inner_graphs(node: Any) -> Iterable[Any]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def bytes_a_token(path: Path) -> int:
    """Bytes of weights that are read for each token: all but tables of which one row is looked up.

    Raises:
        GraphError: The graph does not parse.
    """
    graph = load(path).graph
    read = {name for node in graph.node if node.op_type not in _LOOKUPS for name in node.input}
    return sum(
        _bytes(tensor)
        for tensor in graph.initializer
        if tensor.name in read and not tensor.name.endswith(_POSITIONS)
    )


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
    if file.is_symlink():
        raise GraphError(f"the data file {location!r} is a link to another place")
    if not file.is_file():
        raise GraphError(f"the data file {location!r} is missing")
    end = int(place.get("offset", 0)) + int(place.get("length", 0))
    if end > file.stat().st_size:
        raise GraphError(f"{location} is cut off: {name} ends at byte {end} of {file.stat().st_size}")


def _stored(weights: dict[str, tuple[str, int]], name: str) -> int:
    return weights.get(name, ("", 0))[1]


def _bits(weights: dict[str, tuple[str, int]], name: str) -> int:
    return _FLOAT_BITS.get(weights.get(name, ("", 0))[0], 0)
