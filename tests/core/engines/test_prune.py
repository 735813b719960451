"""A smaller model is cut out of a model: layers, neurons, tokens, or as many as fit a size."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from core.engines import merging, prune, quantize, receipt, tokenizing
from core.engines.quantization import graph
from core.engines.receipt import Check, Receipt
from core.engines.training import weights
from core.errors import CancelledError, InputError
from core.jobs.context import JobContext
from core.models import records
from core.specs import PruneSpec, QuantizeSpec
from core.workspace import manifest
from tests.core.engines import tiny
from tests.core.engines.test_merge import make_adapter

LAYERS, WIDTH = 4, 96
IDLE, DEAD = 2, (5, 40, *range(60, 90))
IDS = torch.arange(3, 51).view(2, 24)


def config(**more: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tiny.tokenizer()), "hidden_size": 64, "intermediate_size": WIDTH,
        "num_hidden_layers": LAYERS, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 512, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2, **more,
    }  # fmt: skip


def keep(model: Any, folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """A model artifact as the library keeps it."""
    folder.mkdir()
    model.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=[2, 0], pad_token_id=2)
    model.to(dtype).save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    said = records.Description(
        format="hf", name=folder.name, architecture=type(model).__name__, context=512, licence="Apache-2.0",
        note="a note",
    )  # fmt: skip
    records.write(folder, said)
    manifest.write(folder)
    return folder


def llama(*, tied: bool = True, seed: int = 5) -> Any:
    """Four layers; the third adds nothing to what passes, and 32 neurons of each are always zero."""
    torch.manual_seed(seed)
    model = LlamaForCausalLM(LlamaConfig(**config(tie_word_embeddings=tied, initializer_range=0.2)))
    idle = model.model.layers[IDLE]
    with torch.no_grad():
        for layer in model.model.layers:
            layer.mlp.up_proj.weight[list(DEAD)] = 0.0
        idle.self_attn.o_proj.weight.zero_()
        idle.mlp.down_proj.weight.zero_()
    return model


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("parts")
    found = {
        "tied": keep(llama(), folder / "tied"),
        "untied": keep(llama(tied=False), folder / "untied"),
        "d": tiny.data_folder(folder / "d"),
    }
    lora = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    found["adapter"] = make_adapter(folder / "adapter", found["tied"], 3, lora, over="tied")
    manifest.write(found["adapter"])
    return found


def run(folder: Path, parts: dict[str, Path], model: str, **fields: Any) -> tuple[Path, dict[str, Any]]:
    job, _ = tiny.job(folder, **parts)
    prune.run(PruneSpec(model=model, data="d", **fields), job)
    return folder / "out" / "model", job.final_result


def logits(folder: Path, ids: torch.Tensor = IDS) -> torch.Tensor:
    with torch.no_grad():
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)(input_ids=ids).logits


def events(job_out: Any, name: str) -> list[dict[str, Any]]:
    return [event for event in map(json.loads, job_out.getvalue().splitlines()) if event["ev"] == name]


# --- layers ---


def test_the_layer_that_changes_nothing_goes_first_and_nothing_changes(
    tmp_path: Path, parts: dict[str, Path]
) -> None:
    folder, result = run(tmp_path / "run", parts, "tied", keep_layers=LAYERS - 1)

    manifest.verify(folder)
    report = records.read_json(folder / prune.REPORT)
    assert report["layers"]["kept"] == [0, 1, 3]
    assert min(report["layers"]["influence"]) == report["layers"]["influence"][IDLE] < 1e-9
    assert torch.equal(logits(folder), logits(parts["tied"]))
    assert (result["layers"], result["ffn"], result["vocabulary"]) == (3, WIDTH, len(tiny.tokenizer()))
    assert (result["agreement"], result["untaught"]) == (1.0, False)
    assert (records.receipt_status(folder), records.untaught(folder)) == ("green", "")


def test_of_few_layers_the_first_and_the_last_stay(tmp_path: Path, parts: dict[str, Path]) -> None:
    folder, result = run(tmp_path / "run", parts, "tied", keep_layers=2)
    assert records.read_json(folder / prune.REPORT)["layers"]["kept"] == [0, 3]
    assert result["layers"] == records.read_json(folder / "config.json")["num_hidden_layers"] == 2
    require_remark(folder, result)


def test_rounding_the_files_to_16_bits_is_no_fault_of_a_cut_model(
    tmp_path: Path, parts: dict[str, Path]
) -> None:
    own = {**parts, "half": keep(llama(seed=7), tmp_path / "half", torch.bfloat16)}
    folder, result = run(tmp_path / "run", own, "half", keep_layers=2)
    made = records.read_json(folder / records.RECEIPT)
    assert made["kl"] < 1e-6, "the same numbers, read back"
    require_remark(folder, result)


def require_remark(folder: Path, result: dict[str, Any]) -> None:
    """The receipt is amber and says by how much the model differs from the one that it was cut from."""
    assert result["untaught"]
    assert result["kl"] > 0.3
    assert records.receipt_status(folder) == "amber", "it may be used, and taught"
    remark = records.untaught(folder)
    assert remark.startswith("Cut, not taught yet: its files are sound")
    assert f"equal in {result['agreement']:.0%}, KL {result['kl']:.2f} nats a token" in remark
    assert remark in records.read_json(folder / "receipt.json")["reasons"]


def test_what_is_exported_from_an_untaught_model_says_so_too(tmp_path: Path) -> None:
    remark = Check(name=records.TAUGHT, status="amber", text="Cut, not taught yet: …")
    fine = Check(name="loads", status="green", text="Loads")
    made = Receipt(status="green", reasons=(), recipe="int8", checks=(fine,), bytes=1)
    assert receipt.carry_over(made, tmp_path) is made, "its source has no receipt"
    receipt.write(tmp_path, made.model_copy(update={"status": "amber", "checks": (fine, remark)}))
    carried = receipt.carry_over(made, tmp_path)
    assert (carried.status, carried.reasons, carried.checks) == ("amber", (remark.text,), (fine, remark))


def test_lists_with_an_entry_for_each_layer_are_cut_too(tmp_path: Path, parts: dict[str, Path]) -> None:
    kinds = ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]
    torch.manual_seed(1)
    model = Qwen3ForCausalLM(
        Qwen3Config(**config(head_dim=16, use_sliding_window=True, sliding_window=8, layer_types=kinds))
    )
    own = {**parts, "qwen": keep(model, tmp_path / "qwen")}
    folder, _ = run(tmp_path / "run", own, "qwen", keep_layers=3)
    kept = records.read_json(folder / prune.REPORT)["layers"]["kept"]
    assert records.read_json(folder / "config.json")["layer_types"] == [kinds[at] for at in kept]


# --- neurons ---


def test_neurons_that_are_always_zero_go_first_and_the_numbers_stay(
    tmp_path: Path, parts: dict[str, Path]
) -> None:
    folder, result = run(tmp_path / "run", parts, "tied", ffn_share=0.67)

    assert result["ffn"] == records.read_json(folder / "config.json")["intermediate_size"] == 64
    kept = records.read_json(folder / prune.REPORT)["ffn"]["kept"]
    assert all(not set(neurons) & set(DEAD) for neurons in kept)
    assert torch.allclose(logits(folder), logits(parts["tied"]), atol=1e-5)


# --- tokens ---


@pytest.mark.parametrize("model", ["tied", "untied"])
def test_with_the_datas_tokens_it_gives_the_same_numbers_for_them(
    tmp_path: Path, parts: dict[str, Path], model: str
) -> None:
    folder, result = run(tmp_path / "run", parts, model, vocabulary="data")

    kept = records.read_json(folder / "vocabulary.json")["kept"]
    assert len(kept) == result["vocabulary"] < len(tiny.tokenizer())
    assert "agreement" not in result, "only tokens went, so nothing was forgotten"
    assert (records.receipt_status(folder), records.untaught(folder)) == ("green", "")
    own, whole = tokenizing.load(folder), tokenizing.load(parts[model])
    text = "<|im_start|>user\nwhere is my card, I cannot find it (7)<|im_end|>\n<|im_start|>assistant\n"
    new, old = own(text)["input_ids"], whole(text)["input_ids"]
    assert own.convert_ids_to_tokens(new) == whole.convert_ids_to_tokens(old)
    assert [kept[id] for id in new] == old
    before = logits(parts[model], torch.tensor([old]))[..., kept]
    assert torch.allclose(logits(folder, torch.tensor([new])), before, atol=1e-5)
    stored = records.read_json(folder / "config.json")
    assert stored["tie_word_embeddings"] == (model == "tied")
    ends = records.read_json(folder / "generation_config.json")["eos_token_id"]
    assert own.convert_ids_to_tokens(ends) == ["<|im_end|>", "<|endoftext|>"]
    assert own.convert_ids_to_tokens(stored["pad_token_id"]) == "<|im_end|>"


def test_a_tokenizer_that_its_class_builds_anew_and_rows_without_a_token(
    tmp_path: Path, parts: dict[str, Path]
) -> None:
    """As Qwen has it: control tokens after all others, and a token table longer than the tokenizer."""
    plain = json.loads(tiny.tokenizer().backend_tokenizer.to_str())["model"]
    words = [text for text in plain["vocab"] if text not in tiny.SPECIAL]
    own = Qwen2Tokenizer(
        vocab={text: id for id, text in enumerate(words)},
        merges=[tuple(merge) for merge in plain["merges"]],
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=["<|im_start|>"],
    )
    own.chat_template = tiny.TEMPLATE
    ends = {"eos_token_id": own.eos_token_id, "pad_token_id": own.pad_token_id, "bos_token_id": None}
    model = LlamaForCausalLM(LlamaConfig(**{**config(), **ends, "vocab_size": len(own) + 40}))
    folder = keep(model, tmp_path / "qwen")
    own.save_pretrained(folder)
    pruned, result = run(tmp_path / "run", {**parts, "qwen": folder}, "qwen", vocabulary="data")

    again = tokenizing.load(pruned)
    assert len(again) == result["vocabulary"] < len(own)
    text = "<|im_start|>user\nwhere is my card<|im_end|> 日本 🎉"
    assert again.decode(again(text)["input_ids"]) == text
    assert records.read_json(pruned / "config.json")["eos_token_id"] == again.eos_token_id


# --- a size ---


def test_a_target_size_takes_layers_first_and_then_neurons(tmp_path: Path, parts: dict[str, Path]) -> None:
    whole = weights.count(llama()) / 1e6
    layer = weights.count(llama().model.layers[0]) / 1e6
    _, fewer = run(tmp_path / "fewer", parts, "tied", target_mb=whole - 0.5 * layer)
    assert (fewer["layers"], fewer["ffn"]) == (LAYERS - 1, WIDTH)
    _, narrower = run(tmp_path / "narrower", parts, "tied", target_mb=whole - 2.5 * layer)
    assert (narrower["layers"], narrower["ffn"]) == (2, 32)
    assert narrower["parameters"] / 1e6 <= whole - 2.5 * layer


def test_a_target_time_is_measured_and_kept(tmp_path: Path, parts: dict[str, Path]) -> None:
    _, slow = run(tmp_path / "slow", parts, "tied", target_ms=60_000, vocabulary="data")
    assert (slow["layers"], slow["ffn"]) == (LAYERS, WIDTH), "nothing but words has to go"
    assert 0 < slow["answer_ms"] < 60_000
    for target, code in ((60_000, "prune.nothing"), (1e-6, "prune.target")):
        with pytest.raises(InputError) as caught:
            run(tmp_path / code, parts, "tied", target_ms=target)
        assert caught.value.code == code


# --- the rest ---


def test_an_adapter_is_merged_first(tmp_path: Path, parts: dict[str, Path]) -> None:
    job, out = tiny.job(tmp_path / "run", **parts)
    prune.run(PruneSpec(model="adapter", data="d", keep_layers=3), job)

    said = records.describe(tmp_path / "run" / "out" / "model")
    assert (said.format, said.base, said.source) == ("hf", None, "pruned from adapter")
    merged = merging.load(parts["adapter"], (parts["tied"],))
    mine = AutoModelForCausalLM.from_pretrained(tmp_path / "run" / "out" / "model")
    assert torch.allclose(mine.model.layers[0].mlp.up_proj.weight, merged.model.layers[0].mlp.up_proj.weight)
    assert [event["name"] for event in events(out, "phase")] == [
        "loading", "measuring", "cutting", "trying", "saving",
    ]  # fmt: skip
    (measured,) = events(out, "influence")
    assert measured["layers"] == job.final_result["influence"]


def test_number_format_licence_and_note_stay(tmp_path: Path, parts: dict[str, Path]) -> None:
    own = {**parts, "half": keep(llama(), tmp_path / "half", torch.bfloat16)}
    folder, result = run(tmp_path / "run", own, "half", keep_layers=2, ffn_share=0.5, vocabulary="data")
    require_remark(folder, result)
    found = records.inspect(folder)
    assert (found.dtype, found.licence, found.note) == ("bf16", "Apache-2.0", "a note")
    assert found.parameters == records.describe(folder).parameters


def test_the_result_quantizes(tmp_path: Path, parts: dict[str, Path]) -> None:
    folder, _ = run(tmp_path / "run", parts, "tied", keep_layers=3, ffn_share=0.67, vocabulary="data")
    job, out = tiny.job(tmp_path / "small", pruned=folder)

    quantize.run(QuantizeSpec(model="pruned", recipe="int8", max_length=300), job)

    (artifact,) = events(out, "artifact")
    assert artifact["meta"]["receipt"] == "green"
    assert set(graph.inspect(job.folder / artifact["folder"] / "model.onnx").matmul) == {8}


class Killed(BaseException):
    """Nothing in a job can react to it."""


class DoomedJob(JobContext):
    """Dies while a row is measured."""

    dies_at = 0
    measured = 0

    def progress(self, done: int, total: int | None = None, left_s: float | None = None) -> None:
        super().progress(done, total, left_s)
        self.measured += 1
        if done == self.dies_at:
            raise Killed


def test_killed_while_it_measures_it_goes_on_with_the_same_numbers(
    tmp_path: Path, parts: dict[str, Path]
) -> None:
    whole, _ = run(tmp_path / "whole", parts, "tied", keep_layers=3, ffn_share=0.67)
    folder = tmp_path / "killed"
    folder.mkdir()
    spec = PruneSpec(model="tied", data="d", keep_layers=3, ffn_share=0.67)
    doomed = DoomedJob(folder, parts, io.StringIO(), threads=1, name="tuned")
    doomed.dies_at = 20
    with pytest.raises(Killed):
        prune.run(spec, doomed)
    assert list((folder / "kept").rglob("measured"))

    again = DoomedJob(folder, parts, io.StringIO(), resumed=True, threads=1, name="tuned")
    prune.run(spec, again)

    said = records.read_json(whole / prune.REPORT)
    assert records.read_json(folder / "out" / "model" / prune.REPORT) == said
    assert again.measured < said["calibration_rows"], "what was kept is not measured again"
    assert not (folder / "kept").exists()


def test_a_stop_ends_it_with_nothing(tmp_path: Path, parts: dict[str, Path]) -> None:
    job, out = tiny.job(tmp_path / "run", **parts)
    job.take({"cmd": "stop"})
    with pytest.raises(CancelledError):
        prune.run(PruneSpec(model="tied", data="d", keep_layers=3), job)
    assert not events(out, "artifact")


def test_test_rows_are_never_read(tmp_path: Path, parts: dict[str, Path]) -> None:
    data = tmp_path / "data"
    shutil.copytree(parts["d"], data)
    (data / "test.jsonl").unlink()
    folder, _ = run(tmp_path / "run", {**parts, "d": data}, "tied", keep_layers=3, vocabulary="data")
    assert (folder / prune.REPORT).exists()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"keep_layers": 9}, "prune.layers"),
        ({"keep_layers": LAYERS}, "prune.nothing"),
        ({"target_mb": 100}, "prune.nothing"),
        ({"target_mb": 0.001}, "prune.target"),
    ],
)
def test_sizes_that_it_does_not_have_are_refused(
    tmp_path: Path, parts: dict[str, Path], fields: dict[str, Any], code: str
) -> None:
    with pytest.raises(InputError) as caught:
        run(tmp_path / "run", parts, "tied", **fields)
    assert caught.value.code == code
    assert caught.value.why
    assert caught.value.fix


def test_other_structures_are_refused_with_the_reason(tmp_path: Path, parts: dict[str, Path]) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tiny.tokenizer()), n_embd=32, n_layer=2, n_head=2))
    own = {**parts, "gpt2": keep(model, tmp_path / "gpt2")}
    with pytest.raises(InputError, match="cannot be pruned") as caught:
        run(tmp_path / "run", own, "gpt2", keep_layers=2)
    assert caught.value.code == "prune.structure"


def test_an_exported_model_is_refused(tmp_path: Path, parts: dict[str, Path]) -> None:
    folder = tmp_path / "onnx"
    folder.mkdir()
    records.write(folder, records.Description(format="onnx", name="small"))
    with pytest.raises(InputError, match="small cannot be pruned"):
        run(tmp_path / "run", {**parts, "onnx": folder}, "onnx", keep_layers=3)
