"""A model written as GGUF is the model; a file that is not turns its receipt red."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import pytest

from core.engines import export, gguf_writing, receipt
from core.engines.checking import gguf_file
from core.errors import InputError
from core.models import gguf_export, records
from core.specs import ExportSpec
from tests.core.engines import families, tiny


class Source:
    """A model, what it says, and files written from it."""

    def __init__(self, root: Path) -> None:
        self.folder = tiny.model_folder(root / "tiny")
        self.other = tiny.model_folder(root / "other", seed=9)
        self.wanted = receipt.reference(self.folder, (), 1)
        self.words = export._words(self.folder, (), "gpt-2", self.wanted, "Apache-2.0")

    def judge(self, file: Path, numbers: str = "q8_0") -> receipt.Receipt:
        return gguf_file.make(file, numbers, self.wanted, self.folder, 1)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return Source(tmp_path_factory.mktemp("models"))


@pytest.mark.parametrize(("family", "numbers"), [("llama", "q8_0"), ("qwen2", "f16"), ("qwen3", "q4_1")])
def test_each_family_is_written_and_says_the_same(tmp_path: Path, family: str, numbers: Any) -> None:
    folder = families.model_folder(tmp_path / family, family)
    job, out = tiny.job(tmp_path / "run", m=folder)

    export.run(ExportSpec(model="m", numbers=numbers, out=str(tmp_path / "out")), job)

    assert (job.final_result["receipt"], job.final_result["reasons"]) == ("green", [])
    assert job.final_result["kl"] < 0.01
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"tuned.gguf", "receipt.json"}
    said = gguf.GGUFReader(tmp_path / "out" / "tuned.gguf").fields
    assert said["general.architecture"].contents() == family
    assert said["tokenizer.chat_template"].contents() == (folder / records.TEMPLATE).read_text()
    (artifact,) = (json.loads(line) for line in out.getvalue().splitlines() if '"artifact"' in line)
    assert artifact["type"] == "package"


FAULTS: dict[str, tuple[Callable[[Source, Path], None], str]] = {
    "16 bits under the name of 8": (
        lambda s, f: gguf_writing.write(s.folder, f, "f16", "x", s.words),
        "is stored as F16 instead of Q8_0",
    ),
    "another model's weights": (
        lambda s, f: gguf_writing.write(s.other, f, "q8_0", "x", s.words),
        "The weights are not the source's",
    ),
    "template changed": (
        lambda s, f: gguf_writing.write(
            s.folder, f, "q8_0", "x", replace(s.words, template=s.words.template + " ")
        ),
        "chat template is not the source's",
    ),
    "template missing": (
        lambda s, f: gguf_writing.write(s.folder, f, "q8_0", "x", replace(s.words, template="")),
        "chat template is not the source's",
    ),
    "another stop token": (
        lambda s, f: gguf_writing.write(s.folder, f, "q8_0", "x", replace(s.words, stop_ids=(0,))),
        "Answers end at the tokens",
    ),
    "cut off": (
        lambda s, f: (
            gguf_writing.write(s.folder, f, "q8_0", "x", s.words),
            f.write_bytes(f.read_bytes()[:-4000]),
        ),
        "cannot be read again",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_red(source: Source, tmp_path: Path, fault: str) -> None:
    plant, words = FAULTS[fault]
    plant(source, tmp_path / "faulty.gguf")

    made = source.judge(tmp_path / "faulty.gguf")

    assert made.status == "red"
    assert any(words in reason for reason in made.reasons), made.reasons


def test_a_red_file_is_not_handed_out(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = replace(source.words, stop_ids=(0,))
    monkeypatch.setattr(export, "_words", lambda *_given: words)
    job, _ = tiny.job(tmp_path / "run", m=source.folder)

    export.run(ExportSpec(model="m", out=str(tmp_path / "out")), job)

    assert job.final_result["receipt"] == "red"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architectures": ["Phi3ForCausalLM"]}, "It is a Phi3ForCausalLM"),
        ({"rope_parameters": {"rope_type": "llama3", "factor": 8.0}}, "(llama3)"),
        ({"intermediate_size": 100}, "intermediate_size is 100"),
    ],
)
def test_what_cannot_be_written_is_refused(
    source: Source, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    config = json.loads((source.folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, **changes}))

    with pytest.raises(InputError) as refused:
        gguf_export.check([tmp_path], "odd")

    assert words in refused.value.why


def test_a_split_that_llama_cpp_has_no_name_for_is_refused() -> None:
    assert gguf_export.pre_tokenizer({"model": {"type": "Unigram"}}) == ""
    own = {"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}, {"type": "ByteLevel"}]}
    assert gguf_export.pre_tokenizer({"model": {"type": "BPE"}, "pre_tokenizer": own}) == ""


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(InputError, match="cannot take the export"):
        gguf_export.require_empty(tmp_path)
