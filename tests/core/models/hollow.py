"""A model whose folder says everything and whose weights are a hole: there is nothing to load."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

from tokenizers import pre_tokenizers

from core.models import records
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

LAYERS, HIDDEN, NEURONS, TOKENS = 30, 576, 1536, 49152
_KEYS = 192


def layer(at: int, neurons: int = NEURONS) -> dict[str, tuple[int, ...]]:
    """Shapes of a layer's tensors, as SmolLM2-135M has them."""
    shapes: dict[str, tuple[int, ...]] = {
        "self_attn.q_proj.weight": (HIDDEN, HIDDEN),
        "self_attn.k_proj.weight": (_KEYS, HIDDEN),
        "self_attn.v_proj.weight": (_KEYS, HIDDEN),
        "self_attn.o_proj.weight": (HIDDEN, HIDDEN),
        "mlp.gate_proj.weight": (neurons, HIDDEN),
        "mlp.up_proj.weight": (neurons, HIDDEN),
        "mlp.down_proj.weight": (HIDDEN, neurons),
        "input_layernorm.weight": (HIDDEN,),
        "post_attention_layernorm.weight": (HIDDEN,),
    }
    return {f"model.layers.{at}.{name}": shape for name, shape in shapes.items()}


def llama(*, layers: int = LAYERS, tied: bool = True) -> dict[str, tuple[int, ...]]:
    """Shapes of a whole model's tensors."""
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (TOKENS, HIDDEN)}
    for at in range(layers):
        shapes |= layer(at)
    shapes["model.norm.weight"] = (HIDDEN,)
    return shapes if tied else {**shapes, "lm_head.weight": (TOKENS, HIDDEN)}


def bytes_alone() -> dict[str, Any]:
    """A byte-level BPE that merges next to nothing."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: at for at, letter in enumerate([*letters, "ca", "zz"])}
    return {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": [["c", "a"], ["z", "z"]]},
    }


def write(
    folder: Path,
    name: str = "starter",
    shapes: dict[str, tuple[int, ...]] | None = None,
    tokenizer: Path | None = None,
    **said: Any,
) -> Path:
    """A model folder as the library keeps it; keyword arguments change what `model.json` says.

    Its tokenizer reads bytes, unless a real one is named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entries: dict[str, Any] = {}
    end = 0
    for tensor, shape in (llama() if shapes is None else shapes).items():
        start, size = end, 2
        for length in shape:
            size *= length
        end = start + size
        entries[tensor] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [start, end]}
    header = json.dumps(entries).encode()
    with open(folder / "model.safetensors", "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + end)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}), encoding="utf-8")
    (folder / records.TEMPLATE).write_text("{{ messages }}", encoding="utf-8")
    if tokenizer is not None:
        shutil.copyfile(tokenizer, folder / "tokenizer.json")
    else:
        (folder / "tokenizer.json").write_text(json.dumps(bytes_alone()), encoding="utf-8")
    facts = {"format": "hf", "architecture": "LlamaForCausalLM", "parameters": end // 2, "context": 8192}
    records.write(folder, records.Description.model_validate({**facts, "name": name, **said}))
    return folder


def add(workspace: Workspace, name: str = "starter", **changes: Any) -> Artifact:
    """Such a model in the library."""
    folder = write(workspace.artifact_folder(f"model-{name}"), name, **changes)
    meta = records.describe(folder).model_dump(exclude={"version", "name", "source"})
    return keep(workspace, "model", name, folder.name, meta, records.bytes_on_disk(folder))


def keep(
    workspace: Workspace, type: str, name: str, id: str, meta: dict[str, Any], size: int = 1
) -> Artifact:
    """Puts an artifact into the store."""
    made = Artifact(
        id=id, type=type, name=name, digest="0" * 64, bytes=size, created_at=time.time(), run_id="", meta=meta
    )
    workspace.store.add_artifact(made)
    return made
