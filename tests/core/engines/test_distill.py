from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from core.engines import distill, finetune, prune
from core.engines.distilling import soft, store, teacher, trainer
from core.engines.distilling.divergence import distance
from core.engines.distilling.lessons import Lessons
from core.engines.distilling.soft import Soft
from core.engines.training import packing, preparation
from core.errors import CancelledError, InputError
from core.models import records
from core.specs import DistillSpec, FinetuneSpec, PruneSpec
from core.workspace import manifest
from tests.core.engines import tiny

FAST = {
    "model": "m",
    "data": "d",
    "teachers": ("t",),
    "batch_size": 8,
    "epochs": 2,
    "precision": "fp32",
    "learning_rate": 1e-3,
    "sample_prompts": 0,
    "keep_best": False,
}


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    """A student, data, and a teacher that learnt the task."""
    folder = tmp_path_factory.mktemp("artifacts")
    found = {
        "m": tiny.model_folder(folder / "m", seed=9),
        "d": tiny.data_folder(folder / "d", 48),
        "base": tiny.model_folder(folder / "base"),
    }
    job, _ = tiny.job(folder / "runs" / "taught", **found)
    spec = FinetuneSpec(
        model="base", data="d", method="full", epochs=12, batch_size=8, learning_rate=5e-3, precision="fp32"
    )
    finetune.run(spec, job)
    return {**found, "t": job.folder / "out" / "model"}


class Run:
    def __init__(self, folder, artifacts, *, resumed=False, before=lambda job: None, **fields):
        self.job, self._out = tiny.job(folder / "runs" / "run", resumed=resumed, **artifacts)
        before(self.job)
        self.spec = DistillSpec(**{**FAST, **fields})

    def go(self):
        distill.run(self.spec, self.job)
        return self

    def events(self, name):
        lines = map(json.loads, self._out.getvalue().splitlines())
        return [event for event in lines if event["ev"] == name]

    def metric(self, name):
        return [event["values"][name] for event in self.events("metrics") if name in event["values"]]

    @property
    def weights(self):
        return load_file(self.job.folder / "out" / "model" / "model.safetensors")


def test_the_student_comes_nearer_to_its_teacher(tmp_path, artifacts):
    run = Run(tmp_path, artifacts, epochs=6, learning_rate=3e-3).go()
    manifest.verify(run.job.folder / "out" / "model")
    assert records.describe(run.job.folder / "out" / "model").source == "distilled from tiny"
    apart, agreed = run.metric("validation_teacher_loss"), run.metric("validation_agreement")
    assert apart[-1] < 0.6 * apart[0]
    assert agreed[-1] > agreed[0]
    assert run.job.final_result["teacher_agreement"] == pytest.approx(agreed[-1])
    assert len(run.metric("validation_retention")) == len(agreed)
    assert len(run.metric("teacher_loss")) == len(run.metric("label_loss")) == len(run.metric("loss"))
    assert not run.metric("hidden_loss"), "what goes on inside is left alone unless it is asked for"


@pytest.mark.parametrize("fields", [{}, {"method": "lora", "precision": "bf16"}])
def test_a_look_also_tells_each_rows_loss_as_without_a_teacher(tmp_path, artifacts, monkeypatch, fields):
    told = []
    real = trainer.DistillTrainer.look_at

    def both(self, rows):
        look = real(self, rows)
        told.append((look, self.row_losses(rows), rows.targets))
        return look

    monkeypatch.setattr(trainer.DistillTrainer, "look_at", both)
    run = Run(tmp_path, artifacts, max_steps=2, validate_every=1, **fields).go()
    assert len(told) == 3, "before, and after each step; the kept one not again for the figure"
    for look, alone, targets in told:
        assert list(look.rows) == alone
        assert look.loss == pytest.approx(sum(alone) / targets, rel=1e-6)
    assert run.job.final_result["validation_loss"] == pytest.approx(told[-1][0].loss, rel=1e-6)


