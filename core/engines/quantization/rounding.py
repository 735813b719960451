"""Rounds a transformers folder's weights with Olive's passes, used directly.

Only the passes: Olive's command line and engine would send telemetry, and its ONNX export does not fit
onnxruntime-genai 0.15 and later.
"""

from __future__ import annotations

import contextlib
import json
import logging
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from core.engines.quantization import folding, parting
from core.errors import InputError
from core.models.quantizing.plan import Plan
from core.models.quantizing.sizes import Matrices

if TYPE_CHECKING:
    from core.engines.quantization.gptq import Layers

_ROWS = "slm_workbench_rows"


def round_weights(
    source: Path,
    folder: Path,
    plan: Plan,
    calibrating: Sequence[Sequence[int]] = (),
    layers: Layers | None = None,
    heard: Callable[[int], None] | None = None,
) -> Path:
    """Writes a folder whose linear layers are rounded as the plan says; the builder takes it from there.

    Args:
        source: The model in full precision.
        folder: An empty folder.
        plan: What every matrix gets.
        calibrating: Token ids of sample rows, for GPTQ and AWQ.
        layers: What GPTQ has rounded before, and who hears of it.
        heard: Told how many matrices KQuant has rounded, which takes it a minute where others need seconds.

    Returns:
        `folder`.

    Raises:
        InputError: AWQ cannot move scales in this family.
    """
    if plan.algorithm != "awq":
        return _round(source, folder, plan, calibrating, layers, heard)
    from core.engines.quantization import awq

    with tempfile.TemporaryDirectory(dir=folder.parent) as scaled:
        folds = awq.scale(source, Path(scaled), plan, calibrating)
        _round(Path(scaled), folder, plan, heard=heard)
    folding.write(folder, folds)
    return folder


def _round(
    source: Path,
    folder: Path,
    plan: Plan,
    calibrating: Sequence[Sequence[int]] = (),
    layers: Layers | None = None,
    heard: Callable[[int], None] | None = None,
) -> Path:
    logging.getLogger("olive").setLevel(logging.WARNING)
    from olive.hardware import DEFAULT_CPU_ACCELERATOR
    from olive.model import HfModelHandler
    from olive.passes.olive_pass import create_pass_from_dict
    from olive.passes.pytorch import kquant, rtn

    from core.engines.quantization import gptq, hqq

    usual = Counter(plan.matrices.values()).most_common(1)[0][0]
    kinds: dict[str, Any] = {
        "rtn": rtn.Rtn,
        "k_quant": kquant.KQuant,
        "hqq": hqq.Hqq,
        "gptq": gptq.GptqByLayers,
        "awq": kquant.KQuant,
    }
    settings: dict[str, Any] = {
        "bits": usual.bits,
        "group_size": usual.block,
        "sym": False,  # the builder cannot read symmetric ones: it packs zero points that are not there
        "lm_head": False,
        "overrides": {
            name: {"bits": part.bits, "group_size": part.block}
            for name, part in plan.matrices.items()
            if part != usual
        },
    }
    if plan.algorithm == "gptq":
        settings["data_config"] = _data(calibrating)
    else:
        settings["embeds"] = False
    rounding = create_pass_from_dict(
        kinds[plan.algorithm], settings, disable_search=True, accelerator_spec=DEFAULT_CPU_ACCELERATOR
    )
    if plan.algorithm == "gptq":
        rounding.layers = layers
    # In 32 bits: what is stored in 16 would be divided by its steps in 16, which 8 bits are too fine for.
    loading = {"trust_remote_code": False, "torch_dtype": "float32"}
    with _telling(kquant, heard) if heard else contextlib.nullcontext():
        rounding.run(HfModelHandler(str(source), load_kwargs=loading), str(folder))
    parting.take_apart(folder)
    return folder


@contextlib.contextmanager
def _telling(kquant: Any, heard: Callable[[int], None]) -> Iterator[None]:
    """Says after each matrix how many KQuant has rounded: its pass itself tells nobody."""
    find, done = kquant.kquant_find_qparams, count(1)

    def told(*arguments: Any, **named: Any) -> Any:
        found = find(*arguments, **named)
        heard(next(done))
        return found

    with mock.patch.object(kquant, "kquant_find_qparams", told):
        yield


def _data(calibrating: Sequence[Sequence[int]]) -> dict[str, Any]:
    """The rows as Olive takes data of one's own; what it would take otherwise is WikiText from the hub."""
    import torch
    from olive.data.registry import Registry

    by_length: dict[int, list[list[int]]] = {}
    for ids in calibrating:
        by_length.setdefault(len(ids), []).append(list(ids))
    rows = []
    for alike in by_length.values():  # of one length, so that nothing is padded
        batch = torch.tensor(alike)
        rows.append(({"input_ids": batch, "attention_mask": torch.ones_like(batch)}, 0))
    Registry.register_dataset(_ROWS)(lambda: rows)
    return {
        "name": _ROWS,
        "load_dataset_config": {"type": _ROWS},
        "dataloader_config": {"type": "no_auto_batch_dataloader"},
    }


def rounded(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """The rounded matrices of a folder as the numbers they stand for in its source.

    Returns:
        Torch tensors (out, in) by name.
    """
    import torch
    from safetensors import safe_open

    config = json.loads((folder / "config.json").read_bytes())["quantization_config"]
    folds = folding.read(folder)
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            inside = set(file.keys())
            for name in names:
                parts = parting.parts(name) or (name,)
                if f"{parts[0]}.qweight" in inside:
                    whole = torch.cat([_dequantized(file, config, part) for part in parts])
                    found[name] = torch.from_numpy(folds.undo(name, whole.numpy()))
    return found


def _dequantized(file: Any, config: Any, name: str) -> Any:
    """A matrix of a rounded folder: (number - zero) x scale."""
    from olive.common.quant.utils import unpack_from_uint8

    bits = int((config.get("overrides") or {}).get(name, {}).get("bits", config["bits"]))
    packed, scales, zeros = (file.get_tensor(f"{name}.{part}") for part in ("qweight", "scales", "qzeros"))
    rows, blocks = scales.shape
    whole = unpack_from_uint8(packed, bits, (rows, packed.shape[1] * 8 // bits))
    whole = whole.reshape(rows, blocks, -1) - unpack_from_uint8(zeros, bits, (rows, blocks))[..., None]
    return (whole * scales.float()[..., None]).reshape(rows, -1)


def require_blocks(source: Path, found: Matrices, plan: Plan) -> None:
    """Refuses blocks that do not fill the rows.

    Raises:
        InputError: The model's sizes do not fit.
    """
    for name, shape in found.layers.items():
        block = plan.matrices[name].block
        if shape[1] % block:
            family = json.loads((source / "config.json").read_bytes()).get("model_type", "model")
            raise InputError(
                f"This {family} cannot be rounded in blocks of {block}.",
                why=f"{name} has rows of {shape[1]}.",
                fix="Choose smaller blocks (--set block=32), or the recipe int4, which fills up the last.",
            )
