"""The tuned model for llama.cpp: Q8_0, and Q4_K_M by its own quantizer's rule, which the wheel leaves out.

The rule (llama-quant.cpp): 4.5 bits (Q4_K) for most, 6.6 bits (Q6_K) for values and the last product of the
feed-forward part where `is_edge` says so, and for the output layer. Rows that are no multiple of 256, as most
here, get Q5_0 for Q4_K and Q8_0 for Q6_K.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.models.quantizing.plan import Part, is_edge, layer_of

_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}  # fmt: skip
_WHOLE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
Array = NDArray[Any]


def kind_of(name: str, columns: int, layers: int, mixture: str) -> str:
    """How a matrix is stored."""
    if mixture == "Q8_0":
        return "Q8_0"
    sensitive = name == "model.embed_tokens.weight" or (
        name.rpartition(".weight")[0].endswith(("v_proj", "down_proj")) and is_edge(layer_of(name), layers)
    )
    if columns % 256 == 0:
        return "Q6_K" if sensitive else "Q4_K"
    return "Q8_0" if sensitive else "Q5_0"


def tensors(source: Path, mixture: str) -> Iterator[tuple[str, str, str, Array]]:
    """Name here, name there, kind and numbers (as llama.cpp wants them) of every tensor."""
    from safetensors.torch import load_file

    config = json.loads((source / "config.json").read_bytes())
    layers, heads = config["num_hidden_layers"], config["num_attention_heads"]
    for path in sorted(source.glob("model*.safetensors")):
        for name, tensor in load_file(path).items():
            values = tensor.float().numpy()
            there = _WHOLE.get(name)
            if there is None:
                _, _, rest = name.partition(f".layers.{layer_of(name)}.")
                there = f"blk.{layer_of(name)}.{_NAMES[rest.removesuffix('.weight')]}.weight"
                if "q_proj" in name or "k_proj" in name:
                    count = heads if "q_proj" in name else config["num_key_value_heads"]
                    values = interleaved(values, count)
            kind = "F32" if values.ndim == 1 else kind_of(name, values.shape[1], layers, mixture)
            yield name, there, kind, values


def interleaved(values: Array, heads: int) -> Array:
    """The rows of queries and keys in the order of llama.cpp's rotation: pairs side by side."""
    return values.reshape(heads, 2, -1, values.shape[1]).swapaxes(1, 2).reshape(values.shape)


def separated(values: Array, heads: int) -> Array:
    """Back again."""
    return values.reshape(heads, -1, 2, values.shape[1]).swapaxes(1, 2).reshape(values.shape)


