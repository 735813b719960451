"""Does an export do what its source does? Checked in the runtime it is made for, in a fresh process.

Green may be deployed; amber too, with its reasons shown; red may be measured but not deployed.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.engines.measuring import machine
from core.engines.quantization import building, graph
from core.engines.runtimes import dialect
from core.engines.runtimes.runtime import Source
from core.models import records
from core.models.quantizing.recipes import Recipe
from core.workspace import durable

Status = Literal["green", "amber", "red"]
_WORST: tuple[Status, ...] = ("green", "amber", "red")
#: Ordinary requests; none stems from a data set, so that nothing is ever tuned on test rows.
PROMPTS = (
    "What is the capital of France?",
    "My card has not arrived yet. What can I do?",
    "Write one sentence about the sea.",
    "How do I sort a list of numbers in Python?",
    "Translate to German: Good morning, how are you?",
    "Why is the sky blue? Answer briefly.",
)
_ANSWER_TOKENS = 24
#: Mean KL divergence (nats a token) and share of equal likeliest tokens against the source. Measured on a
#: 135M model: int8 0.005 and 0.96, mixed 0.14 and 0.80, plain int4 0.39 and 0.67.
_AMBER_KL, _RED_KL = 0.3, 2.0
_RED_AGREEMENT = 0.3


class Check(BaseModel):
    """One question and its answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    status: Status
    text: str


