"""Every field of every spec does something: changed alone, it changes what the engine does.

Each field has a *sight*: how it is observed, the other value, and where the difference must show. A new field
without one fails `test_every_field_has_a_sight` by its name.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file

from core.engines import (
    add_model,
    chat,
    download_data,
    evaluate,
    finetune,
    hub_download,
    import_data,
    preview,
    quantize,
)
from core.engines.quantization import graph
from core.engines.training import preparation, trainer
from core.errors import InputError
from core.jobs.registry import KINDS
from core.jobs.session import ChatSession
from core.jobs.supervisor import Supervisor
from core.models import hub, records
from core.specs import FinetuneSpec, Spec
from core.workspace import manifest
from core.workspace.workspace import Workspace
from tests.core.engines import tiny
from tests.core.models.hub_server import Hub

Seen = dict[str, Any]


@dataclass(frozen=True)
class Sight:
    """How a field is observed.

    Attributes:
        look: Does the work of a spec and gives what was seen.
        other: Another value of the field.
        key: Where the difference must show; a part of it suffices, such as `plan.`.
        base: Values of other fields, the same on both sides, that make the field matter.
    """

    look: Callable[[Rig, Spec], Seen]
    other: Any
    key: str
    base: dict[str, Any] = field(default_factory=dict)


class Rig:
    """Two tiny models, two tiny data sets, and a place to work."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs = 0
        self.inputs = {
            "a": tiny.model_folder(root / "a"),
            "b": tiny.model_folder(root / "b", seed=6),
            "d": tiny.data_folder(root / "d"),
            "e": tiny.data_folder(root / "e", 60),
        }
        _stir(self.inputs["b"] / "model.safetensors")
        said = records.describe(self.inputs["b"])
        records.write(self.inputs["b"], said.model_copy(update={"name": "tiny-b"}))
        (self.inputs["b"] / manifest.NAME).unlink()
        manifest.write(self.inputs["b"])
        self.inputs["plain"] = root / "plain"  # the first one, whose template adds nothing by itself
        shutil.copytree(self.inputs["a"], self.inputs["plain"])
        template = self.inputs["plain"] / records.TEMPLATE
        template.write_text(template.read_text().replace("message['role']", "message['role'] + '!'"))
        self.seen: dict[tuple[Any, str], Seen] = {}

    def job(self, *, stopped: bool = False) -> tuple[Any, Any]:
        """A fresh run with every input; `stopped`: a stop was asked before it began."""
        self.runs += 1
        job, out = tiny.job(self.root / f"run-{self.runs}", **self.inputs)
        if stopped:
            job.take({"cmd": "stop"})
        return job, out

    def look(self, sight: Sight, spec: Spec) -> Seen:
        """What a spec does, looked at once."""
        known = (sight.look, spec.digest())
        if known not in self.seen:
            self.seen[known] = sight.look(self, spec)
        return self.seen[known]

    @contextlib.contextmanager
    def online(self) -> Iterator[None]:
        """A hub on the loopback, open to this process."""
        served = Hub()
        first = _import(self)["source"]
        _outside(self)
        for name in ("a", "b"):
            served.repos["models", f"org/{name}"] = self.root / f"outside-{name}"
        served.repos["datasets", "org/data"] = Path(first).parent / "tables"
        (self.root / "tables").mkdir(exist_ok=True)
        for name in ("first.csv", "second.csv"):
            shutil.copy(self.root / name, self.root / "tables" / name)
        with served.serve() as address, pytest.MonkeyPatch.context() as patch:
            patch.setenv("HF_ENDPOINT", address)
            patch.setattr(constants, "HF_HUB_OFFLINE", False)
            patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
            yield

    def adapter(self) -> None:
        """Puts an add-on to model `a` among the inputs, as `tuned`."""
        if "tuned" not in self.inputs:
            job, _ = self.job()
            finetune.run(FinetuneSpec(**FINETUNE), job)
            folder = job.folder / "out" / "model"
            self.inputs["tuned"] = folder


def _stir(path: Path) -> None:
    """Lets the layers outweigh the embedding: small random models all repeat what they read last."""
    tensors = load_file(path)
    for name, tensor in tensors.items():
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            tensors[name] = tensor * 40
    save_file(tensors, path, metadata={"format": "pt"})


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    return Rig(tmp_path_factory.mktemp("fields"))