def write(source: Path, path: Path, mixture: str) -> dict[str, Array]:
    """Writes the file. Returns the numbers that it stands for, by transformers' names."""
    import gguf

    config = json.loads((source / "config.json").read_bytes())
    writer = gguf.GGUFWriter(str(path), "llama")
    for add, key in (
        (writer.add_block_count, "num_hidden_layers"),
        (writer.add_context_length, "max_position_embeddings"),
        (writer.add_embedding_length, "hidden_size"),
        (writer.add_feed_forward_length, "intermediate_size"),
        (writer.add_head_count, "num_attention_heads"),
        (writer.add_head_count_kv, "num_key_value_heads"),
        (writer.add_layer_norm_rms_eps, "rms_norm_eps"),
        (writer.add_vocab_size, "vocab_size"),
    ):
        add(config[key])
    rope = config.get("rope_parameters") or config
    writer.add_rope_freq_base(float(rope.get("rope_theta", 10000.0)))
    writer.add_rope_dimension_count(config["hidden_size"] // config["num_attention_heads"])
    _add_words(writer, source, config)
    stored: dict[str, Array] = {}
    for name, there, kind, values in tensors(source, mixture):
        if kind == "F32":
            writer.add_tensor(there, values)
            stored[name] = values
            continue
        packed = pack(values, kind)
        number = gguf.GGMLQuantizationType[kind]
        writer.add_tensor(there, packed, raw_dtype=number)
        back = gguf.dequantize(packed, number).reshape(values.shape)
        if "q_proj" in name or "k_proj" in name:
            heads = config["num_attention_heads" if "q_proj" in name else "num_key_value_heads"]
            back = separated(back, heads)
        stored[name] = back
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return stored


def _add_words(writer: Any, source: Path, config: dict[str, Any]) -> None:
    said = json.loads((source / "tokenizer.json").read_bytes())
    ids = dict(said["model"]["vocab"])
    special = {item["content"]: item["id"] for item in said["added_tokens"]}
    words = [""] * config["vocab_size"]
    for word, at in {**ids, **special}.items():
        words[at] = word
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(words)
    writer.add_token_types([3 if at in set(special.values()) else 1 for at in range(len(words))])
    writer.add_token_merges(
        [" ".join(pair) if isinstance(pair, list) else pair for pair in said["model"]["merges"]]
    )
    writer.add_bos_token_id(int(config["bos_token_id"]))
    writer.add_eos_token_id(int(config["eos_token_id"]))


def pack(values: Array, kind: str) -> Array:
    """Rows of blocks, as bytes."""
    import gguf

    if kind == "Q4_K":
        return _q4_k(values)
    if kind == "Q6_K":
        return _q6_k(values)
    return gguf.quantize(values, gguf.GGMLQuantizationType[kind])


def _q4_k(values: Array) -> Array:
    """256 weights: two halves, eight 6-bit scales and minima, and 4 bits each."""
    from olive.passes.pytorch.kquant import kquant_find_qparams

    rows = values.shape[0]
    scale, zero = kquant_find_qparams(torch.from_numpy(values), Part(bits=4).block, 15, 0)
    scales = scale.numpy().reshape(-1, 8)
    least = scales * zero.numpy().reshape(-1, 8)
    blocks = values.reshape(-1, 8, 32)
    big, big_least = (np.maximum(part.max(1, keepdims=True), 1e-12) / 63 for part in (scales, least))
    big, big_least = (part.astype(np.float16).astype(np.float32) for part in (big, big_least))
    six, six_least = (
        np.clip(np.round(part / np.maximum(unit, 1e-12)), 0, 63).astype(np.uint8)
        for part, unit in ((scales, big), (least, big_least))
    )
    step = np.maximum(big * six, 1e-12)[..., None]
    codes = np.clip(np.round((blocks + (big_least * six_least)[..., None]) / step), 0, 15).astype(np.uint8)
    packed = np.zeros((len(blocks), 12), np.uint8)
    packed[:, :4] = six[:, :4] | (six[:, 4:] >> 4 << 6)
    packed[:, 4:8] = six_least[:, :4] | (six_least[:, 4:] >> 4 << 6)
    packed[:, 8:] = (six[:, 4:] & 15) | ((six_least[:, 4:] & 15) << 4)
    pairs = codes.reshape(-1, 4, 2, 32)
    nibbles = (pairs[:, :, 0] | (pairs[:, :, 1] << 4)).reshape(-1, 128)
    halves = np.concatenate([big, big_least], 1).astype(np.float16).view(np.uint8)
    return np.concatenate([halves, packed, nibbles], 1).reshape(rows, -1)


def _q6_k(values: Array) -> Array:
    """256 weights: 6 bits each, sixteen 8-bit scales and a half."""
    rows = values.shape[0]
    blocks = values.reshape(-1, 16, 16)
    scales = np.abs(blocks).max(2) / 31
    big = np.maximum(scales.max(1, keepdims=True), 1e-12) / 127
    big = big.astype(np.float16).astype(np.float32)
    eight = np.clip(np.round(scales / big), 0, 127).astype(np.int8)
    step = np.maximum(big * eight, 1e-12)[..., None]
    codes = (np.clip(np.round(blocks / step), -32, 31) + 32).astype(np.uint8).reshape(-1, 2, 4, 32)
    low, high = codes & 15, codes >> 4
    ql = np.concatenate([low[:, :, 0] | (low[:, :, 2] << 4), low[:, :, 1] | (low[:, :, 3] << 4)], -1)
    qh = high[:, :, 0] | (high[:, :, 1] << 2) | (high[:, :, 2] << 4) | (high[:, :, 3] << 6)
    parts = [
        ql.reshape(-1, 128),
        qh.reshape(-1, 64),
        eight.view(np.uint8),
        big.astype(np.float16).view(np.uint8),
    ]
    return np.concatenate(parts, 1).reshape(rows, -1)


def log_probabilities(states: Array, head: Array) -> Array:
    """What llama.cpp says at every place, from the states that its last product reads.

    The output layer here is Q8_0, for which it rounds what it reads as Q8_0 as well.

    Args:
        states: (places, width), as it gives them.
        head: (vocabulary, width), the numbers that the stored ones stand for.
    """
    import gguf

    kind = gguf.GGMLQuantizationType.Q8_0
    read = gguf.dequantize(gguf.quantize(states.astype(np.float32), kind), kind)
    logits = torch.from_numpy(read) @ torch.from_numpy(head).T
    found: Array = torch.log_softmax(logits, -1).numpy()
    return found


def serve() -> None:
    """llama.cpp's own server on a file, with two threads and no memory of earlier prompts.

    With `states` it gives, for every token, the numbers that the last product reads.
    """
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = sys.argv[1]
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = 0
    wanted.n_ctx, wanted.n_parallel, wanted.cache_prompt = 2048, 1, False
    wanted.warmup, wanted.ui = True, False
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 2
    if sys.argv[2:] == ["states"]:
        wanted.embedding = True
        wanted.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_NONE
        wanted.n_batch = wanted.n_ubatch = 2048
    server = xllamacpp.Server(wanted)
    print(
        json.dumps([server.listening_address, xllamacpp.__version__, xllamacpp.get_system_info()]), flush=True
    )
    threading.Event().wait()


if __name__ == "__main__":
    serve()