class Receipt(BaseModel):
    """`receipt.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    status: Status
    reasons: tuple[str, ...]
    recipe: str
    checks: tuple[Check, ...]
    bytes: int
    mean_bits: float | None = None
    weights_by_bits: dict[str, int] = {}
    operators: dict[str, int] = {}
    agreement: float | None = None
    same_answers: float | None = None
    kl: float | None = None
    tokens_per_s: float | None = None
    template_sha256: str | None = None
    versions: dict[str, str] = {}
    adapters: dict[str, dict[str, float]] = {}


@dataclass(frozen=True)
class Reference:
    """What the source says to the sample prompts.

    Attributes:
        template: The source's chat template, byte for byte.
        rendered: The sample prompts as its template renders them.
        prompts: The same as tokens.
        answers: Its greedy answers.
        log_probabilities: For each prompt with its answer, of the next token: (tokens, vocabulary) in fp16.
        stop_ids: Tokens that end its answers.
        pad_id: Its padding token.
    """

    template: bytes
    rendered: tuple[str, ...]
    prompts: tuple[tuple[int, ...], ...]
    answers: tuple[tuple[int, ...], ...]
    log_probabilities: tuple[NDArray[np.float16], ...]
    stop_ids: tuple[int, ...]
    pad_id: int | None


@dataclass(frozen=True)
class _Seen:
    """What the fresh process saw of the export."""

    rendered: tuple[str, ...]
    answers: tuple[tuple[int, ...], ...]
    agreement: float
    kl: float
    tokens_per_s: float


def reference(folder: Path, bases: tuple[Path, ...], threads: int) -> Reference:
    """Asks the source, with torch in fp32."""
    from core.engines.runtimes.torch_runtime import TorchRuntime

    spoken = dialect.load(folder, bases)
    runtime = TorchRuntime(Source("hf", folder, bases, spoken.stop_ids, threads))
    prompts = tuple(tuple(spoken.prompt([{"role": "user", "content": text}])) for text in PROMPTS)
    answers = tuple(item.ids for item in runtime.answer(prompts, [()] * len(prompts), _ANSWER_TOKENS))
    both = zip(prompts, answers, strict=True)
    template = folder / records.TEMPLATE
    return Reference(
        template=template.read_bytes() if template.exists() else str(spoken.tokenizer.chat_template).encode(),
        rendered=_rendered(spoken.tokenizer),
        prompts=prompts,
        answers=answers,
        log_probabilities=tuple(
            runtime.log_probabilities((*prompt, *answer)).astype(np.float16) for prompt, answer in both
        ),
        stop_ids=spoken.stop_ids,
        pad_id=spoken.tokenizer.pad_token_id,
    )


def make(folder: Path, recipe: Recipe, source: Reference, threads: int) -> Receipt:
    """Checks the export. Never raises for a faulty one: a fault is what a receipt is for."""
    checks: list[Check] = []
    found: dict[str, Any] = {"versions": machine.versions()}
    try:
        precision = graph.inspect(folder / building.GRAPH)
        misfit = recipe.misfit(precision)
        mean = f"{precision.mean_bits:.2f} bits a weight on average"
        checks.append(_check("precision", not misfit, mean, misfit))
        found |= {
            "mean_bits": precision.mean_bits,
            "operators": precision.operators,
            "weights_by_bits": {str(bits): count for bits, count in sorted(precision.matmul.items())},
        }
    except (graph.GraphError, OSError, KeyError) as error:
        checks.append(_check("precision", False, "", f"In the exported files, {error}"))
    checks.append(_stop_tokens(folder, source))
    checks.append(_template(folder, source))
    if all(check.status == "green" for check in checks):
        checks += _in_fresh_process(folder, source, threads, found)
    else:
        checks.append(Check(name="behaviour", status="red", text="Not run, because of the faults above"))
    status = max((check.status for check in checks), key=_WORST.index)
    return Receipt(
        status=status,
        reasons=tuple(check.text for check in checks if check.status != "green"),
        recipe=recipe.name,
        checks=tuple(checks),
        bytes=records.bytes_on_disk(folder),
        template_sha256=hashlib.sha256(source.template).hexdigest(),
        **found,
    )


def add_adapter(
    made: Receipt, folder: Path, file: Path, name: str, source: Reference, threads: int
) -> Receipt:
    """The receipt with what an adapter that the export serves says, against the adapter in torch."""
    found: dict[str, Any] = {}
    seen = _in_fresh_process(folder, source, threads, found, file)
    checks = tuple(
        check.model_copy(update={"name": f"adapter {name}", "text": f"Adapter {name}: {check.text}"})
        for check in seen
        if check.name != "runtime template"  # the runtime knows the base's; the adapter's lies beside it
    )
    figures = {key: found[key] for key in ("agreement", "kl", "tokens_per_s") if key in found}
    return made.model_copy(
        update={
            "checks": (*made.checks, *checks),
            "status": max((made.status, *(check.status for check in checks)), key=_WORST.index),
            "reasons": (*made.reasons, *(check.text for check in checks if check.status != "green")),
            "adapters": {**made.adapters, name: figures},
        }
    )


def _check(name: str, good: bool, text: str, fault: str) -> Check:
    return Check(name=name, status="green" if good else "red", text=text if good else fault)


def _stop_tokens(folder: Path, source: Reference) -> Check:
    """The exported settings end an answer where the source does."""
    try:
        said = records.read_json(folder / building.SETTINGS)["model"]
        stops = said["eos_token_id"]
        stops = set(stops) if isinstance(stops, list) else {stops}
        padding = said["pad_token_id"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        fault = f"{building.SETTINGS} cannot be read ({type(error).__name__})"
        return _check("stop tokens", False, "", fault)
    wanted = set(source.stop_ids)
    good = stops == wanted and padding in ({source.pad_id} if source.pad_id is not None else wanted)
    fault = f"Answers end at the tokens {sorted(stops)} (padding {padding}) instead of {sorted(wanted)}"
    return _check("stop tokens", good, f"Answers end at {sorted(wanted)}", fault)


def _template(folder: Path, source: Reference) -> Check:
    """Same bytes on disk, and the same text when the exported tokenizer renders it."""
    path = folder / records.TEMPLATE
    if not path.exists() or path.read_bytes() != source.template:
        return _check("chat template", False, "", "The chat template is not the source's")
    try:
        from transformers import AutoTokenizer

        tokenizer: Any = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        rendered = _rendered(tokenizer)
        ids = tuple(tuple(tokenizer.encode(text, add_special_tokens=False)) for text in rendered)
    except Exception as error:  # a damaged tokenizer file raises whatever its reader raises
        fault = f"The exported tokenizer does not load ({type(error).__name__})"
        return _check("chat template", False, "", fault)
    good = rendered == source.rendered and ids == source.prompts
    return _check(
        "chat template",
        good,
        "Rendered byte for byte like the source's",
        "The exported tokenizer renders or splits a conversation differently from the source's",
    )


def _in_fresh_process(
    folder: Path, source: Reference, threads: int, found: dict[str, Any], adapter: Path | None = None
) -> list[Check]:
    """Loads and runs the export where a crash is only a fault."""
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            seen = pool.submit(_look, folder, source, threads, adapter).result()
    except BrokenProcessPool:
        return [_check("loads", False, "", "The runtime crashed on the export")]
    except Exception as error:  # the runtime's own kinds; the reason is what counts
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        return [_check("loads", False, "", f"The runtime refuses the export: {first}")]
    same = sum(a == b for a, b in zip(seen.answers, source.answers, strict=True)) / len(source.answers)
    found |= {
        "agreement": seen.agreement,
        "kl": seen.kl,
        "tokens_per_s": seen.tokens_per_s,
        "same_answers": same,
    }
    figures = f"likeliest token equal in {seen.agreement:.0%}, KL {seen.kl:.3f} nats a token"
    broken = (
        not np.isfinite(seen.kl)
        or seen.kl > _RED_KL
        or (seen.agreement < _RED_AGREEMENT and seen.kl > _AMBER_KL)
    )
    status: Status = "red" if broken else "amber" if seen.kl > _AMBER_KL else "green"
    text = {
        "green": f"Answers like its source: {figures}",
        "amber": f"Answers differ from its source's: {figures}",
        "red": f"It does not compute what its source computes: {figures}",
    }[status]
    different = "The runtime's own template engine renders conversations differently from the source's"
    own: Status = "green" if seen.rendered == source.rendered else "amber"
    return [
        Check(name="loads", status="green", text="Loads in ONNX Runtime GenAI"),
        Check(name="runtime template", status=own, text="Rendered alike" if own == "green" else different),
        Check(name="behaviour", status=status, text=text),
    ]


def _look(folder: Path, source: Reference, threads: int, adapter: Path | None) -> _Seen:
    """Body of the fresh process: the export's answers and its distance from the source's."""
    from core.engines.measuring.child import decode_speed
    from core.engines.runtimes.genai_runtime import GenaiRuntime

    runtime = GenaiRuntime(Source("onnx", folder, (), source.stop_ids, threads, adapter))
    answers = tuple(tuple(runtime.stream(prompt, _ANSWER_TOKENS)) for prompt in source.prompts)
    equal, distance, positions = 0, 0.0, 0
    for prompt, answer, wanted in zip(source.prompts, source.answers, source.log_probabilities, strict=True):
        theirs = wanted.astype(np.float32)
        ours = runtime.log_probabilities((*prompt, *answer))
        equal += int((ours.argmax(-1) == theirs.argmax(-1)).sum())
        distance += float((np.exp(theirs) * (theirs - ours)).sum())
        positions += len(ours)
    return _Seen(
        rendered=runtime.render([[{"role": "user", "content": text}] for text in PROMPTS]),
        answers=answers,
        agreement=equal / positions,
        kl=distance / positions,
        tokens_per_s=decode_speed(runtime, source.prompts[0]),
    )


def _rendered(tokenizer: Any) -> tuple[str, ...]:
    return tuple(
        str(
            tokenizer.apply_chat_template(
                [{"role": "user", "content": text}], tokenize=False, add_generation_prompt=True
            )
        )
        for text in PROMPTS
    )


def write(folder: Path, receipt: Receipt) -> None:
    """Writes `receipt.json`."""
    text = json.dumps(receipt.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"
    durable.write_text(folder / records.RECEIPT, text)


def blocked(folder: Path) -> Sequence[str]:
    """Why a model may not be deployed or talked to; empty when it may."""
    path = folder / records.RECEIPT
    if records.receipt_status(folder) != "red":
        return ()
    try:
        reasons = records.read_json(path).get("reasons")
    except ValueError:
        return ("Its receipt cannot be read.",)
    return tuple(map(str, reasons)) if isinstance(reasons, list) else ("Its receipt gives no reasons.",)