def test_the_teachers_own_answer_stands_beside_the_students(tmp_path, artifacts):
    run = Run(tmp_path, artifacts, sample_prompts=2).go()
    said = {event["prompt"]: event["teacher"] for event in run.events("sample")}
    assert said, "at least one, however slow the computer is"
    again = Run(tmp_path, artifacts, sample_prompts=2).go()
    assert {event["teacher"] for event in again.events("sample") if event["prompt"] in said} <= {
        *said.values()
    }
    same = {**artifacts, "twin": artifacts["t"]}
    twin = Run(tmp_path, same, sample_prompts=2, model="twin", epochs=0.01, learning_rate=1e-9).go()
    own = [event for event in twin.events("sample") if event["prompt"] in said]
    assert all(event["answer"] == said[event["prompt"]] for event in own)
    assert own


def test_the_teacher_is_asked_once_and_not_in_memory_afterwards(tmp_path, artifacts, monkeypatch):
    loads = []
    real = teacher.load
    monkeypatch.setattr(teacher, "load", lambda *args: loads.append(1) or real(*args))
    first = Run(tmp_path, artifacts).go().weights
    assert len(loads) == 1
    second = Run(tmp_path, artifacts).go().weights
    assert len(loads) == 1, "the second run used what the first had kept"
    assert all(torch.equal(first[name], second[name]) for name in first)
    Run(tmp_path, artifacts, temperature=3.0).go()
    assert len(loads) == 2, "at another temperature it says something else"


def test_the_loss_with_the_store_is_that_of_the_live_teacher(tmp_path, artifacts):
    run = Run(tmp_path, artifacts)
    decisions = preparation.decide(run.spec, run.job)
    asked = teacher.ask(run.spec, 0, run.job, decisions, teacher.Count())
    ready = preparation.prepare(run.spec, run.job, decisions)
    rows = ready.train.usable
    lessons = Lessons([asked], ready.tokenizer, by_rank=False)
    assert lessons.add(rows, "train") == [1.0]
    live = AutoModelForCausalLM.from_pretrained(artifacts["t"], dtype=torch.float32)
    for row in rows[:8]:
        places = [at - 1 for at, label in enumerate(row.labels) if at and label != -100]
        with torch.no_grad():
            said = live(input_ids=torch.tensor([row.ids])).logits[0, places]
            ours = ready.model(input_ids=torch.tensor([row.ids])).logits[0, places]
        kept = lessons.of([row]).teachers[0]
        known = torch.ones(len(places), dtype=torch.bool)
        coarse = Soft(*soft.coarsen(said, run.spec.top_k, 2.0), known)
        for kind in ("forward_kl", "reverse_kl", "jensen_shannon"):
            one, other = (distance(ours, item, kind, 2.0) for item in (kept, coarse))
            assert torch.allclose(one, other, rtol=1e-3, atol=1e-3)


def test_own_answers_are_judged_by_the_teacher(tmp_path, artifacts):
    run = Run(tmp_path, artifacts, on_policy=0.5).go()
    plain = Run(tmp_path / "other", artifacts).go()
    assert len(run.metric("loss")) == len(plain.metric("loss"))
    half = len(run.metric("loss")) // 2
    assert run.metric("loss")[:half] == plain.metric("loss")[:half]
    assert run.metric("loss")[half:] != plain.metric("loss")[half:]
    assert any("judge the student's own answers" in event["text"] for event in run.events("log"))


INSIDE = {"hidden_weight": 2.0, "attention_weight": 3.0}


@pytest.mark.parametrize("method", ["full", "lora"])
def test_inside_too_the_student_comes_nearer_to_its_teacher(tmp_path, artifacts, method):
    run = Run(tmp_path, artifacts, method=method, max_steps=5, learning_rate=5e-3, **INSIDE).go()
    parts = ("label_loss", "teacher_loss", "hidden_loss", "attention_loss")
    for label, told, hidden, attention, loss in zip(*map(run.metric, (*parts, "loss")), strict=True):
        assert loss == pytest.approx(0.2 * label + 0.8 * told + 2 * hidden + 3 * attention, rel=1e-3)
    for name in parts[2:]:
        assert run.metric(name)[-1] < run.metric(name)[0]


def test_a_cut_student_is_matched_with_the_layers_it_was_cut_out_of(tmp_path, artifacts):
    deep = tiny.model_folder(tmp_path / "deep", seed=4, layers=4)
    job, _ = tiny.job(tmp_path / "cutting", deep=deep, d=artifacts["d"])
    prune.run(PruneSpec(model="deep", data="d", keep_layers=2, vocabulary="data"), job)
    cut = job.folder / "out" / "model"
    run = Run(tmp_path, {**artifacts, "m": cut, "t": deep}, max_steps=2, hidden_weight=1.0).go()
    assert any("that it was cut out of" in event["text"] for event in run.events("log"))
    other = Run(tmp_path / "other", {**artifacts, "t": deep}, max_steps=2, hidden_weight=1.0).go()
    assert any("evenly spread" in event["text"] for event in other.events("log"))


