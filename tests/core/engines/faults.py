"""Faults that people met with other programs, each a change of a good export's files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper


def _graph(folder: Path, change: Callable[[Any], None]) -> None:
    path = folder / "model.onnx"
    model = onnx.load(str(path), load_external_data=False)
    change(model.graph)
    path.write_bytes(model.SerializeToString())


def _weight(folder: Path, part: str, change: Callable[[Any], Any]) -> None:
    """Changes the numbers of the first weight whose name holds `part`, in place in the data file."""
    model = onnx.load(str(folder / "model.onnx"), load_external_data=False)
    tensor = next(item for item in model.graph.initializer if part in item.name)
    values = numpy_helper.to_array(tensor, base_dir=str(folder)).copy()
    changed = np.ascontiguousarray(change(values), dtype=values.dtype)
    place = {entry.key: entry.value for entry in tensor.external_data}
    if place:
        with open(folder / place["location"], "r+b") as file:
            file.seek(int(place.get("offset", 0)))
            file.write(changed.tobytes())
    else:
        tensor.CopyFrom(numpy_helper.from_array(changed, tensor.name))
        (folder / "model.onnx").write_bytes(model.SerializeToString())


def _settings(folder: Path, **values: Any) -> None:
    """Changes keys of genai_config.json wherever they are."""
    path = folder / "genai_config.json"
    said = json.loads(path.read_text())
    for group in (said["model"], said["model"]["decoder"], said["search"]):
        group.update({key: value for key, value in values.items() if key in group})
    path.write_text(json.dumps(said))


def _zero(values: Any) -> Any:
    return np.zeros_like(values)


def _permute(values: Any) -> Any:
    return values[::-1]


def _double(values: Any) -> Any:
    return values * 2


def _garbage(values: Any) -> Any:
    return np.random.default_rng(1).permutation(values.ravel()).reshape(values.shape) * -7


def _invert(values: Any) -> Any:
    return values ^ 0xFF


def _flip(values: Any) -> Any:
    """The highest bit of one byte."""
    flat = values.reshape(-1)
    flat[11] ^= 0x80
    return values


def _flip_exponent(values: Any) -> Any:
    bits = values.view(np.uint32).reshape(-1)
    bits[3] ^= 1 << 29
    return values


def _change_a_byte(folder: Path) -> None:
    path = folder / "chat_template.jinja"
    path.write_bytes(path.read_bytes().replace(b"tiny", b"Tiny", 1))


def _cut(folder: Path) -> None:
    path = folder / "model.onnx.data"
    path.write_bytes(path.read_bytes()[:-2000])


def _move_out(folder: Path) -> None:
    def change(graph: Any) -> None:
        for tensor in graph.initializer:
            for entry in tensor.external_data:
                if entry.key == "location":
                    entry.value = "../model.onnx.data"

    _graph(folder, change)


def _link(folder: Path) -> None:
    path = folder / "model.onnx.data"
    path.rename(folder.parent / "elsewhere")
    os.symlink(folder.parent / "elsewhere", path)


def _lose_a_weight(folder: Path) -> None:
    def change(graph: Any) -> None:
        lost = next(item for item in graph.initializer if item.name.startswith("lm_head"))
        graph.initializer.remove(lost)

    _graph(folder, change)


def _swap_bits(folder: Path) -> None:
    """A layer that should have 8 bits gets the 4 of its neighbour."""

    def change(graph: Any) -> None:
        nodes = {node.name: node for node in graph.node}
        up = nodes["/model/layers.0/mlp/up_proj/MatMulNBits"]
        down = nodes["/model/layers.1/mlp/down_proj/MatMulNBits"]
        for node, bits in ((up, 8), (down, 4)):
            next(item for item in node.attribute if item.name == "bits").i = bits

    _graph(folder, change)


def _other_tokenizer(folder: Path) -> None:
    path = folder / "tokenizer.json"
    said = json.loads(path.read_text())
    words = said["model"]["vocab"]
    first, second = "a", "e"
    words[first], words[second] = words[second], words[first]
    path.write_text(json.dumps(said))


FAULTS: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "wrong bits in part of the layers": ("int4-mixed", _swap_bits, "of layer 0 in 4 bits; it has 8"),
    "a matrix of zeros": (
        "int4",
        lambda f: _weight(f, "layers.1.mlp.down_proj", _zero),
        "down_proj of layer 1",
    ),
    "rows in another order": (
        "int4",
        lambda f: _weight(f, "layers.0.attn.o_proj", _permute),
        "o_proj of layer 0",
    ),
    "scales doubled": (
        "int4",
        lambda f: _weight(f, "gate_proj.MatMul.weight_scales", _double),
        "gate_proj of layer 0",
    ),
    "scales destroyed": (
        "int4",
        lambda f: _weight(f, "up_proj.MatMul.weight_scales", _garbage),
        "up_proj of layer 0",
    ),
    "zero points destroyed": ("int4-mixed", lambda f: _weight(f, "qzeros", _invert), "weights are not"),
    "a norm of zeros": (
        "int4",
        lambda f: _weight(f, "input_layernorm.weight", _zero),
        "input_layernorm of layer 0",
    ),
    "scales moved out of a norm, but not into it": (
        "int4-awq",
        lambda f: _weight(f, "layers.1.post_attention_layernorm.weight", np.ones_like),
        "post_attention_layernorm of layer 1",
    ),
    "a flipped bit in a weight": (
        "int8",
        lambda f: _weight(f, "1.mlp.down_proj.MatMulNBits.qweight", _flip),
        "a row",
    ),
    "a flipped bit in a scale": (
        "int4",
        lambda f: _weight(f, "o_proj.MatMul.weight_scales", _flip_exponent),
        "o_proj of layer 0",
    ),
    "template changed by one byte": ("int4", _change_a_byte, "byte for byte"),
    "template missing": ("int4", lambda f: (f / "chat_template.jinja").unlink(), "template is missing"),
    "no stop token": ("int4", lambda f: _settings(f, eos_token_id=[]), "end at the tokens none"),
    "another stop token": ("int4", lambda f: _settings(f, eos_token_id=0), "end at the tokens 0"),
    "weight missing": ("int4", _lose_a_weight, "needs lm_head"),
    "data cut off": ("int4", _cut, "cut off"),
    "data outside the folder": ("int4", _move_out, "outside the folder"),
    "data behind a link": ("int4", _link, "a link to another place"),
    "data missing": ("int4", lambda f: (f / "model.onnx.data").unlink(), "is missing"),
    "graph damaged": (
        "int4",
        lambda f: (f / "model.onnx").write_bytes(b"\x00\xffno graph"),
        "cannot be read",
    ),
    "settings missing": ("int4", lambda f: (f / "genai_config.json").unlink(), "cannot be read"),
    "another family": ("int4", lambda f: _settings(f, type="qwen2"), "calls the model qwen2"),
    "wrong number of layers": ("int4", lambda f: _settings(f, num_hidden_layers=3), "promises 3 layers"),
    "wrong number of key heads": (
        "int4",
        lambda f: _settings(f, num_key_value_heads=4),
        "promises 4 key heads",
    ),
    "wrong size of heads": ("int4", lambda f: _settings(f, head_size=32), "promises 32"),
    "vocabulary of another size": ("int4", lambda f: _settings(f, vocab_size=49152), "vocabulary"),
    "tokenizer of another model": ("int4", _other_tokenizer, "splits a conversation differently"),
    "tokenizer damaged": ("int4", lambda f: (f / "tokenizer.json").write_text("{"), "does not load"),
    "whole context reserved": ("int4", lambda f: _settings(f, max_length=512), "more at every start"),
    "longer than the model knows": ("int4", lambda f: _settings(f, max_length=8192), "knows 512 places"),
}
