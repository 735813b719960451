"""The receipt of a GGUF file: read again, number by number, and asked in a fresh process."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.engines import gguf_conversion, gguf_writing
from core.engines.checking import behaviour, fresh, weights
from core.engines.checking.asking import Reference
from core.engines.checking.check import Check, check
from core.engines.measuring import machine
from core.engines.receipt import Receipt, verdict
from core.models import records

_BITS = {"F32": 32, "F16": 16, "Q8_0": 8, "Q5_1": 5, "Q5_0": 5, "Q4_1": 4, "Q4_0": 4}


def make(file: Path, numbers: str, source: Reference, whole: Path, threads: int) -> Receipt:
    """Checks the file. Never raises for a faulty one.

    Args:
        file: The file.
        numbers: What its numbers are said to be.
        source: What its source says.
        whole: The transformers folder that it was written from.
        threads: Cores to use.
    """
    found: dict[str, Any] = {"versions": machine.versions()}
    try:
        facts = gguf_conversion.inspect(file)
        checks = [
            _precision(facts.reader, numbers, found),
            _weights(facts.reader, whole),
            _stop_tokens(facts.reader, source),
            _template(facts.reader, source),
        ]
    except Exception as error:  # the reader trusts what the file says; any error means damage
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        checks = [check("file", False, "", f"The file cannot be read again: {first}")]
    if all(item.status == "green" for item in checks):
        checks += _in_fresh_process(file, source, threads, found)
    else:
        checks.append(Check(name="behaviour", status="red", text="Not run, because of the faults above"))
    return Receipt(
        **verdict(checks),
        recipe=numbers,
        checks=tuple(checks),
        bytes=file.stat().st_size if file.exists() else 0,
        template_sha256=hashlib.sha256(source.template).hexdigest(),
        **found,
    )


def _precision(reader: Any, numbers: str, found: dict[str, Any]) -> Check:
    counts: Counter[str] = Counter()
    for tensor in reader.tensors:
        kind = tensor.tensor_type.name
        wanted = gguf_writing.type_of(tensor.name, len(tensor.shape), numbers).upper()
        if kind != wanted:
            return check("precision", False, "", f"{tensor.name} is stored as {kind} instead of {wanted}")
        if len(tensor.shape) > 1:
            counts[kind] += int(tensor.n_elements)
    mean = sum(_BITS[kind] * count for kind, count in counts.items()) / max(counts.total(), 1)
    found |= {"mean_bits": mean, "weights_by_bits": {str(_BITS[kind]): n for kind, n in counts.items()}}
    return check("precision", True, f"{mean:.2f} bits a weight on average", "")


def _weights(reader: Any, whole: Path) -> Check:
    import gguf

    config = records.read_json(whole / "config.json")
    stored = {tensor.name: tensor for tensor in reader.tensors}
    wrong, compared = [], 0
    for name, wanted in gguf_writing.tensors(whole, config):
        tensor = stored.pop(name, None)
        if tensor is None:
            wrong.append(f"{name} is missing")
            continue
        values = np.asarray(gguf.quants.dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        fault = weights.fault(values.reshape(wanted.shape), wanted, _BITS[tensor.tensor_type.name])
        compared += 1
        if fault:
            wrong.append(f"{name} {fault}")
    wrong += [f"{name} is not of the source" for name in stored]
    text = f"{compared} weights are the source's, rounded"
    return check("weights", not wrong, text, f"The weights are not the source's: {'; '.join(wrong[:3])}")


def _stop_tokens(reader: Any, source: Reference) -> Check:
    keys = ("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id")
    said = [int(reader.fields[key].contents()) for key in keys if key in reader.fields]
    wanted = list(source.stop_ids[:2])
    fault = f"Answers end at the tokens {said} instead of {wanted}"
    return check("stop tokens", said == wanted, f"Answers end at {wanted}", fault)


def _template(reader: Any, source: Reference) -> Check:
    field = reader.fields.get("tokenizer.chat_template")
    said = str(field.contents()).encode() if field is not None else b""
    good = said == source.template
    return check(
        "chat template",
        good,
        "The same, byte for byte",
        "The chat template is not the source's, byte for byte",
    )


def _in_fresh_process(file: Path, source: Reference, threads: int, found: dict[str, Any]) -> list[Check]:
    seen = fresh.ask(
        _look, file, source, threads, died="The process that loaded it died", refuses="It does not load"
    )
    if isinstance(seen, Check):
        return [seen]
    alike, agreement, kl = seen
    found |= {"agreement": agreement, "kl": kl}
    different = "Its tokenizer splits the sample prompts differently from the source's"
    return [
        Check(name="loads", status="green", text="Loads again from the file alone"),
        check("tokenizer", alike, "Splits the sample prompts like the source's", different),
        behaviour.likeness(agreement, kl),
    ]


def _look(file: Path, source: Reference, threads: int) -> tuple[bool, float, float]:
    """Body of the fresh process: whether the tokenizer agrees, and how near the numbers are."""
    import torch

    from core.engines.seal import seal, without_four_bit

    seal()
    without_four_bit()
    torch.set_num_threads(threads)
    tokenizer, model = gguf_conversion.load(file, gguf_conversion.inspect(file))
    model.eval()
    ids = tuple(tuple(tokenizer.encode(text, add_special_tokens=False)) for text in source.rendered)

    def scores(read: tuple[int, ...]) -> NDArray[Any]:
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([read]), use_cache=False).logits[0].float()
        found: NDArray[Any] = torch.log_softmax(logits, dim=-1).numpy()
        return found

    rows = zip(source.prompts, source.answers, source.log_probabilities, strict=True)
    near = fresh.nearness((scores((*prompt, *answer)), wanted) for prompt, answer, wanted in rows)
    return ids == source.prompts, *near
