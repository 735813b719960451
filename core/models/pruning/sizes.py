"""How large the parts of a model are, read from the headers of its weights without loading them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.models import records
from core.models.safetensors_header import Tensor

_LAYER = re.compile(r"(?:model\.)?layers\.(\d+)\.(.+)")
_TABLE = re.compile(r"(?:model\.)?embed_tokens\.weight")
_HEAD = "lm_head.weight"
#: Numbers that older files keep although they are computed.
_COMPUTED = "inv_freq"
_NARROWING, _WIDENING = ("mlp.gate_proj", "mlp.up_proj"), "mlp.down_proj"
#: What int8 leaves in 32 bits: the token table of a model whose output has its own. A shared one is 8 bits.
_OWN_TABLE_BYTES = 4
_FP32_BYTES = 4
#: Each block of 32 numbers has a scale of four bytes and a zero point of one.
_INT8_FILE_BYTES = 1 + 5 / 32


@dataclass(frozen=True)
class Cut:
    """How much of a model stays: layers, feed-forward neurons of each, and tokens."""

    layers: int
    neurons: int
    tokens: int


@dataclass(frozen=True)
class Sizes:
    """How many numbers the parts of a model have.

    Attributes:
        whole: All that it has.
        layer: Numbers of a layer without its neurons.
        neuron: Numbers of one neuron.
        token: Numbers of one token in the token table.
        tied: Whether the output uses the token table too, instead of one of its own.
        rest: Numbers outside layers and tokens, such as the last norm.
    """

    whole: Cut
    layer: int
    neuron: int
    token: int
    tied: bool
    rest: int

    def parameters(self, cut: Cut) -> int:
        """All numbers that such a model has."""
        return self.rest + self.of_tokens(cut) + self.of_layers(cut) + self.of_neurons(cut)

    def of_tokens(self, cut: Cut) -> int:
        """Numbers in the token table, and in the output where it has its own."""
        return cut.tokens * self.token * (1 if self.tied else 2)

    def of_layers(self, cut: Cut) -> int:
        """Numbers in the layers without their neurons: attention and norms."""
        return cut.layers * self.layer

    def of_neurons(self, cut: Cut) -> int:
        """Numbers in the feed-forward neurons of all layers."""
        return cut.layers * cut.neurons * self.neuron

    def fp32_bytes(self, cut: Cut) -> int:
        """In full precision, as it learns."""
        return self.parameters(cut) * _FP32_BYTES

    def bytes(self, cut: Cut) -> int:
        """In int8, scales apart: what a target size counts."""
        return self.parameters(cut) + self._table_in_full(cut) * (_OWN_TABLE_BYTES - 1)

    def int8_file_bytes(self, cut: Cut) -> int:
        """About what the int8 files take, with scales, without the tokenizer."""
        full = self._table_in_full(cut)
        return round((self.parameters(cut) - full) * _INT8_FILE_BYTES) + full * _OWN_TABLE_BYTES

    def _table_in_full(self, cut: Cut) -> int:
        return 0 if self.tied else cut.tokens * self.token


def read(folder: Path, name: str) -> Sizes:
    """The sizes of a whole model with attention and gated feed-forward layers, as in Llama.

    Args:
        folder: Where its weights are.
        name: Its name, for a refusal.

    Raises:
        InputError: It is built otherwise.
        IntegrityError: The header of its weights is broken.
    """
    tensors = {
        tensor: found
        for tensor, found in records.tensors(folder, "hf").items()
        if not tensor.endswith(_COMPUTED)
    }
    layers = _layers(tensors)
    tables = [found for tensor, found in tensors.items() if _TABLE.fullmatch(tensor)]
    kind = records.describe(folder).architecture
    if not layers or not tables or len(tables[0].shape) != 2:
        raise built_otherwise(name, kind, "Its layers are not where Llama-like models have them.")
    config = _config(folder)
    if config.get("num_kv_shared_layers"):
        raise built_otherwise(name, kind, "Its layers share keys and values, so none can go alone.")
    widths = [_neurons(layer, at, name, kind) for at, layer in enumerate(layers)]
    if len(set(widths)) > 1:
        raise built_otherwise(name, kind, "Its layers are of different widths.")
    neurons = widths[0]
    of_neurons = sum(
        tensor.elements
        for part, tensor in layers[0].items()
        if part.startswith(_NARROWING) or part == f"{_WIDENING}.weight"
    )
    vocabulary, token = tables[0].shape
    tied = _HEAD not in tensors or bool(config.get("tie_word_embeddings"))
    each = [sum(tensor.elements for tensor in layer.values()) for layer in layers]
    outside = sum(tensor.elements for tensor in tensors.values()) - sum(each) - vocabulary * token
    if _HEAD in tensors:
        outside -= tensors[_HEAD].elements
    return Sizes(
        whole=Cut(len(layers), neurons, vocabulary),
        layer=max(each) - of_neurons,
        neuron=of_neurons // neurons,
        token=token,
        tied=tied,
        rest=outside,
    )


def built_otherwise(name: str, kind: str, why: str) -> InputError:
    """The refusal of a model whose parts cannot be cut one by one."""
    return InputError(
        f"{name} cannot be pruned.",
        why=f"{why} It is a {kind}." if kind else why,
        fix="Choose a model of the Llama, SmolLM, Qwen, Mistral or Gemma families.",
        code="prune.structure",
    )


def _layers(tensors: dict[str, Tensor]) -> list[dict[str, Tensor]]:
    """The tensors of each layer by their name in it; none where a number is missing."""
    found: defaultdict[int, dict[str, Tensor]] = defaultdict(dict)
    for name, tensor in tensors.items():
        match = _LAYER.fullmatch(name)
        if match is not None:
            found[int(match[1])][match[2]] = tensor
    return [found[at] for at in range(len(found))] if all(at in found for at in range(len(found))) else []


def _neurons(layer: dict[str, Tensor], at: int, name: str, kind: str) -> int:
    """How many neurons a layer has."""
    gate, up = (layer.get(f"{part}.weight") for part in _NARROWING)
    down = layer.get(f"{_WIDENING}.weight")
    parts = [part for part in (gate, up, down) if part is not None and len(part.shape) == 2]
    if len(parts) < 3 or not any(part.startswith("self_attn.") for part in layer):
        raise built_otherwise(
            name, kind, f"Layer {at + 1} has no attention beside a gate, up and down projection."
        )
    widths = {parts[0].shape[0], parts[1].shape[0], parts[2].shape[1]}
    if len(widths) > 1:
        raise built_otherwise(name, kind, "Its layers are of different widths.")
    return widths.pop()


def _config(folder: Path) -> dict[str, object]:
    try:
        return dict(records.read_json(folder / "config.json"))
    except (OSError, ValueError):
        return {}
