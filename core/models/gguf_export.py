"""Which models can be written as GGUF, told from their small files before a run exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import InputError
from core.models import records
from core.models.pruning import refusal
from core.specs import ExportSpec
from core.workspace.workspace import Workspace

#: transformers' class name → GGUF's `general.architecture`.
FAMILIES = {"LlamaForCausalLM": "llama", "Qwen2ForCausalLM": "qwen2", "Qwen3ForCausalLM": "qwen3"}
#: Weights that share a scale.
_BLOCK = 32
_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_PATTERNS = {_WORDS % "{1,3}": "llama-bpe", _WORDS % "": "qwen2"}


def refuse(workspace: Workspace, spec: ExportSpec) -> None:
    """Looks at family, positions, sizes, tokenizer, and the folder that was named.

    Raises:
        InputError: The file could not be written, or would be read wrongly.
    """
    folders = refusal.folders_of(workspace, workspace.artifact(spec.model, "model"))
    check(folders, records.describe(folders[0]).name or folders[0].name)
    if spec.out:
        require_empty(Path(spec.out))


def check(folders: tuple[Path, ...] | list[Path], name: str) -> str:
    """The name of the way the tokenizer splits text, after checking that the model can be written.

    Args:
        folders: The model's own, and of an adapter what it stands on, the nearest first.
        name: The model's name, for a refusal.

    Raises:
        InputError: It cannot.
    """
    config = records.read_json(folders[-1] / "config.json")
    architecture = str((config.get("architectures") or ["?"])[0])
    if architecture not in FAMILIES:
        raise _refused(name, f"It is a {architecture}; written are {', '.join(FAMILIES)}.")
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = str(rope.get("rope_type") or rope.get("type") or "default")
    if kind != "default":
        raise _refused(name, f"It turns positions in a way ({kind}) that is not written yet.")
    for key in ("hidden_size", "intermediate_size"):
        if int(config.get(key) or 0) % _BLOCK:
            raise _refused(name, f"Its {key} is {config.get(key)}, which does not fit blocks of {_BLOCK}.")
    path = next(
        (folder / "tokenizer.json" for folder in folders if (folder / "tokenizer.json").exists()), None
    )
    split = pre_tokenizer(records.read_json(path)) if path else ""
    if not split:
        raise _refused(name, "Its tokenizer splits text in a way that llama.cpp has no name for.")
    return split


def _refused(name: str, why: str) -> InputError:
    return InputError(
        f"{name} cannot be written as GGUF.",
        why=why,
        fix="Quantize it instead; the ONNX model runs here and in every ONNX Runtime GenAI.",
        code="gguf.family",
    )


def pre_tokenizer(document: dict[str, Any]) -> str:
    """llama.cpp's name of how a `tokenizer.json` splits text; empty where it has none that is known here."""
    if document.get("model", {}).get("type") != "BPE":
        return ""
    said = document.get("pre_tokenizer") or {}
    steps = said.get("pretokenizers", []) if said.get("type") == "Sequence" else [said]
    kinds = [step.get("type") for step in steps]
    if kinds == ["ByteLevel"] and steps[0].get("use_regex", True):
        return "gpt-2"
    if kinds == ["Digits", "ByteLevel"] and steps[0].get("individual_digits"):
        return "smollm"
    if kinds == ["Split", "ByteLevel"]:
        return _PATTERNS.get(str(steps[0].get("pattern", {}).get("Regex", "")), "")
    return ""


def require_empty(folder: Path) -> None:
    """Refuses a folder that holds something already.

    Raises:
        InputError: It does, or it is no folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"{folder} cannot take the export.",
            why="There is something already, and nothing is overwritten.",
            fix="Name a folder that is new or empty.",
            code="export.not_empty",
        )
