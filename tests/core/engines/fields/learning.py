"""How the jobs that learn, search and merge are looked at."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from core.engines import distill, finetune, merge, search
from core.engines.fitting import dry_run
from core.engines.searching.study import Study
from core.engines.training import preparation, trainer
from core.models import records, trials
from core.models.trials import Trial
from core.specs import Spec
from tests.core.engines.fields.rig import Rig, Seen, Sight, child_threads, content, events

_TRIALS = 7  # TPE begins to judge after six


def prepared(rig: Rig, spec: Spec) -> Seen:
    """Everything that is ready before the first step of a training, and that step's loss."""
    job, _ = rig.job()
    decisions = preparation.decide(spec, job)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    ready = preparation.prepare(spec, job, decisions)
    plan, model, rows = ready.plan, ready.model, ready.train.usable
    arguments = trainer.arguments(plan, job.folder / "checkpoints", validates=True).to_dict()
    weights = {
        name: hashlib.sha256(p.detach().float().numpy().tobytes()).hexdigest()
        for name, p in model.named_parameters()
    }
    layers = [module for module in model.modules() if hasattr(module, "lora_dropout")]
    seen = {
        **{f"arguments.{key}": value for key, value in arguments.items()},
        **{f"weights.{key}": value for key, value in weights.items()},
        "learns": sorted(name for name, p in model.named_parameters() if p.requires_grad),
        "ids": [example.ids for example in rows],
        "precision": decisions.precision,
        "threads": threads,
        "dropout": [str(layer.lora_dropout["default"]) for layer in layers],
        "scaling": [layer.scaling["default"] for layer in layers],
        "recomputes": any(getattr(module, "gradient_checkpointing", False) for module in model.modules()),
    }
    learner = trainer.WorkbenchTrainer(model, plan, job, rows, (), lambda step: None, ("", "", ""))
    batch = learner.batch(rows[: plan.batch_size])
    return {**seen, "packs": len(batch.packs), "loss": float(learner.training_step(model, batch))}


def trained(rig: Rig, spec: Spec) -> Seen:
    """A whole training: its samples, its steps and the weights it leaves."""
    job, out = rig.job()
    finetune.run(spec, job)
    return {
        "samples": sum(event["ev"] == "sample" for event in events(out)),
        "steps": job.final_result["steps"],
        "weights": _weights(job.folder / "out" / "model"),
    }


def distilled(rig: Rig, spec: Spec) -> Seen:
    """A whole distillation: what it says along the way, and the weights it leaves."""
    job, out = rig.job()
    distill.run(spec, job)
    said = events(out)
    return {
        "own answers": sum(event["ev"] == "log" and "own answers" in event["text"] for event in said),
        "states": [event["values"].get("hidden_loss") for event in said if event["ev"] == "metrics"],
        "attention": [event["values"].get("attention_loss") for event in said if event["ev"] == "metrics"],
        "apart": [event["values"].get("teacher_loss") for event in said if event["ev"] == "metrics"],
        "weights": _weights(job.folder / "out" / "model"),
    }


def merged(rig: Rig, spec: Spec) -> Seen:
    """The one model that came of several."""
    job, _ = rig.job()
    merge.run(spec, job)
    folder = job.folder / "out" / "model"
    return {
        "format": records.describe(folder).format,
        "rank": job.final_result["rank"],
        "weights": _weights(folder),
    }


def _weights(folder: Path) -> list[str]:
    return [digest for name, digest in content(folder).items() if name.endswith(".safetensors")]


def searched(rig: Rig, spec: Spec) -> Seen:
    """A whole search."""
    job, _ = rig.job()
    search.run(spec, job)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    report = trials.read(job.folder / "out" / "report")
    return {
        "ended by": report.ended_by,
        "trials": len(report.trials),
        "curves": [trial.curve for trial in report.trials],
        "threads": threads,
    }


def proposed(rig: Rig, spec: Spec) -> Seen:
    """What the study tries, one after the other, and where it gives up, when each goes worse than before."""
    job, _ = rig.job()
    study = Study(job.folder / "search.db", spec, ("data", "model"))
    usual = search.usual_params(spec, spec.finetune({}), 1e-3)
    tried, given_up = [], []
    for number in range(1, min(_TRIALS, spec.planned_trials) + 1):
        tried.append(study.begin(number, usual))
        given_up.append([study.report(look, float(number)) for look in (1, 2, 3)])
        study.end(Trial(number=number, state="complete", params=tried[-1], value=float(number)))
    return {"tried": tried, "given up": given_up}


def dry_run_measured(rig: Rig, spec: Spec) -> Seen:
    """What the dry run measures."""
    job, _ = rig.job()
    found = dry_run.measure(spec.spec, job)
    torch.set_num_threads(1)
    return {"steps": found.steps, "learner": found.learner}


FINETUNE: dict[str, Any] = {
    "model": "a", "data": "d", "precision": "fp32", "batch_size": 8, "max_steps": 2, "sample_prompts": 0,
    "threads": 1,
}  # fmt: skip
DISTILL = {**FINETUNE, "teachers": ("b",)}
_TRIED = {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}, "batch_size": {"choices": [4, 8, 16]}}

#: What a spec needs to be one, by kind.
BASES = {
    "finetune": lambda _rig: FINETUNE,
    "distill": lambda _rig: DISTILL,
    "merge": lambda _rig: {"models": ("one", "two")},
    "search": lambda _rig: {
        "model": "a", "data": "d", "fields": _TRIED, "trials": 1,
        "settings": {"precision": "fp32", "max_steps": 1},
    },
    "fit": lambda _rig: {"spec": FINETUNE},
}  # fmt: skip