def test_what_cannot_be_matched_inside_is_refused_with_what_can(tmp_path, artifacts):
    wide = tiny.model_folder(tmp_path / "wide", hidden=96)
    given = {**artifacts, "t": wide}
    with pytest.raises(InputError, match="matched inside") as refusal:
        Run(tmp_path / "states", given, hidden_weight=1.0).go()
    assert "96 numbers wide, the student's 64" in refusal.value.why
    assert "attention_weight" in refusal.value.fix
    Run(tmp_path / "attention", given, attention_weight=1.0, max_steps=1).go()
    given["t"] = _foreign(tmp_path / "foreign")
    with pytest.raises(InputError, match="matched inside") as refusal:
        Run(tmp_path / "tokens", given, divergence="universal", attention_weight=1.0).go()
    assert "tokens" in refusal.value.why


@pytest.mark.parametrize("fields", [{}, {**INSIDE, "on_policy": 0.6}, {"method": "lora"}])
def test_a_stop_and_a_resume_end_like_one_go(tmp_path, artifacts, fields):
    whole = Run(tmp_path / "whole", artifacts, checkpoint_every=1, **fields).go()

    class Stopped(Exception):
        pass

    def stop(job):
        real = job.progress

        def progress(done, total=None):
            real(done, total)
            if done == 4 and job._total == len(whole.metric("loss")):
                raise Stopped

        job.progress = progress

    with pytest.raises(Stopped):
        Run(tmp_path / "cut", artifacts, before=stop, checkpoint_every=1, **fields).go()
    again = Run(tmp_path / "cut", artifacts, resumed=True, checkpoint_every=1, **fields).go()
    name = "adapter_model.safetensors" if fields.get("method") == "lora" else "model.safetensors"
    one, other = (run.job.folder / "out" / "model" / name for run in (whole, again))
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("slow", [False, True])
def test_a_stop_keeps_what_was_asked_and_a_resume_asks_the_rest(tmp_path, artifacts, monkeypatch, slow):
    """A part that is complete soon is waited for; of a slow teacher the part that was cut is asked twice."""
    monkeypatch.setattr(store, "ROWS_A_PART", 8)
    if slow:
        monkeypatch.setattr(teacher, "_FINISHED_IN_S", -1.0)
        monkeypatch.setattr(teacher, "_LOOKED_AT_EVERY", 1)
    asked = []
    real = teacher.TorchTeacher.logits

    def counted(self, rows):
        asked.append(len(rows))
        yield from real(self, rows)

    monkeypatch.setattr(teacher.TorchTeacher, "logits", counted)

    def stop(job):
        real_progress = job.progress

        def progress(done, total=None):
            real_progress(done, total)
            if done == 20 and asked:
                job.take({"cmd": "stop"})

        job.progress = progress

    first = Run(tmp_path, artifacts, before=stop).go()
    files = (artifacts["d"] / name for name in ("train.jsonl", "validation.jsonl"))
    rows = sum(len(file.read_text().splitlines()) for file in files)
    kept = 16 if slow else 24
    assert len(asked) == 3
    assert first.job.final_state == "stopped"
    assert first.job.final_result == {"answers_kept": kept, "answers_wanted": rows}
    assert not first.events("artifact")
    again = Run(tmp_path, artifacts, resumed=True).go()
    assert again.job.final_state == "succeeded"
    assert sum(asked) == rows + 24 - kept


def test_a_stop_before_the_first_part_of_answers_keeps_nothing(tmp_path, artifacts, monkeypatch):
    monkeypatch.setattr(teacher, "_FINISHED_IN_S", -1.0)
    monkeypatch.setattr(teacher, "_LOOKED_AT_EVERY", 1)
    stopped = Run(tmp_path, artifacts)
    stopped.job.take({"cmd": "stop"})
    with pytest.raises(CancelledError):
        stopped.go()


