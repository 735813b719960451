"""Is a folder from outside safe and whole? Looked at with `json` and headers only; nothing of it is run.

Our rule is simple and strict: weights come as safetensors, programs never come along, and only files we know
are ever copied into the library.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from core.errors import InputError
from core.models import architectures, records, safetensors_header
from core.specs import AddModelSpec
from core.workspace.workspace import Workspace

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
#: The only files besides weights that are taken over; everything else in the folder stays behind.
KNOWN = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "LICENSE",
    "LICENSE.txt",
    "LICENSE.md",
)
_PICKLE_SUFFIXES = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".msgpack", ".h5", ".npz"})
_PICKLE_MAGIC = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")
_CODE_SUFFIXES = frozenset({".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".sh", ".bat", ".ps1", ".exe"})
_CODE_KEYS = (
    "auto_map",
    "custom_pipelines",
    "custom_generate",
    "trust_remote_code",
    "use_kernels",
    "kernel_config",
)
_JSON_LIMIT_BYTES = 64 << 20
_TEMPLATE_LIMIT_BYTES = 64 << 10
_SIZES = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads")
_LARGEST_SIZE = 1 << 22


def check_foreign(folder: Path) -> list[Path]:
    """Refuses what is unsafe, broken or unknown.

    Args:
        folder: A transformers folder from outside.

    Returns:
        The files to take over.

    Raises:
        InputError: Names the file, the reason and what to do.
    """
    if not folder.is_dir():
        _refuse(folder, "is not a folder", "Choose the folder that holds config.json and model.safetensors.")
    _check_entries(folder)
    config = _read_json(folder / "config.json")
    _check_config(folder, config)
    _check_tokenizer(folder)
    tensors = _check_weights(folder)
    _check_shapes(folder, config, tensors)
    names = [*KNOWN, INDEX, *sorted(path.name for path in folder.glob("model*.safetensors"))]
    taken = [folder / name for name in names if (folder / name).is_file()]
    for path in taken:
        with open(path, "rb") as file:
            if file.read(4).startswith(_PICKLE_MAGIC):
                _refuse(path, "is a pickle or an archive under another name", "Get the model as safetensors.")
    return taken


def refuse(_workspace: Workspace, spec: AddModelSpec) -> None:
    """Says before a run exists that a folder's family cannot be used.

    Raises:
        InputError: It cannot.
    """
    path = Path(spec.source).expanduser() / "config.json"
    if spec.source != "starter" and path.is_file():
        _check_config(path.parent, _read_json(path))


def _refuse(path: Path, reason: str, fix: str) -> NoReturn:
    raise InputError(f"{path} cannot be added.", why=f"{path.name} {reason}.", fix=fix)


def _check_entries(folder: Path) -> None:
    """Links, programs and pickles, by name, at any depth."""
    pickles = []
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root, name)
            if path.is_symlink():
                _refuse(path, "is a link to another place", "Copy the real files into the folder (cp -rL).")
            if name in files and not path.is_file():
                _refuse(path, "is no ordinary file", "Remove it from the folder.")
            if path.suffix.lower() in _CODE_SUFFIXES:
                _refuse(
                    path,
                    "is a program, and models from outside never bring programs",
                    "Get a version of the model that transformers knows by itself.",
                )
            if path.suffix.lower() in _PICKLE_SUFFIXES:
                pickles.append(path)
    if pickles and not any(folder.glob("*.safetensors")):
        _refuse(
            pickles[0],
            "is a pickle, which can run any program when opened, and there is no other copy",
            "Get the model as safetensors; most publishers offer both.",
        )


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        _refuse(path, "is missing", f"Choose a complete model folder with {path.name} in it.")
    if path.stat().st_size > _JSON_LIMIT_BYTES:
        _refuse(path, "is far too large for what it should be", "Download the model again.")
    try:
        return records.read_json(path)
    except (ValueError, UnicodeDecodeError):
        _refuse(path, "is not a JSON object", "Download the file again.")


def _check_config(folder: Path, config: dict[str, Any]) -> None:
    path = folder / "config.json"
    _check_keys(path, config)
    named = config.get("architectures")
    architecture = named[0] if isinstance(named, list) and named else None
    if why := architectures.obstacle(architecture):
        _refuse(
            path,
            f"names the architecture {architecture!r}, which is not supported: {why}",
            f"Choose one of: {architectures.names()}.",
        )
    if "quantization_config" in config:
        _refuse(
            path,
            "says that the weights are already quantized",
            "Add the original, unquantized model; Quantize makes it small afterwards.",
        )
    for key in _SIZES:
        value = config.get(key)
        if type(value) is not int or not 0 < value <= _LARGEST_SIZE:
            _refuse(path, f"has the impossible value {value!r} for {key}", "Download the file again.")


def _check_keys(path: Path, value: Any) -> None:
    """No key, however deep, may name code: `_attn_implementation_internal` ran hub code (CVE-2026-4372)."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            for key in item:
                if key in _CODE_KEYS or "attn_implementation" in key or "experts_implementation" in key:
                    _refuse(
                        path,
                        f"asks for a program of its own ({key})",
                        "Get a version of the model that transformers knows by itself.",
                    )
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _check_tokenizer(folder: Path) -> None:
    tokenizer = _read_json(folder / "tokenizer.json")
    if not isinstance(tokenizer.get("model"), dict):
        _refuse(folder / "tokenizer.json", "holds no tokenizer", "Download the file again.")
    for name in ("tokenizer_config.json", "generation_config.json"):
        if (folder / name).exists():
            _check_keys(folder / name, _read_json(folder / name))
    template = folder / records.TEMPLATE
    if template.is_file() and template.stat().st_size > _TEMPLATE_LIMIT_BYTES:
        _refuse(template, "is far too long for a chat template", "Replace it by the publisher's own.")


