"""Writes a transformers folder as one GGUF file, as llama.cpp's own converter does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models import records
from core.models.gguf_export import FAMILIES

_KIND_NORMAL, _KIND_CONTROL, _KIND_OWN, _KIND_UNUSED = 1, 3, 4, 5
#: Coarser than these, the embedding and the last product keep 8 bits, as every rounding of llama.cpp does.
_FINE = ("f16", "q8_0")
_LOOKUPS = ("token_embd.weight", "output.weight")


@dataclass(frozen=True)
class Words:
    """What the file says of text and tokens.

    Attributes:
        tokenizer: The document of `tokenizer.json`.
        split: llama.cpp's name of how text is split.
        template: The chat template.
        stop_ids: Tokens that end an answer; the first is written as the end of a sequence, the second as
            the end of a turn.
        bos_id: Token before a text, if there is one.
        pad_id: Padding, if there is one.
        licence: As the library knows it.
    """

    tokenizer: dict[str, Any]
    split: str
    template: str
    stop_ids: Sequence[int]
    bos_id: int | None
    pad_id: int | None
    licence: str


def write(source: Path, file: Path, numbers: str, name: str, words: Words) -> None:
    """Writes the file.

    Args:
        source: A whole model as a transformers folder.
        file: What is written.
        numbers: `f16`, `q8_0` and so on.
        name: The model's name.
        words: What it says of text.
    """
    import gguf

    config = records.read_json(source / "config.json")
    writer = gguf.GGUFWriter(str(file), FAMILIES[config["architectures"][0]])
    _describe(writer, config, numbers, name, words)
    _add_words(writer, words, int(config["vocab_size"]))
    for tensor, values in tensors(source, config):
        kind = gguf.GGMLQuantizationType[type_of(tensor, values.ndim, numbers).upper()]
        writer.add_tensor(tensor, gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def type_of(tensor: str, dimensions: int, numbers: str) -> str:
    """How a tensor is stored: vectors in full, lookups not below 8 bits."""
    if dimensions < 2:
        return "f32"
    return "q8_0" if tensor in _LOOKUPS and numbers not in _FINE else numbers


def tensors(source: Path, config: dict[str, Any]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """The weights under their GGUF names, one after another, as that format wants them."""
    import gguf
    from safetensors import safe_open

    family = FAMILIES[config["architectures"][0]]
    kinds = {value: key for key, value in gguf.MODEL_ARCH_NAMES.items()}
    names = gguf.get_tensor_name_map(kinds[family], int(config["num_hidden_layers"]))
    tied = bool(config.get("tie_word_embeddings"))
    for path in sorted(source.glob("model*.safetensors")):
        with safe_open(str(path), framework="pt") as opened:
            for name in opened.keys():  # noqa: SIM118
                if tied and name == "lm_head.weight":
                    continue
                values = opened.get_tensor(name).float().numpy()
                if family == "llama" and name.endswith(("q_proj.weight", "k_proj.weight")):
                    heads = "num_attention_heads" if "q_proj" in name else "num_key_value_heads"
                    values = _interleaved(values, int(config[heads]))
                yield str(names.get_name(name, try_suffixes=(".weight", ".bias"))), values


def _interleaved(values: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """GGUF's Llama turns neighbouring numbers, transformers' the halves of a head."""
    rows, columns = values.shape
    return values.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _describe(writer: Any, config: dict[str, Any], numbers: str, name: str, words: Words) -> None:
    import gguf

    heads = int(config["num_attention_heads"])
    size = int(config.get("head_dim") or int(config["hidden_size"]) // heads)
    rope = config.get("rope_parameters") or {}
    writer.add_name(name)
    if words.licence:
        writer.add_license(words.licence)
    writer.add_file_type(gguf.LlamaFileType[f"MOSTLY_{numbers.upper()}"])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(int(config["max_position_embeddings"]))
    writer.add_embedding_length(int(config["hidden_size"]))
    writer.add_block_count(int(config["num_hidden_layers"]))
    writer.add_feed_forward_length(int(config["intermediate_size"]))
    writer.add_head_count(heads)
    writer.add_head_count_kv(int(config.get("num_key_value_heads") or heads))
    writer.add_key_length(size)
    writer.add_value_length(size)
    writer.add_layer_norm_rms_eps(float(config["rms_norm_eps"]))
    writer.add_rope_freq_base(float(rope.get("rope_theta") or config.get("rope_theta") or 10000.0))
    writer.add_rope_dimension_count(size)
    writer.add_vocab_size(int(config["vocab_size"]))


def _add_words(writer: Any, words: Words, size: int) -> None:
    by_id = {number: text for text, number in words.tokenizer["model"]["vocab"].items()}
    kinds = dict.fromkeys(by_id, _KIND_NORMAL)
    for added in words.tokenizer.get("added_tokens", ()):
        by_id[added["id"]] = added["content"]
        kinds[added["id"]] = _KIND_CONTROL if added.get("special") else _KIND_OWN
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(words.split)
    writer.add_token_list([by_id.get(number, f"[PAD{number}]") for number in range(size)])
    writer.add_token_types([kinds.get(number, _KIND_UNUSED) for number in range(size)])
    merges = words.tokenizer["model"]["merges"]
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    writer.add_add_bos_token(False)  # the chat template writes what comes before
    if words.bos_id is not None:
        writer.add_bos_token_id(words.bos_id)
    writer.add_eos_token_id(words.stop_ids[0])
    if len(words.stop_ids) > 1:
        writer.add_eot_token_id(words.stop_ids[1])
    if words.pad_id is not None:
        writer.add_pad_token_id(words.pad_id)
    if words.template:
        writer.add_chat_template(words.template)
