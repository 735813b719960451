"""How many bytes of weights a model reads for each token: what its speed on this machine hangs on."""

from __future__ import annotations

from pathlib import Path

from core.engines.quantization import graph
from core.engines.runtimes.runtime import Source
from core.models import safetensors_header

_FP32 = 4  # transformers models are measured in fp32, whatever their files hold
_HEAD = "lm_head.weight"
_LOOKUPS = ("embed_tokens.weight", "wte.weight", "word_embeddings.weight")


def bytes_a_token(source: Source) -> int | None:
    """Bytes of weights that one token needs; None where the files do not say.

    Of the embedding table a token looks up one row, so the table counts only where it is the head too. An
    adapter is merged into its base before it is measured, so the base alone counts.
    """
    try:
        if source.format == "onnx":
            return graph.bytes_a_token(source.folder / "model.onnx")
        return _of_tensors((source.folder, *source.bases)[-1])
    except (OSError, graph.GraphError, safetensors_header.HeaderError):
        return None


def _of_tensors(folder: Path) -> int | None:
    sizes: dict[str, int] = {}
    for path in sorted(folder.glob("*.safetensors")):
        sizes |= {name: tensor.elements for name, tensor in safetensors_header.read(path).items()}
    if any(name.endswith(_HEAD) for name in sizes):
        sizes = {name: size for name, size in sizes.items() if not name.endswith(_LOOKUPS)}
    return sum(sizes.values()) * _FP32 or None
