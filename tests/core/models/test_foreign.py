"""Every way a folder from outside can be unsafe, broken or unknown ends in a sentence, not in a load."""

from __future__ import annotations

import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError
from core.models import foreign

_VOCABULARY, _HIDDEN = 12, 8


def _safetensors(
    shape: tuple[int, int] = (_VOCABULARY, _HIDDEN), *, changes: dict[str, Any] | None = None
) -> bytes:
    size = shape[0] * shape[1] * 4
    entry = {"dtype": "F32", "shape": list(shape), "data_offsets": [0, size], **(changes or {})}
    header = json.dumps({"model.embed_tokens.weight": entry}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(size)


def _change(name: str, **values: Any) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        path = folder / name
        said = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**said, **values}))

    return plant


def _write(name: str, data: bytes) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)

    return plant


def _remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _only_pickle(suffix: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        (folder / f"pytorch_model{suffix}").write_bytes(pickle.dumps({"a": 1}))

    return plant


def _shards(places: dict[str, str], *, present: tuple[str, ...] = ()) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
        for name in present:
            (folder / name).write_bytes(_safetensors())

    return plant


def _link(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder.parent / "elsewhere.safetensors")
    os.symlink(folder.parent / "elsewhere.safetensors", folder / "model.safetensors")


_CODE = {"AutoModelForCausalLM": "modeling_x.X"}
_WEIGHTS = "model.safetensors"
CASES: list[tuple[str, Callable[[Path], None], str]] = [
    ("only a .bin", _only_pickle(".bin"), "pickle"),
    ("only a .pt", _only_pickle(".pt"), "pickle"),
    ("only a .pkl", _only_pickle(".pkl"), "pickle"),
    ("only a .ckpt", _only_pickle(".ckpt"), "pickle"),
    ("pickle named safetensors", _write(_WEIGHTS, pickle.dumps({"a": 1})), "damaged"),
    ("pickle named vocab.json", _write("vocab.json", pickle.dumps(["a"])), "pickle or an archive"),
    ("archive named merges.txt", _write("merges.txt", b"PK\x03\x04rest"), "pickle or an archive"),
    ("own model code", _write("modeling_x.py", b"print('hi')"), "program"),
    ("code in a subfolder", _write("custom_generate/generate.py", b"1"), "program"),
    ("a shared library", _write("kernel.so", b"\x7fELF"), "program"),
    ("auto_map", _change("config.json", auto_map=_CODE), "auto_map"),
    ("auto_map of the tokenizer", _change("tokenizer_config.json", auto_map=_CODE), "auto_map"),
    ("attention from the hub", _change("config.json", _attn_implementation="somebody/kernel"), "attn_impl"),
    ("CVE-2026-4372", _change("config.json", _attn_implementation_internal="a/b"), "attn_impl"),
    ("code key deep inside", _change("config.json", x=[{"y": {"auto_map": _CODE}}]), "auto_map"),
    (
        "already quantized",
        _change("config.json", quantization_config={"quant_method": "bnb"}),
        "already quantized",
    ),
    ("unknown architecture", _change("config.json", architectures=["XForCausalLM"]), "not supported"),
    ("no architecture", _change("config.json", architectures=[]), "not supported"),
    ("negative size", _change("config.json", hidden_size=-1), "impossible value"),
    ("size as text", _change("config.json", vocab_size="many"), "impossible value"),
    ("enormous size", _change("config.json", num_hidden_layers=1 << 40), "impossible value"),
    ("no config", _remove("config.json"), "missing"),
    ("config is a list", _write("config.json", b"[1]"), "not a JSON object"),
    ("config is no JSON", _write("config.json", b"{"), "not a JSON object"),
    ("config nested 100,000 deep", _write("config.json", b'{"a":' * 100_000), "not a JSON object"),
    ("no tokenizer", _remove("tokenizer.json"), "missing"),
    ("tokenizer without a model", _write("tokenizer.json", b"{}"), "holds no tokenizer"),
    ("endless template", _write("chat_template.jinja", b"x" * 100_000), "too long"),
    ("no weights", _remove(_WEIGHTS), "missing"),
    ("empty weights", _write(_WEIGHTS, b""), "too few"),
    ("weights cut off", _write(_WEIGHTS, _safetensors()[:-10]), "10 bytes are missing"),
    ("weights too long", _write(_WEIGHTS, _safetensors() + b"xx"), "2 bytes are too many"),
    ("header beyond the file", _write(_WEIGHTS, struct.pack("<Q", 1 << 40)), "announces a header"),
    ("header is no JSON", _write(_WEIGHTS, struct.pack("<Q", 4) + b"abcd"), "not JSON"),
    (
        "offset beyond the file",
        _write(_WEIGHTS, _safetensors(changes={"data_offsets": [0, 1 << 40]})),
        "does not fit",
    ),
    ("negative offset", _write(_WEIGHTS, _safetensors(changes={"data_offsets": [-4, 380]})), "impossible"),
    ("hole before the tensor", _write(_WEIGHTS, _safetensors(changes={"data_offsets": [4, 388]})), "hole"),
    ("unknown type", _write(_WEIGHTS, _safetensors(changes={"dtype": "OBJECT"})), "unknown type"),
    ("shape does not fit", _write(_WEIGHTS, _safetensors(changes={"shape": [3, 3]})), "does not fit"),
    ("weights of another model", _write(_WEIGHTS, _safetensors((_VOCABULARY, 4))), "does not belong"),
    ("missing shard", _shards({"a": "model-00001-of-00002.safetensors"}), "names it"),
    ("shard outside", _shards({"a": "../model.safetensors"}), "outside"),
    ("shard at an absolute path", _shards({"a": "/etc/model.safetensors"}), "outside"),
    ("shard with a drive", _shards({"a": "C:model.safetensors"}), "outside"),
    ("index without a map", _shards({}), "names no weight files"),
    (
        "tensor in two shards",
        _shards(
            {"a": "model-1.safetensors", "b": "model-2.safetensors"},
            present=("model-1.safetensors", "model-2.safetensors"),
        ),
        "repeats the tensor",
    ),
    ("link to elsewhere", _link, "link"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole, harmless model folder."""
    made = tmp_path / "model"
    made.mkdir()
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": _VOCABULARY,
        "hidden_size": _HIDDEN,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    (made / "config.json").write_text(json.dumps(config))
    (made / "tokenizer.json").write_text(json.dumps({"model": {"type": "BPE"}}))
    (made / "model.safetensors").write_bytes(_safetensors())
    return made


@pytest.mark.parametrize(("plant", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_bad_folder_is_refused_with_file_reason_and_fix(
    folder: Path, plant: Callable[[Path], None], reason: str
) -> None:
    plant(folder)

    with pytest.raises(InputError) as refused:
        foreign.check_foreign(folder)

    assert reason in refused.value.why
    assert str(folder) in refused.value.what
    assert refused.value.fix


def test_a_good_folder_gives_only_its_known_files(folder: Path) -> None:
    (folder / "README.md").write_text("hello")
    (folder / "training_args.bin").write_bytes(pickle.dumps({}))

    taken = foreign.check_foreign(folder)

    assert [path.name for path in taken] == ["config.json", "tokenizer.json", "model.safetensors"]


def test_a_file_instead_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")

    with pytest.raises(InputError, match="cannot be added"):
        foreign.check_foreign(tmp_path / "x")