#: Steps so large that the first look stays the best by far, with a look after every step.
_WILD = {
    "method": "full", "learning_rate": 1.0, "schedule": "constant", "warmup_ratio": 0.0, "max_steps": 4,
    "max_grad_norm": 1000.0, "validate_every": 1,
}  # fmt: skip
_MANY = {"trials": 50}
_LORA_A = "weights.base_model.model.model.layers.0.self_attn.q_proj.lora_A"

SIGHTS: dict[str, dict[str, Sight]] = {
    "finetune": {
        "model": Sight(prepared, "b", "weights.base_model.model.model.embed_tokens.weight"),
        "data": Sight(prepared, "e", "ids"),
        "method": Sight(prepared, "full", "learns"),
        "epochs": Sight(prepared, 2.0, "arguments.max_steps", {"max_steps": None}),
        "learning_rate": Sight(prepared, 1e-4, "arguments.learning_rate"),
        "batch_size": Sight(prepared, 4, "arguments.per_device_train_batch_size"),
        "max_length": Sight(prepared, 24, "ids"),
        "max_steps": Sight(prepared, 3, "arguments.max_steps"),
        "lora_rank": Sight(prepared, 4, _LORA_A),
        "lora_alpha": Sight(prepared, 64, "scaling"),
        "lora_dropout": Sight(prepared, 0.1, "dropout"),
        "use_rslora": Sight(prepared, True, "scaling"),
        "continue_adapter": Sight(prepared, True, _LORA_A, {"model": "one"}),
        "warmup_ratio": Sight(prepared, 0.5, "arguments.warmup_steps"),
        "weight_decay": Sight(prepared, 0.1, "arguments.weight_decay"),
        "schedule": Sight(prepared, "linear", "arguments.lr_scheduler_type"),
        "max_grad_norm": Sight(prepared, 1e-3, "arguments.max_grad_norm"),
        "loss": Sight(prepared, "focal", "loss"),
        "focal_gamma": Sight(prepared, 1.0, "loss", {"loss": "focal"}),
        "label_smoothing": Sight(prepared, 0.2, "loss"),
        "tokens_at_once": Sight(prepared, 64, "packs"),
        "gradient_checkpointing": Sight(prepared, "on", "recomputes"),
        "precision": Sight(prepared, "bf16", "arguments.bf16"),
        "checkpoint_every": Sight(prepared, 7, "arguments.save_steps"),
        "validate_every": Sight(prepared, 7, "arguments.eval_steps"),
        "early_stopping": Sight(trained, 1, "steps", _WILD),
        "keep_best": Sight(trained, False, "weights", _WILD),
        "default_system": Sight(prepared, True, "ids"),
        "sample_prompts": Sight(trained, 1, "samples"),
        "seed": Sight(prepared, 18, _LORA_A),
        "threads": Sight(prepared, 2, "threads"),
    },
    "merge": {
        "models": Sight(merged, ("one", "three"), "weights"),
        "weights": Sight(merged, (0.9, 0.1), "weights"),
        "how": Sight(merged, "svd", "rank"),
        "into": Sight(merged, "model", "format"),
        "density": Sight(merged, 0.2, "weights", {"how": "ties"}),
        "seed": Sight(merged, 18, "weights", {"how": "dare_ties"}),
        "threads": Sight(child_threads, 3, "threads"),
    },
    "search": {
        "model": Sight(searched, "b", "curves"),
        "data": Sight(searched, "e", "curves"),
        "settings": Sight(searched, {"precision": "fp32", "max_steps": 2}, "curves"),
        "fields": Sight(proposed, {"lora_rank": {"choices": [2, 4]}}, "tried"),
        "sampler": Sight(proposed, "random", "tried", _MANY),
        "pruner": Sight(proposed, "none", "given up", _MANY),
        "minutes": Sight(searched, 1e-5, "ended by"),
        "trials": Sight(searched, 2, "trials"),
        "seed": Sight(proposed, 18, "tried", _MANY),
        "threads": Sight(searched, 2, "threads"),
    },
    "fit": {"spec": Sight(dry_run_measured, {**FINETUNE, "max_steps": 3}, "steps")},
}

_OF_LORA = ("lora_rank", "lora_alpha", "lora_dropout", "use_rslora", "continue_adapter", "seed")
_LORA = {"method": "lora"}
_TWO = {"teachers": ("b", "plain")}

SIGHTS["distill"] = {
    **{
        name: replace(sight, base={**(_LORA if name in _OF_LORA else {}), **sight.base})
        for name, sight in SIGHTS["finetune"].items()
        if name not in ("loss", "focal_gamma", "label_smoothing")
    },
    "model": Sight(prepared, "b", "weights.model.embed_tokens.weight", {"teachers": ("plain",)}),
    "method": Sight(prepared, "lora", "learns"),
    "teachers": Sight(distilled, ("plain",), "apart"),
    "teacher_weights": Sight(distilled, (1.0, 5.0), "apart", _TWO),
    "divergence": Sight(distilled, "reverse_kl", "apart"),
    "temperature": Sight(distilled, 1.0, "apart"),
    "label_weight": Sight(distilled, 0.9, "weights"),
    "top_k": Sight(distilled, 2, "apart"),
    "on_policy": Sight(distilled, 0.5, "own answers"),
    "hidden_weight": Sight(distilled, 1.0, "states"),
    "attention_weight": Sight(distilled, 1.0, "attention"),
}