def _check_weights(folder: Path) -> dict[str, safetensors_header.Tensor]:
    index = folder / INDEX
    shards = _shards(index) if index.exists() else [WEIGHTS]
    tensors: dict[str, safetensors_header.Tensor] = {}
    for name in shards:
        path = folder / name
        if not path.is_file():
            _refuse(
                path,
                "is missing" if name == WEIGHTS else f"is missing, though {INDEX} names it",
                "Download the model again, all files of it.",
            )
        try:
            found = safetensors_header.read(path)
        except safetensors_header.HeaderError as error:
            _refuse(path, f"is damaged: {error}", "Download the file again.")
        if twice := tensors.keys() & found.keys():
            _refuse(path, f"repeats the tensor {min(twice)!r} of another file", "Download the model again.")
        tensors |= found
    return tensors


def _shards(index: Path) -> list[str]:
    places = _read_json(index).get("weight_map")
    named = list(places.values()) if isinstance(places, dict) else []
    if not named or not all(isinstance(name, str) for name in named):
        _refuse(index, "names no weight files", "Download the file again.")
    names = sorted(set(named))
    for name in names:
        plain = PurePosixPath(name).name == name and "\\" not in name and ":" not in name
        if not plain or not name.startswith("model") or not name.endswith(".safetensors"):
            _refuse(
                index,
                f"points outside the folder or to no weight file ({name!r})",
                "Do not trust this copy; get the model from its publisher.",
            )
    return names


def _check_shapes(
    folder: Path, config: dict[str, Any], tensors: dict[str, safetensors_header.Tensor]
) -> None:
    embedding = tensors.get("model.embed_tokens.weight")
    expected = (config["vocab_size"], config["hidden_size"])
    if embedding is None or embedding.shape != expected:
        found = "nothing" if embedding is None else embedding.shape
        _refuse(
            folder / "config.json",
            f"does not belong to these weights: embedding of {expected} against {found}",
            "Download the model again, all files of it.",
        )
