"""How the jobs that take models in, make them small, measure and ask them are looked at."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from core.data import harness_tasks
from core.data.dataset import Dataset
from core.engines import add_model, chat, evaluate, export, hub_download, preview, prune, quantize
from core.engines.measuring import child, judging, rows
from core.engines.measuring.quality import Said
from core.engines.quantization import graph
from core.engines.runtimes.runtime import open_runtime
from core.errors import InputError
from core.jobs.session import ChatSession
from core.models import hub, targets
from core.specs import QuantizeSpec, Spec
from core.workspace import manifest
from core.workspace.workspace import Workspace
from tests.core.engines.fields.generating import answering
from tests.core.engines.fields.rig import Rig, Seen, Sight, child_threads, content, events
from tests.core.engines.generating.rooms import endpoint_folder


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


def quantized(rig: Rig, spec: Spec) -> Seen:
    """The folder for the runtime; one that serves adapters is kept as `served`."""
    job, _ = rig.job()
    quantize.run(spec, job)
    folder = job.folder / "out" / "model"
    if spec.adapters:
        rig.inputs["served"] = folder
    settings = json.loads((folder / "genai_config.json").read_text())
    files = content(folder)
    return {
        "bits": dict(graph.inspect(folder / "model.onnx").matmul),
        "weights": [files[name] for name in files if name.startswith("model.onnx")],
        "max_length": settings["search"]["max_length"],
        "cache": graph.shape(graph.load(folder / "model.onnx")).cache_bits,
        "adapters": [files[name] for name in files if name.endswith(".onnx_adapter")],
        "answer_ms": "answer_ms" in job.final_result,
    }


def refused(_rig: Rig, spec: Spec) -> Seen:
    """What is said before a run exists where a target is not here."""
    try:
        targets.require(spec.target)
    except InputError as error:
        return {"refused": error.what}
    return {"refused": ""}


def exported(rig: Rig, spec: Spec) -> Seen:
    """The GGUF file, and what lies in the folder that was named."""
    job, _ = rig.job()
    export.run(spec, job)
    files = content(job.folder / "out" / "package")
    out = Path(spec.out)
    return {
        "file": files["tuned.gguf"],
        "bits": job.final_result["bytes_on_disk"],
        "out": sorted(path.name for path in out.iterdir()) if spec.out else [],
    }


def pruned(rig: Rig, spec: Spec) -> Seen:
    """What is left of a model."""
    job, _ = rig.job()
    prune.run(spec, job)
    timed = "answer_ms" in job.final_result
    folder = job.folder / "out" / "model"
    report = json.loads((folder / prune.REPORT).read_text())
    return {
        "influence": report["layers"]["influence"],
        "layers": report["layers"]["kept"],
        "neurons": report["ffn"]["after"],
        "tokens": report["vocabulary"]["after"],
        "weights": content(folder)["model.safetensors"],
        "answer_ms": timed,
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


def prepared(rig: Rig, spec: Spec) -> Seen:
    """What a measuring process is told."""
    job, _ = rig.job()
    data = Dataset(job.input(spec.data))
    model = evaluate._open(spec.models[0], job, 1, chat=True)
    work = evaluate._work(model, str(data.info.task), rows.read(data, spec.split, spec.limit), (0,), spec)
    return {"warm up": work.warm_up}


def answered(rig: Rig, spec: Spec) -> Seen:
    """The rows' answers, in this process and by the code of the measuring one."""
    job, _ = rig.job()
    data = Dataset(job.input(spec.data))
    model = evaluate._open(spec.models[0], job, 1, chat=True)
    questions = rows.read(data, spec.split, spec.limit)
    work = evaluate._work(model, str(data.info.task), questions, (), spec)
    batches = list(child._answer(open_runtime(work.source), work))
    return {
        "answers": [answer.ids for batch in batches for answer in batch.answers],
        "at once": [len(batch.rows) for batch in batches],
    }


def rated(rig: Rig, spec: Spec) -> Seen:
    """What a judge at an endpoint is sent about ready answers."""
    if spec.judge is None:
        return {"marks": None}
    server = answering()
    with server.serve() as url:
        rig.runs += 1
        rig.inputs["far"] = endpoint_folder(rig.root / f"judge-{rig.runs}", url)
        job, _ = rig.job()
        job.take({"cmd": "key", "of": "far", "key": None})
        questions = rows.read(Dataset(job.input(spec.data)), spec.split, None)
        answers = [{row: Said("a longer answer", "", 0.0, 1) for row in range(len(questions))}]
        found = judging.rate(spec, job, answers, questions)
    return {"marks": found.marks[0].by_row, "sent": [item["messages"][0] for item in server.asked]}


def harnessed(_rig: Rig, spec: Spec) -> Seen:
    """Why tasks of the harness are refused before a run begins; not at all without any."""
    try:
        harness_tasks.refuse(None, spec)
    except InputError as error:
        return {"refused": error.code}
    return {"refused": None}


