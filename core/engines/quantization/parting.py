"""Takes apart what a family keeps as one matrix (Phi 3: query, key and value; gate and up), once rounded.

onnxruntime-genai 0.18 takes them apart itself and cuts the zero points of 4-bit ones in the wrong place: half
of the rows get those of others, and nothing says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.models import records
from core.workspace import durable

JOINED = {"qkv_proj": ("q_proj", "k_proj", "v_proj"), "gate_up_proj": ("gate_proj", "up_proj")}


def rows(config: dict[str, Any], joined: str, total: int) -> list[int]:
    """Rows of each part of a joined matrix of so many rows."""
    if joined == "gate_up_proj":
        return [total // 2, total // 2]
    heads, keys = int(config["num_attention_heads"]), int(config["num_key_value_heads"])
    head = total // (heads + 2 * keys)
    return [heads * head, keys * head, keys * head]


def take_apart(folder: Path) -> None:
    """Rewrites a rounded folder; one without joined matrices stays as it is."""
    from safetensors import safe_open
    from safetensors.torch import save_file

    config = records.read_json(folder / "config.json")
    for path in sorted(folder.glob("model*.safetensors")):
        with safe_open(str(path), framework="pt") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        parted = {}
        for name, tensor in tensors.items():
            place, _dot, kind = name.rpartition(".")
            names = parts(place)
            if not names:
                parted[name] = tensor
                continue
            sizes = rows(config, place.rpartition(".")[2], tensor.shape[0])
            for part, piece in zip(names, tensor.split(sizes), strict=True):
                parted[f"{part}.{kind}"] = piece.contiguous()
        if parted.keys() != tensors.keys():
            save_file(parted, path, {"format": "pt"})
    overrides = config["quantization_config"].get("overrides") or {}
    config["quantization_config"]["overrides"] = {
        part: value for name, value in overrides.items() for part in parts(name) or (name,)
    }
    durable.write_json(folder / "config.json", config)


def parts(place: str) -> tuple[str, ...]:
    """Names of the parts of a joined matrix; empty for another one."""
    path, _dot, name = place.rpartition(".")
    return tuple(f"{path}.{part}" for part in JOINED.get(name, ()))