def test_two_teachers(tmp_path, artifacts):
    artifacts = {**artifacts, "t2": artifacts["base"]}
    run = Run(tmp_path, artifacts, teachers=("t", "t2"), teacher_weights=(3.0, 1.0)).go()
    one = Run(tmp_path / "one", artifacts).go()
    assert run.metric("teacher_loss")[0] != one.metric("teacher_loss")[0]


def _foreign(folder):
    """The tiny model, with another vocabulary: digits and letters swapped about and half the merges gone."""
    from tokenizers import Tokenizer

    made = tiny.model_folder(folder, seed=3)
    path = made / "tokenizer.json"
    said = json.loads(path.read_text())
    said["model"]["merges"] = said["model"]["merges"][:10]
    kept = {
        "".join(pair) if isinstance(pair, list) else pair.replace(" ", "") for pair in said["model"]["merges"]
    }
    words = [w for w in said["model"]["vocab"] if len(w) == 1 or w in kept or w.startswith("<|")]
    said["model"]["vocab"] = {word: number for number, word in enumerate(words)}
    for token in said["added_tokens"]:
        token["id"] = said["model"]["vocab"][token["content"]]
    path.write_text(json.dumps(said))
    Tokenizer.from_file(str(path))
    manifest.write(made)
    return made


def test_a_teacher_with_other_tokens_is_refused_with_a_way_out_that_works(tmp_path, artifacts):
    artifacts = {**artifacts, "t": _foreign(tmp_path / "foreign")}
    with pytest.raises(InputError) as refusal:
        Run(tmp_path, artifacts).go()
    assert "universal" in refusal.value.fix
    with pytest.raises(InputError):
        Run(tmp_path / "own", artifacts, divergence="universal", on_policy=0.5).go()
    run = Run(tmp_path / "rank", artifacts, divergence="universal", label_weight=0.0, epochs=4).go()
    assert run.metric("validation_teacher_loss")[-1] < run.metric("validation_teacher_loss")[0]


def test_a_student_that_a_padded_vocabulary_makes_wider_learns_all_the_same(tmp_path, artifacts):
    wide = tiny.model_folder(tmp_path / "wide", seed=9)
    model = AutoModelForCausalLM.from_pretrained(wide)
    model.resize_token_embeddings(model.config.vocab_size + 56)
    model.save_pretrained(wide)
    manifest.write(wide)
    run = Run(tmp_path, {**artifacts, "m": wide}, epochs=4).go()
    assert run.metric("validation_teacher_loss")[-1] < run.metric("validation_teacher_loss")[0]


@pytest.mark.parametrize(
    "fields",
    [
        {"teachers": ()},
        {"teachers": ("t", "u"), "teacher_weights": (1.0,)},
        {"teacher_weights": (0.0,)},
        {"teachers": ("m",)},
        {"teachers": ("t", "u"), "hidden_weight": 1.0},
    ],
)
def test_settings_that_do_not_go_together_are_refused(fields):
    with pytest.raises(ValueError, match=r"teacher|weight"):
        DistillSpec(**{**FAST, **fields})


def test_the_trainer_gives_each_row_its_own_lesson(tmp_path, artifacts):
    run = Run(tmp_path, artifacts)
    decisions = preparation.decide(run.spec, run.job)
    asked = teacher.ask(run.spec, 0, run.job, decisions, teacher.Count())
    ready = preparation.prepare(run.spec, run.job, decisions)
    lessons = Lessons([asked], ready.tokenizer, by_rank=False)
    lessons.add(ready.train.usable, "train")
    rows = ready.train.usable[:6]
    for share in (True, False):
        for part in packing.batch(rows, 64, share=share).packs:
            lesson = lessons.of([rows[number] for number in part.rows])
            assert torch.equal(lesson.labels, part.targets)


def test_a_student_that_was_better_before_is_said_to_be(tmp_path, artifacts):
    told = {**artifacts, "m": artifacts["t"], "t": artifacts["base"]}
    run = Run(tmp_path / "worse", told, learning_rate=0.3, epochs=1, label_weight=0.0).go()
    assert any("does worse on the validation rows" in event["text"] for event in run.events("warning"))
    better = Run(tmp_path / "better", artifacts, epochs=4).go()
    assert not any("does worse" in event["text"] for event in better.events("warning"))
