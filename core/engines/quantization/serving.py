"""One exported base that serves several LoRA adapters: their matrices become optional inputs of the graph.

The graph is extended after the build, so that every recipe works. Of the ways the tools document, the
builder's own adapter path rounds the adapter to 4 bits, Olive's extraction names its inputs so that no
second adapter fits (Olive #2277), and both want all adapters alike. Here ranks and layers may differ.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.engines.quantization import building
from core.engines.quantization.folding import Folds
from core.errors import InputError, JobError
from core.models import records
from core.models.methods import NAMES
from core.workspace import durable

if TYPE_CHECKING:
    from core.specs import QuantizeSpec

#: The builder packs query, key and value into one product by default; an adapter has one part for each.
OPTIONS = ("fuse_qkv=false",)
_NODE = re.compile(r"/model/layers\.(\d+)/(attn|mlp)/(?:.*/)?(\w+)/MatMul")
_WEIGHT = re.compile(r"(?:base_model\.model\.)?(.+)\.lora_([AB])\.weight")
_PLACES = {"attn": "self_attn", "mlp": "mlp"}


@dataclass(frozen=True)
class Served:
    """An adapter that goes with the export.

    Attributes:
        id: Its artifact.
        name: How it is called.
        folder: Where it is.
    """

    id: str
    name: str
    folder: Path


def require(spec: QuantizeSpec, folders: Sequence[Path]) -> tuple[Served, ...]:
    """The adapters of a spec, after checking that one graph can serve them.

    Raises:
        InputError: One is no adapter, stands on another model, or scales weights instead of adding to them.
    """
    served = []
    for artifact, folder in zip(spec.adapters, folders, strict=True):
        said = records.describe(folder)
        name = said.name or folder.name
        if said.format != "adapter" or said.base != spec.model:
            raise InputError(
                f"{name} cannot be served beside this model.",
                why="It is not an adapter over this model; what it changes is not there.",
                fix="Choose adapters that were learnt on this model.",
                code="adapter.other_base",
            )
        config = records.read_json(folder / "adapter_config.json")
        dora = bool(config.get("use_dora"))
        if config.get("peft_type") != "LORA" or dora:
            kind = NAMES["dora"] if dora else NAMES["ia3"]
            raise InputError(
                f"{name} cannot be served beside its base.",
                why=f"It is a {kind} adapter, which scales weights; only LoRA adds to their results.",
                fix=f"Quantize {name} alone; it is then merged into a copy of its base.",
                code="adapter.kind",
            )
        served.append(Served(artifact, name, folder))
    if len({item.name for item in served}) < len(served):
        raise InputError("Two adapters have the same name.", fix="Name each of them once.", code="usage")
    return tuple(served)


def put_beside(folder: Path, served: Sequence[Served], folds: Folds) -> tuple[Path, ...]:
    """Extends the export and writes the adapters with their chat templates. Returns their files.

    Args:
        folder: The export.
        served: The adapters.
        folds: Scales that were moved in the export's weights.
    """
    if not served:
        return ()
    found = [folds.adapter(matrices(item.folder)) for item in served]
    extend(folder / building.GRAPH, found)
    files = []
    for at, (item, adapter) in enumerate(zip(served, found, strict=True)):
        path = folder / "adapters" / f"{at}.onnx_adapter"
        write(adapter, path)
        shutil.copyfile(item.folder / records.TEMPLATE, path.with_suffix(".jinja"))
        files.append(path)
    return tuple(files)


def matrices(folder: Path) -> dict[str, NDArray[np.float32]]:
    """An adapter's matrices as the graph multiplies them.

    Shapes: `PATH.lora_A` (in, rank), `PATH.lora_B` (rank, out).

    B carries the scaling: alpha / rank, or alpha / √rank for rsLoRA.
    """
    from safetensors.torch import load_file

    config = records.read_json(folder / "adapter_config.json")
    rank, alpha = int(config["r"]), float(config["lora_alpha"])
    scaling = alpha / rank**0.5 if config.get("use_rslora") else alpha / rank
    found: dict[str, NDArray[np.float32]] = {}
    for name, tensor in load_file(folder / "adapter_model.safetensors").items():
        match = _WEIGHT.fullmatch(name)
        if match is None or config.get("rank_pattern") or config.get("alpha_pattern"):
            raise InputError(
                f"The adapter in {folder.name} has parts that an export cannot serve.",
                why=f"{name} is no plain LoRA matrix." if match is None else "Its ranks differ by layer.",
                fix="Quantize it alone; it is then merged into a copy of its base.",
                code="adapter.kind",
            )
        path, part = match.groups()
        turned = tensor.float().numpy().T * (scaling if part == "B" else 1.0)
        found[f"{path}.lora_{part}"] = np.ascontiguousarray(turned, dtype=np.float32)
    return found


def extend(graph: Path, adapters: Iterable[Mapping[str, NDArray[np.float32]]]) -> int:
    """Adds `x·A·B` beside every product that an adapter changes. Returns how many.

    A and B are inputs whose default has rank 0, so that without an adapter the base speaks unchanged.

    Raises:
        JobError: The graph has no product where an adapter wants to add.
    """
    import onnx
    from onnx import TensorProto, helper

    sizes: dict[str, tuple[int, int]] = {}
    for adapter in adapters:
        for name, matrix in adapter.items():
            path, _dot, part = name.rpartition(".")
            inner, outer = sizes.get(path, (0, 0))
            sizes[path] = (matrix.shape[0], outer) if part == "lora_A" else (inner, matrix.shape[1])
    model = onnx.load(str(graph), load_external_data=False)
    nodes: list[Any] = []
    missing = dict(sizes)
    for node in model.graph.node:
        nodes.append(node)
        path = _path(node.name) if node.op_type in ("MatMul", "MatMulNBits") else ""
        if path not in missing:
            continue
        inner, outer = missing.pop(path)
        for name, shape in ((f"{path}.lora_A", (inner, 0)), (f"{path}.lora_B", (0, outer))):
            open_shape = [size or None for size in shape]
            model.graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, open_shape))
            model.graph.initializer.append(helper.make_tensor(name, TensorProto.FLOAT, shape, []))
        alone, low, added = (f"{path}.{part}" for part in ("alone", "low", "added"))
        result = node.output[0]
        node.output[0] = alone
        nodes += [
            helper.make_node("MatMul", [node.input[0], f"{path}.lora_A"], [low], name=low),
            helper.make_node("MatMul", [low, f"{path}.lora_B"], [added], name=added),
            helper.make_node("Add", [alone, added], [result], name=f"{path}.sum"),
        ]
    if missing:
        raise JobError(
            "The adapters cannot be served by this export.",
            why=f"The graph of this family has no separate product for {next(iter(missing))}.",
            fix="Quantize each adapter alone; it is then merged into a copy of its base.",
            code="adapter.layers",
        )
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    durable.write_bytes(graph, model.SerializeToString())
    return len(sizes)


def _path(node: str) -> str:
    """`/model/layers.0/attn/q_proj/MatMul…` → `model.layers.0.self_attn.q_proj`."""
    match = _NODE.match(node)
    if match is None:
        return ""
    layer, place, name = match.groups()
    return f"model.layers.{layer}.{_PLACES[place]}.{name}"


def write(adapter: Mapping[str, NDArray[np.float32]], path: Path) -> None:
    """Writes an adapter as the runtime loads it beside the graph."""
    from onnxruntime import AdapterFormat, OrtValue

    path.parent.mkdir(exist_ok=True)
    made = AdapterFormat()
    made.set_adapter_version(1)
    made.set_model_version(1)
    made.set_parameters({name: OrtValue.ortvalue_from_numpy(matrix) for name, matrix in adapter.items()})
    made.export_adapter(str(path))
