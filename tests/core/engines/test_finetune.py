from __future__ import annotations

import builtins
import io
import json
import math
import os
import shutil
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.engines import finetune
from core.engines.training import packing, trainer
from core.errors import InputError, JobError
from core.models import records
from core.specs import FinetuneSpec
from core.workspace import manifest
from tests.core.engines import tiny

FAST = {"batch_size": 8, "epochs": 1, "precision": "fp32", "learning_rate": 0.01, "sample_prompts": 1}


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("artifacts")
    return {"m": tiny.model_folder(folder / "m"), "d": tiny.data_folder(folder / "d", 48)}


class Run:
    """A finished (or failed) fine-tuning with its events."""

    def __init__(self, folder, artifacts, *, resumed=False, before=lambda job: None, **fields):
        self.folder = folder
        self.job, self._out = tiny.job(folder, resumed=resumed, **artifacts)
        before(self.job)
        self.spec = FinetuneSpec(**{"model": "m", "data": "d", **FAST, **fields})

    def go(self):
        finetune.run(self.spec, self.job)
        return self

    def events(self, name):
        return [
            event for line in self._out.getvalue().splitlines() if (event := json.loads(line))["ev"] == name
        ]

    def metric(self, name):
        return [event["values"][name] for event in self.events("metrics") if name in event["values"]]

    @property
    def model(self):
        return self.folder / "out" / "model"