def chatted(rig: Rig, spec: Spec) -> Seen:
    """One answer."""
    if spec.model == "served":
        rig.look(quantized, QuantizeSpec(**QUANTIZE, adapters=("one",)))
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


QUANTIZE = {"model": "a", "recipe": "fp32"}

#: What a spec needs to be one, by kind.
BASES = {
    "add_model": lambda rig: {"source": str(rig.root / "outside-a"), "name": "one"},
    "download_model": lambda _rig: {"source": "hf:org/a", "name": "one"},
    "quantize": lambda _rig: QUANTIZE,
    "export": lambda _rig: {"model": "a"},
    "prune": lambda _rig: {"model": "deep", "data": "d", "keep_layers": 3},
    "evaluate": lambda _rig: {"models": ("a",), "data": "d", "limit": 3, "latency_prompts": 1},
    "chat": lambda _rig: {"model": "a", "max_new_tokens": 8},
    "preview": lambda _rig: {"model": "a", "data": "d"},
}

SIGHTS: dict[str, dict[str, Sight]] = {
    "add_model": {
        "source": Sight(taken, lambda rig: str(rig.root / "outside-b"), "model.safetensors"),
        "name": Sight(taken, "two", "name"),
    },
    "download_model": {
        "source": Sight(downloaded_model, "hf:org/b", "weights"),
        "name": Sight(downloaded_model, "two", "name"),
    },
    "quantize": {
        "model": Sight(quantized, "b", "weights"),
        "recipe": Sight(quantized, "int4", "bits"),
        "data": Sight(quantized, "e", "weights", {"recipe": "int4-gptq", "data": "d"}),
        "max_mb": Sight(quantized, 0.16, "weights", {"recipe": "search", "max_mb": 0.14}),
        "max_ms": Sight(quantized, 60_000.0, "answer_ms", {"recipe": "search", "max_mb": 0.14}),
        "adapters": Sight(quantized, ("one",), "adapters"),
        "algorithm": Sight(quantized, "rtn", "weights", {"recipe": "int4-kquant"}),
        "kv_cache": Sight(quantized, "int8", "cache", {"data": "d"}),
        "heal": Sight(quantized, 2, "weights", {"recipe": "int4-mixed", "algorithm": "rtn", "data": "d"}),
        "block": Sight(quantized, 16, "weights", {"recipe": "int8"}),
        "max_length": Sight(quantized, 100, "max_length"),
        "target": Sight(refused, "qnn", "refused"),
        "threads": Sight(child_threads, 3, "threads"),
    },
    "export": {
        "model": Sight(exported, "b", "file"),
        "numbers": Sight(exported, "q4_0", "bits"),
        "out": Sight(exported, lambda rig: str(rig.root / "handed-out"), "out"),
        "threads": Sight(child_threads, 3, "threads"),
    },
    "prune": {
        "model": Sight(pruned, "b", "weights", {"keep_layers": None, "ffn_share": 0.67}),
        "data": Sight(pruned, "e", "influence"),
        "keep_layers": Sight(pruned, 2, "layers"),
        "ffn_share": Sight(pruned, 0.67, "neurons"),
        "vocabulary": Sight(pruned, "data", "tokens"),
        "target_mb": Sight(pruned, 0.12, "layers", {"keep_layers": None, "vocabulary": "data"}),
        "target_ms": Sight(pruned, 60_000.0, "answer_ms", {"keep_layers": None, "vocabulary": "data"}),
        "calibration_rows": Sight(pruned, 1, "influence"),
        "seed": Sight(pruned, 18, "influence", {"calibration_rows": 4}),
        "threads": Sight(child_threads, 3, "threads"),
    },
    "evaluate": {
        "models": Sight(asked, ("a", "b"), "answers to give"),
        "data": Sight(asked, "e", "prompts"),
        "split": Sight(asked, "validation", "rows"),
        "limit": Sight(asked, 2, "rows"),
        "max_new_tokens": Sight(answered, 64, "answers"),
        "batch_size": Sight(answered, 1, "at once"),
        "harness": Sight(harnessed, lambda rig: str(rig.root / "tables"), "refused"),
        "judge": Sight(rated, "far", "marks"),
        "rubric": Sight(rated, "How marvellous is it?", "sent", {"judge": "far"}),
        "judge_rows": Sight(rated, 2, "marks", {"judge": "far"}),
        "general": Sight(asked, True, "answers to give"),
        "latency_prompts": Sight(asked, 2, "answers to give"),
        "repeats": Sight(asked, 3, "answers to give"),
        "warm_up": Sight(prepared, 0, "warm up"),
        "seed": Sight(asked, 18, "timed"),
        "threads": Sight(child_threads, 3, "threads"),
    },
    "chat": {
        "model": Sight(chatted, "b", "text"),
        "adapter": Sight(chatted, "one", "text", {"model": "served"}),
        "max_new_tokens": Sight(chatted, 4, "tokens"),
        "temperature": Sight(chatted, 2.0, "text"),
        "instruction": Sight(chatted, "Say it in one word.", "text", {"model": "b"}),
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