def events(out: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def content(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# --- how a job is looked at ---


def imported(rig: Rig, spec: Spec) -> Seen:
    """The data set and what is said of it, or the refusal."""
    job, out = rig.job()
    try:
        import_data.run(spec, job)
    except InputError as error:
        return {"refused": error.code}
    (artifact,) = [event for event in events(out) if event["ev"] == "artifact"]
    return {**content(job.folder / "out" / "dataset"), "name": artifact["name"]}


def downloaded_data(rig: Rig, spec: Spec) -> Seen:
    """A data set from the hub on the loopback."""
    job, out = rig.job()
    with rig.online():
        try:
            download_data.run(spec, job)
        except InputError as error:
            return {"refused": error.code}
    (artifact,) = [event for event in events(out) if event["ev"] == "artifact"]
    return {**content(job.folder / "out" / "dataset"), "name": artifact["name"]}


def downloaded_model(rig: Rig, spec: Spec) -> Seen:
    """The files that a model's download brings, and the name it would get."""
    job, _ = rig.job()
    with rig.online():
        folder = hub_download.fetch(hub.model_offer(hub.parse(spec.source)), job)
    said = add_model._describe(spec, folder, "", "", spec.source)
    return {"weights": content(folder)["model.safetensors"], "name": said.name}


def taken(rig: Rig, spec: Spec) -> Seen:
    """The files taken from a model's folder, and its description."""
    job, _ = rig.job()
    folder = job.stage("model")
    licence = add_model._take_folder(Path(spec.source), folder, job)
    said = add_model._describe(spec, folder, licence, "", "somewhere")
    return {**content(folder), "name": said.name}


def prepared(rig: Rig, spec: Spec) -> Seen:
    """Everything that is ready before the first step of a training."""
    job, _ = rig.job()
    decisions = preparation.decide(spec, job)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    ready = preparation.prepare(spec, job, decisions)
    arguments = trainer.arguments(ready.plan, job.folder / "checkpoints", validates=True).to_dict()
    weights = {
        name: hashlib.sha256(p.detach().float().numpy().tobytes()).hexdigest()
        for name, p in ready.model.named_parameters()
    }
    layers = [module for module in ready.model.modules() if hasattr(module, "lora_dropout")]
    return {
        **{f"arguments.{key}": value for key, value in arguments.items()},
        **{f"weights.{key}": value for key, value in weights.items()},
        "learns": sorted(name for name, p in ready.model.named_parameters() if p.requires_grad),
        "ids": [example.ids for example in ready.train.usable],
        "pack_tokens": ready.plan.pack_tokens,
        "precision": ready.decisions.precision,
        "threads": threads,
        "dropout": [str(layer.lora_dropout["default"]) for layer in layers],
        "scaling": [layer.scaling["default"] for layer in layers],
    }


def trained(rig: Rig, spec: Spec) -> Seen:
    """A whole training: its curves, its samples and the add-on it leaves."""
    if spec.model == "tuned":
        rig.adapter()
    job, out = rig.job()
    finetune.run(spec, job)
    said = events(out)
    curves: dict[str, list[float]] = {}
    for event in said:
        if event["ev"] == "metrics":
            for name, value in event["values"].items():
                curves.setdefault(f"curve.{name}", []).append(value)
    folder = job.folder / "out" / "model"
    settings = json.loads((folder / "adapter_config.json").read_text())
    return {
        **curves,
        **{f"adapter.{key}": value for key, value in settings.items()},
        "samples": sum(event["ev"] == "sample" for event in said),
        "steps": job.final_result["steps"],
        "weights": content(folder)["adapter_model.safetensors"],
        "resolved": [event["values"] for event in said if event["ev"] == "resolved"],
        "base": records.describe(folder).base,
    }


def quantized(rig: Rig, spec: Spec) -> Seen:
    """The folder for the runtime."""
    job, _ = rig.job()
    quantize.run(spec, job)
    folder = job.folder / "out" / "model"
    settings = json.loads((folder / "genai_config.json").read_text())
    files = content(folder)
    return {
        "bits": dict(graph.inspect(folder / "model.onnx").matmul),
        "weights": [files[name] for name in files if name.startswith("model.onnx")],
        "max_length": settings["search"]["max_length"],
    }


def asked(rig: Rig, spec: Spec) -> Seen:
    """What an evaluation is about to do, before a model is loaded: it was stopped in advance."""
    job, out = rig.job(stopped=True)
    evaluate.run(spec, job)
    lines = (job.folder / "out" / "report" / "answers.jsonl").read_text().splitlines()
    (measuring,) = [event for event in events(out) if event.get("name") == "measuring"]
    return {
        "rows": [json.loads(line)["row"] for line in lines],
        "prompts": [json.loads(line)["prompt"] for line in lines],
        "answers to give": measuring["total"],
        "timed": evaluate.timed_rows(spec, 12),
    }


def measured(rig: Rig, spec: Spec) -> Seen:
    """A whole evaluation."""
    job, out = rig.job()
    evaluate.run(spec, job)
    lines = (job.folder / "out" / "report" / "answers.jsonl").read_text().splitlines()
    return {
        "answers": [json.loads(line)["answers"] for line in lines],
        "at once": sum(event["ev"] == "sample" for event in events(out)),  # one is shown of each batch
    }


def chatted(rig: Rig, spec: Spec) -> Seen:
    """One answer."""
    job, out = rig.job()
    job.take({"cmd": "ask", "messages": [{"role": "user", "content": "where is my card?"}]})
    job._asks.put(None)
    torch.manual_seed(0)
    chat.run(spec, job)
    (answer,) = [event for event in events(out) if event["ev"] == "answer"]
    return {"text": answer["text"], "tokens": answer["tokens"]}


def previewed(rig: Rig, spec: Spec) -> Seen:
    """The rows as tokens."""
    job, _ = rig.job()
    shown = preview.rows(spec, *preview.open_inputs(spec, job), job)
    ids, texts = [row["ids"] for row in shown], [row["texts"] for row in shown]
    return {"rows": len(shown), "ids": ids, "texts": texts}


def child_threads(rig: Rig, spec: Spec) -> Seen:
    """The threads that the job's process is given, seen by the process itself."""
    rig.runs += 1
    workspace = Workspace(rig.root / f"workspace-{rig.runs}")
    run = workspace.store.add_run(spec.kind, "n", spec.model_dump(mode="json"), ())
    script = (
        "import json, os, pathlib, sys; p = pathlib.Path(sys.argv[1]); "
        "(p / 'seen').write_text(os.environ['OMP_NUM_THREADS'] + ' ' "
        "+ str(json.loads((p / 'job.json').read_text())['threads']))"
    )
    supervisor = Supervisor(workspace, run, command=[sys.executable, "-S", "-c", script])
    supervisor.start()
    assert supervisor.wait(20)
    seen = (workspace.run_folder(run.id) / "seen").read_text()
    workspace.close()
    return {"threads": seen}


def chat_threads(rig: Rig, spec: Spec) -> Seen:
    """The threads that a conversation's process is given."""
    rig.runs += 1
    workspace = Workspace(rig.root / f"workspace-{rig.runs}")
    run = workspace.store.add_run("add_model", "a", {}, ())
    staged = rig.root / f"staged-{rig.runs}"
    staged.mkdir()
    (staged / "model.json").write_text("{}")
    manifest.write(staged)
    model = workspace.take_artifact(run.id, staged, "model", "a", {})
    session = ChatSession(workspace, spec.model_copy(update={"model": model.id}))
    job = json.loads((session._folder / "job.json").read_text())
    session.close()
    workspace.close()
    return {"threads": job["threads"]}


# --- what is looked at ---

FINETUNE: dict[str, Any] = {
    "model": "a", "data": "d", "precision": "fp32", "batch_size": 8, "max_steps": 2, "sample_prompts": 0,
    "threads": 1,
}  # fmt: skip
EVALUATE: dict[str, Any] = {"models": ("a",), "data": "d", "limit": 3, "latency_prompts": 1}

CSV_A = "text,category,other\n" + "".join(
    f"question {n},{'ab'[n % 2]},{'xy'[n // 2 % 2]}\n" for n in range(40)
)
CSV_B = CSV_A.replace("question", "message")


def _import(rig: Rig) -> dict[str, Any]:
    first, second, test = rig.root / "first.csv", rig.root / "second.csv", rig.root / "test.csv"
    first.write_text(CSV_A)
    second.write_text(CSV_B)
    test.write_text("text,category,other\nnever seen,a,x\nnor this,b,y\n")
    return {"source": str(first), "name": "one", "roles": {"user": "text", "label": "category"}}


def _outside(rig: Rig) -> dict[str, Any]:
    for name in ("a", "b"):
        target = rig.root / f"outside-{name}"
        if not target.exists():
            shutil.copytree(rig.inputs[name], target)
            (target / records.NAME).unlink()
            (target / manifest.NAME).unlink()
    return {"source": str(rig.root / "outside-a"), "name": "one"}


#: What a spec needs to be one, by kind.
BASES: dict[str, Callable[[Rig], dict[str, Any]]] = {
    "import_data": _import,
    "add_model": _outside,
    "download_model": lambda _rig: {"source": "hf:org/a", "name": "one"},
    "download_data": lambda rig: {**_import(rig), "source": "hf:org/data:first.csv"},
    "finetune": lambda _rig: FINETUNE,
    "quantize": lambda _rig: {"model": "a", "recipe": "fp32"},
    "evaluate": lambda _rig: EVALUATE,
    "chat": lambda _rig: {"model": "a", "max_new_tokens": 8},
    "preview": lambda _rig: {"model": "a", "data": "d"},
}

#: Training hard enough to overshoot, with a look after every step.
_WILD = {"learning_rate": 0.3, "max_steps": 10, "epochs": 3.0, "validate_every": 1, "batch_size": 8}

SIGHTS: dict[str, dict[str, Sight]] = {
    "import_data": {
        "source": Sight(imported, lambda rig: str(rig.root / "second.csv"), "train.jsonl"),
        "source_sha256": Sight(imported, "0" * 64, "refused"),
        "name": Sight(imported, "two", "name"),
        "roles": Sight(imported, {"user": "text", "label": "other"}, "dataset.json"),
        "test_source": Sight(imported, lambda rig: str(rig.root / "test.csv"), "test.jsonl"),
        "test_sha256": Sight(
            imported, "0" * 64, "refused", {"test_source": lambda rig: str(rig.root / "test.csv")}
        ),
        "validation_fraction": Sight(imported, 0.3, "validation.jsonl"),
        "test_fraction": Sight(imported, 0.3, "test.jsonl"),
        "seed": Sight(imported, 18, "train.jsonl"),
    },
    "add_model": {
        "source": Sight(taken, lambda rig: str(rig.root / "outside-b"), "model.safetensors"),
        "name": Sight(taken, "two", "name"),
    },
    "finetune": {
        "model": Sight(prepared, "b", "weights.base_model.model.model.embed_tokens.weight"),
        "data": Sight(prepared, "e", "ids"),
        "method": Sight(prepared, "full", "learns"),
        "epochs": Sight(prepared, 2.0, "arguments.max_steps", {"max_steps": None}),
        "learning_rate": Sight(prepared, 1e-4, "arguments.learning_rate"),
        "batch_size": Sight(prepared, 4, "arguments.per_device_train_batch_size"),
        "max_length": Sight(prepared, 24, "ids"),
        "max_steps": Sight(prepared, 3, "arguments.max_steps"),
        "lora_rank": Sight(prepared, 4, "weights.base_model.model.model.layers.0.self_attn.q_proj.lora_A"),
        "lora_alpha": Sight(prepared, 64, "scaling"),
        "lora_dropout": Sight(prepared, 0.1, "dropout"),
        "use_rslora": Sight(prepared, True, "scaling"),
        "continue_adapter": Sight(trained, True, "weights", {"model": "tuned"}),
        "warmup_ratio": Sight(prepared, 0.5, "arguments.warmup_steps"),
        "weight_decay": Sight(prepared, 0.1, "arguments.weight_decay"),
        "schedule": Sight(trained, "linear", "curve.learning_rate", {"max_steps": 4}),
        "max_grad_norm": Sight(trained, 1e-3, "weights"),
        "loss": Sight(trained, "focal", "curve.loss"),
        "focal_gamma": Sight(trained, 1.0, "curve.loss", {"loss": "focal"}),
        "label_smoothing": Sight(trained, 0.2, "curve.loss"),
        "tokens_at_once": Sight(prepared, 64, "pack_tokens"),
        "gradient_checkpointing": Sight(trained, "on", "resolved"),
        "compile": Sight(trained, "on", "resolved"),
        "precision": Sight(prepared, "bf16", "precision"),
        "checkpoint_every": Sight(prepared, 7, "arguments.save_steps"),
        "validate_every": Sight(prepared, 7, "arguments.eval_steps"),
        "early_stopping": Sight(trained, 1, "steps", _WILD),
        "keep_best": Sight(trained, False, "weights", _WILD),
        "default_system": Sight(prepared, True, "ids"),
        "sample_prompts": Sight(trained, 1, "samples"),
        "seed": Sight(prepared, 18, "weights.base_model.model.model.layers.0.self_attn.q_proj.lora_A"),
        "threads": Sight(prepared, 2, "threads"),
    },
    "quantize": {
        "model": Sight(quantized, "b", "weights"),
        "recipe": Sight(quantized, "int4", "bits"),
        "max_length": Sight(quantized, 100, "max_length"),
        "threads": Sight(child_threads, 3, "threads"),
    },
    "evaluate": {
        "models": Sight(asked, ("a", "b"), "answers to give"),
        "data": Sight(asked, "e", "prompts"),
        "split": Sight(asked, "validation", "rows"),
        "limit": Sight(asked, 2, "rows"),
        "max_new_tokens": Sight(measured, 64, "answers"),
        "batch_size": Sight(measured, 1, "at once"),
        "latency_prompts": Sight(asked, 2, "answers to give"),
        "seed": Sight(asked, 18, "timed"),
        "threads": Sight(child_threads, 3, "threads"),
    },
    "chat": {
        "model": Sight(chatted, "b", "text"),
        "max_new_tokens": Sight(chatted, 4, "tokens"),
        "temperature": Sight(chatted, 2.0, "text"),
        "threads": Sight(chat_threads, 3, "threads"),
    },
    "preview": {
        "model": Sight(previewed, "plain", "texts"),
        "data": Sight(previewed, "e", "ids"),
        "rows": Sight(previewed, 2, "rows"),
        "max_length": Sight(previewed, 24, "ids"),
        "default_system": Sight(previewed, True, "ids"),
    },
}

#: A download is the same job after the file has come.
SIGHTS["download_data"] = {
    name: replace(sight, look=downloaded_data) for name, sight in SIGHTS["import_data"].items()
} | {"source": Sight(downloaded_data, "hf:org/data:second.csv", "train.jsonl")}
SIGHTS["download_model"] = {
    "source": Sight(downloaded_model, "hf:org/b", "weights"),
    "name": Sight(downloaded_model, "two", "name"),
}

#: Fields whose engine is being written. The test says so when one begins to work: then its line goes.
AWAITS_THE_ENGINE = {
    ("finetune", "use_rslora"),
    ("finetune", "continue_adapter"),
    ("finetune", "schedule"),
    ("finetune", "max_grad_norm"),
    ("finetune", "loss"),
    ("finetune", "focal_gamma"),
    ("finetune", "label_smoothing"),
    ("finetune", "gradient_checkpointing"),
    ("finetune", "compile"),
    ("finetune", "early_stopping"),
    ("finetune", "keep_best"),
}


FIELDS = [(kind, name) for kind, known in KINDS.items() for name in known.spec.model_fields]


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_field_has_a_sight(kind: str) -> None:
    fields = set(KINDS[kind].spec.model_fields)
    assert fields - set(SIGHTS.get(kind, {})) == set(), "a field that nobody looks at"
    assert set(SIGHTS.get(kind, {})) - fields == set(), "a sight of a field that is gone"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(
            kind, name, id=f"{kind}.{name}",
            marks=[pytest.mark.xfail(strict=True, reason="the engine does not read it yet")]
            if (kind, name) in AWAITS_THE_ENGINE else [],
        )
        for kind, name in FIELDS
    ],
)  # fmt: skip
def test_changing_a_field_changes_what_the_engine_does(rig: Rig, kind: str, name: str) -> None:
    sight = SIGHTS[kind][name]
    settle = functools.partial(_settle, rig)
    values = {**BASES[kind](rig), **{key: settle(value) for key, value in sight.base.items()}}
    spec_type = KINDS[kind].spec
    one = spec_type.model_validate(values)
    other = spec_type.model_validate({**values, name: settle(sight.other)})
    assert one != other

    before, after = rig.look(sight, one), rig.look(sight, other)

    keys = [key for key in before.keys() | after.keys() if key.startswith(sight.key)]
    assert keys, f"nothing of {sight.key} was seen"
    assert any(before.get(key) != after.get(key) for key in keys)


def _settle(rig: Rig, value: Any) -> Any:
    return value(rig) if callable(value) else value