def test_a_lora_run_leaves_an_adapter_that_peft_loads(tmp_path, artifacts):
    run = Run(tmp_path / "run", artifacts).go()
    names = {path.name for path in run.model.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "chat_template.jinja", "model.json"} <= names
    manifest.verify(run.model)

    config = json.loads((run.model / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "tiny"
    assert str(tmp_path) not in "".join(p.read_text(errors="ignore") for p in run.model.glob("*.json"))
    said = records.describe(run.model)
    assert (said.format, said.base, said.licence) == ("adapter", "m", "Apache-2.0")

    base = AutoModelForCausalLM.from_pretrained(artifacts["m"])
    before = base(input_ids=torch.tensor([[5, 6, 7]])).logits
    tuned = PeftModel.from_pretrained(base, run.model)
    assert not torch.allclose(tuned(input_ids=torch.tensor([[5, 6, 7]])).logits, before)


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_every_weight_learns_in_the_number_format_that_was_asked_for(tmp_path, artifacts, precision, dtype):
    seen = set()

    def note(module, _inputs, output):
        if isinstance(module, torch.nn.Linear) and module.training:
            seen.add(output.dtype)

    hook = torch.nn.modules.module.register_module_forward_hook(note)
    try:
        run = Run(tmp_path / "run", artifacts, method="full", precision=precision, max_steps=2).go()
    finally:
        hook.remove()
    assert seen == {dtype}
    assert {tensor.dtype for tensor in load_file(run.model / "model.safetensors").values()} == {torch.float32}


def test_a_full_run_leaves_a_whole_model_with_tied_weights(tmp_path, artifacts):
    run = Run(tmp_path / "run", artifacts, method="full", learning_rate=1e-3).go()
    stored = load_file(run.model / "model.safetensors")
    assert "lm_head.weight" not in stored
    model = AutoModelForCausalLM.from_pretrained(run.model)
    assert model.lm_head.weight.data_ptr() == model.model.embed_tokens.weight.data_ptr()
    assert records.describe(run.model).format == "hf"
    assert "workbench" not in (run.model / "config.json").read_text()
    assert "uint8" not in (run.model / "config.json").read_text()


def test_it_learns_and_says_so_along_the_way(tmp_path, artifacts):
    run = Run(tmp_path / "run", artifacts, method="full", learning_rate=2e-3, epochs=30).go()
    result = run.job.final_result
    looked = run.metric("validation_loss")
    assert looked[-1] < 0.5 * looked[0]
    assert (
        result["validation_loss"] == looked[-1] == pytest.approx(looked[-2], rel=1e-4)
    )  # both after the last step
    assert len(run.metric("loss")) == result["steps"] == result["planned_steps"]
    assert all(math.isfinite(value) for value in run.metric("grad_norm"))
    assert [event["name"] for event in run.events("phase")] == [
        "loading",
        "preparing",
        "preparing",
        "training",
        "saving",
    ]
    training = run.events("phase")[3]
    assert (training["total"], training["unit"]) == (result["planned_steps"], "steps")
    samples = run.events("sample")
    assert {sample["expected"] for sample in samples} <= set(tiny.INTENTS)
    assert len(run.metric("latency_ms")) >= 1


def test_the_tuned_model_keeps_the_template_it_was_trained_with(tmp_path, artifacts):
    lean = Run(tmp_path / "lean", artifacts, max_steps=1).go()
    full = Run(tmp_path / "full", artifacts, max_steps=1, default_system=True).go()
    chat = [{"role": "user", "content": "hi"}]
    texts = [
        AutoTokenizer.from_pretrained(run.model).apply_chat_template(chat, tokenize=False)
        for run in (lean, full)
    ]
    assert texts[1] == tiny.SYSTEM_LINE + texts[0]
    assert (full.model / "chat_template.jinja").read_bytes() == (
        artifacts["m"] / "chat_template.jinja"
    ).read_bytes()


def test_the_test_rows_are_never_opened(tmp_path, artifacts, monkeypatch):
    opened = []
    for module in (builtins, io):
        real = module.open

        def watched(file, *args, _real=real, **kwargs):
            opened.append(str(file))
            return _real(file, *args, **kwargs)

        monkeypatch.setattr(module, "open", watched)
    real_os_open = os.open
    monkeypatch.setattr(
        os, "open", lambda path, *a, **k: (opened.append(str(path)), real_os_open(path, *a, **k))[1]
    )

    Run(tmp_path / "run", artifacts, max_steps=2).go()

    assert any(name.endswith("train.jsonl") for name in opened)
    assert any(name.endswith("validation.jsonl") for name in opened)
    assert not any(name.endswith("test.jsonl") for name in opened)


def test_a_stop_keeps_what_there_is(tmp_path, artifacts):
    run = Run(tmp_path / "run", artifacts, epochs=20)
    progress = run.job.progress

    def stop_at_three(done, total=None):
        progress(done, total)
        if run.events("phase")[-1]["name"] == "training" and done == 3:
            run.job.take({"cmd": "stop"})

    run.job.progress = stop_at_three
    run.go()
    assert run.job.final_state == "stopped"
    assert run.job.final_result["steps"] == 3
    assert (run.folder / "checkpoints" / "step-3").is_dir()
    manifest.verify(run.model)


@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_a_number_that_is_none_stops_the_training_and_keeps_the_last_checkpoint(
    tmp_path, artifacts, monkeypatch, where
):
    calls = []
    answer_loss = packing.answer_loss

    def broken(model, rows, objective):
        loss = answer_loss(model, rows, objective)
        calls.append(model.training)
        if sum(calls) <= 4 or not model.training:
            return loss
        return (
            loss * float("nan") if where == "loss" else (loss - loss.detach()) * 1e30 * 1e30 + loss.detach()
        )

    monkeypatch.setattr(packing, "answer_loss", broken)
    run = Run(tmp_path / "run", artifacts, epochs=4, checkpoint_every=2)
    with pytest.raises(JobError, match="came apart at step 5") as caught:
        run.go()
    assert where in caught.value.why
    assert "smaller learning rate" in caught.value.fix
    assert (run.folder / "checkpoints" / "step-4").is_dir()


def test_the_result_is_the_model_of_the_best_look_and_patience_ends_the_training(tmp_path, artifacts):
    """A learning rate far too high makes the validation rows worse soon."""
    wild = {"epochs": 12, "learning_rate": 0.5, "validate_every": 2, "checkpoint_every": 3}
    run = Run(tmp_path / "run", artifacts, early_stopping=2, **wild).go()
    result = run.job.final_result
    best = run.events("best")[-1]["step"]
    assert result["ended_early"]
    assert result["kept_step"] == best == result["steps"] - 4
    assert run.job.final_state == "succeeded"

    kept = load_file(run.folder / "checkpoints" / f"step-{best}" / "weights.safetensors")
    ours = load_file(run.model / "adapter_model.safetensors")
    assert len(kept) == len(ours) > 0
    for name, tensor in ours.items():
        assert torch.equal(kept[name.replace(".weight", ".default.weight")], tensor), name


@pytest.mark.parametrize("method", ["lora", "full"])
def test_recomputing_activations_changes_memory_and_not_the_weights(tmp_path, artifacts, method):
    fields = {"method": method, "max_steps": 3, "learning_rate": 0.01, "precision": "fp32"}
    plain = Run(tmp_path / "plain", artifacts, gradient_checkpointing="off", **fields).go()
    lean = Run(tmp_path / "lean", artifacts, gradient_checkpointing="on", **fields).go()
    [ours], [theirs] = (list(run.model.glob("*model.safetensors")) for run in (lean, plain))
    for name, tensor in load_file(ours).items():
        # Of steps of 1e-2: Adam divides by gradients near zero, whose last digits are rounded otherwise.
        assert torch.allclose(tensor, load_file(theirs)[name], atol=2e-5), name
    assert lean.metric("loss") == pytest.approx(plain.metric("loss"), rel=1e-5)


def test_without_keeping_the_best_the_result_is_the_last_step(tmp_path, artifacts):
    wild = {"epochs": 4, "learning_rate": 0.2, "validate_every": 2}
    run = Run(tmp_path / "run", artifacts, early_stopping=None, keep_best=False, **wild).go()
    result = run.job.final_result
    assert result["kept_step"] == result["steps"] == result["planned_steps"]
    assert not result["ended_early"]


def test_the_best_and_the_worst_validation_rows_are_shown(tmp_path, artifacts):
    run = Run(tmp_path / "run", artifacts, max_steps=2).go()
    [event] = run.events("validation_rows")
    losses = [row["loss"] for row in event["rows"]]
    assert losses == sorted(losses)
    assert all(row["prompt"] and row["expected"] in tiny.INTENTS for row in event["rows"])


@pytest.fixture(scope="module")
def many(tmp_path_factory, artifacts):
    """Data with more validation rows than are watched."""
    return {**artifacts, "d": tiny.data_folder(tmp_path_factory.mktemp("many") / "d", 120)}


@pytest.fixture
def gone_over(monkeypatch):
    """How many validation rows went through the model, each time."""
    counts = []
    real = trainer.WorkbenchTrainer.row_losses

    def counted(self, rows):
        counts.append(rows.rows)
        return real(self, rows)

    monkeypatch.setattr(trainer.WorkbenchTrainer, "row_losses", counted)
    return counts


def test_what_the_kept_look_has_told_is_not_computed_again(tmp_path, many, gone_over):
    run = Run(tmp_path / "run", many, max_steps=4, validate_every=2).go()
    *looks, rest = gone_over
    assert looks == [8, 8]
    assert rest == len((many["d"] / "validation.jsonl").read_text().splitlines()) - 8 > 0
    assert run.job.final_result["validation_loss"] == run.metric("validation_loss")[-1]


def test_where_every_row_is_watched_the_last_look_is_the_figure(tmp_path, artifacts, gone_over):
    run = Run(tmp_path / "run", artifacts, epochs=4, validate_every=4).go()
    looks = run.metric("validation_loss")[:-1]  # the figure is told as the last one
    rows = len((artifacts["d"] / "validation.jsonl").read_text().splitlines())
    assert gone_over == [rows] * len(looks)
    assert run.job.final_result["validation_loss"] == pytest.approx(looks[-1], rel=1e-12)


@pytest.mark.parametrize("fields", [{}, {"learning_rate": 0.5, "early_stopping": 2, "epochs": 12}])
def test_the_figure_is_the_same_to_the_bit_whether_a_look_is_remembered_or_taken_again(
    tmp_path, many, gone_over, fields
):
    """The second set of fields keeps an early step, whose look a resumed run does not remember."""
    fields = {"validate_every": 2, "checkpoint_every": 3, "max_steps": 8, **fields}
    whole = Run(tmp_path / "run", many, **fields).go()
    remembered = len(gone_over)
    shutil.rmtree(whole.folder / "out")  # killed while it was saved
    again = Run(tmp_path / "run", many, resumed=True, **fields).go()

    assert len(gone_over) - remembered in (2, 3), "the last step, the kept one, and the rest"
    assert again.job.final_result["kept_step"] == whole.job.final_result["kept_step"]
    assert again.job.final_result["validation_loss"] == whole.job.final_result["validation_loss"]
    assert again.events("validation_rows")[0]["rows"] == whole.events("validation_rows")[0]["rows"]


def test_an_adapter_as_base_is_merged_first(tmp_path, artifacts):
    first = Run(tmp_path / "first", artifacts, max_steps=3).go()
    chain = {**artifacts, "a": first.model}
    second = Run(tmp_path / "second", chain, model="a", max_steps=1).go()
    assert records.describe(second.model).base == "a"
    assert any("merged" in event["text"] for event in second.events("log"))


def test_an_exported_model_cannot_learn(tmp_path, artifacts):
    folder = tmp_path / "onnx"
    folder.mkdir()
    records.write(folder, records.Description(format="onnx", name="small"))
    with pytest.raises(InputError, match="cannot be fine-tuned") as caught:
        Run(tmp_path / "run", {**artifacts, "m": folder}).go()
    assert "Fine-tune the model it was made from" in caught.value.fix


def test_a_resume_with_other_data_is_refused(tmp_path, artifacts):
    Run(tmp_path / "run", artifacts, max_steps=2).go()
    other = tiny.data_folder(tmp_path / "other", 40)
    with pytest.raises(InputError, match="cannot be resumed") as caught:
        Run(tmp_path / "run", {**artifacts, "d": other}, max_steps=2, resumed=True).go()
    assert "data changed" in caught.value.why


def test_rows_that_are_all_too_long_are_refused_before_training(tmp_path, artifacts):
    rows = [{"text": row["text"], "category": row["category"] * 60} for row in tiny.rows(12)]
    folder = tiny.data_folder(tmp_path / "long", chosen=rows)
    with pytest.raises(InputError, match="No row can be learnt from"):
        Run(tmp_path / "run", {**artifacts, "d": folder}, max_length=40).go()


def test_data_without_validation_rows_trains_all_the_same(tmp_path, artifacts):
    folder = tiny.data_folder(tmp_path / "d", 24)
    info = json.loads(Path(folder / "dataset.json").read_text())
    info["counts"]["validation"] = 0
    (folder / "dataset.json").write_text(json.dumps(info))
    (folder / "validation.jsonl").write_text("")
    run = Run(tmp_path / "run", {**artifacts, "d": folder}).go()
    assert run.job.final_state == "succeeded"
    assert "validation_loss" not in run.job.final_result


def test_the_last_checkpoint_needs_no_optimizer_and_a_resume_saves_what_is_done(tmp_path, artifacts):
    whole = Run(tmp_path / "run", artifacts, max_steps=4, checkpoint_every=2).go()
    first, last = sorted((whole.folder / "checkpoints").iterdir())
    assert (first / "optimizer.pt").is_file()
    assert not (last / "optimizer.pt").exists()
    learnt = load_file(whole.model / "adapter_model.safetensors")
    shutil.rmtree(whole.folder / "out")  # killed while it was saved
    again = Run(tmp_path / "run", artifacts, max_steps=4, checkpoint_every=2, resumed=True).go()
    assert not again.metric("loss")
    found = load_file(again.model / "adapter_model.safetensors")
    assert all(torch.equal(found[name], tensor) for name, tensor in learnt.items())
