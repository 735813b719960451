"""The tuned model in llama.cpp and in ONNX Runtime GenAI: bytes, decode, prefill and perplexity side by side.

llama.cpp is the `xllamacpp` wheel's own server, whose build flags are printed. Both run on two threads, in
turns, so that a noisy minute hits both. Perplexity and KL are told twice, each time of both: as they run,
where both round what a product reads to 8 bits, and of the numbers that the stored ones stand for, in fp32.
"""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bench import headline, llama_cpp, quantizing
from tests.core.cli.terminal import ROOT

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]
pytest.importorskip("xllamacpp")
#: A search for the bytes of Q4_K_M stands beside the pairs that were set out.
PAIRS = (("Q8_0", "int8"), ("Q4_K_M", "int4-mixed-rows"), ("Q4_K_M", "search-106"))
DECODE, PREFILL = 1.0, 1.5
KINDS = ("as they run", "of numbers in fp32")
PROMPT, ANSWER, PASSES = 512, 64, 3


@dataclass
class Speed:
    """Tokens a second of every pass."""

    decode: list[float] = field(default_factory=list)
    prefill: list[float] = field(default_factory=list)


@pytest.mark.parametrize(("theirs", "ours"), PAIRS)
def test_side_by_side(theirs: str, ours: str, capsys: pytest.CaptureFixture[str]) -> None:
    exported = quantizing.export(ours)
    source = quantizing.folder(quantizing.TUNED, "model")
    file = headline.FOLDER / f"{quantizing.TUNED}-{theirs}.gguf"
    stored = llama_cpp.write(source, file, theirs)
    their_speed, our_speed = Speed(), Speed()
    with _server(file) as (url, build):
        for _ in range(PASSES):
            _ask(url, their_speed)
            _run(exported, our_speed)
    found = _distances(source, file, stored, exported)
    decode = max(our_speed.decode) / max(their_speed.decode)
    prefill = max(our_speed.prefill) / max(their_speed.prefill)
    with capsys.disabled():
        print(f"\nllama.cpp {build}")
        print(f"{'':<16}{'':>28}{'as it runs':>18}{'numbers in fp32':>18}")
        print(f"{'':<16}{'MB':>7}{'decode/s':>10}{'prefill/s':>11}" + f"{'ppl rows':>10}{'KL':>8}" * 2)
        for name, size, speed, (running, numbers) in (
            (theirs, file.stat().st_size / 1e6, their_speed, found.theirs),
            (ours, quantizing.megabytes(exported), our_speed, found.ours),
        ):
            print(
                f"{name:<16}{size:7.1f}{max(speed.decode):10.0f}{max(speed.prefill):11.0f}"
                f"{running.perplexity:10.3f}{running.kl:8.4f}{numbers.perplexity:10.3f}{numbers.kl:8.4f}"
            )
        print(f"{'the source':<16}{'':>46}{found.source.perplexity:10.3f}")
        print(f"decode {decode:.2f} x (set out: {DECODE}), prefill {prefill:.2f} x (set out: {PREFILL})")
        for kind, here, there in zip(KINDS, found.ours, found.theirs, strict=True):
            ratio, low, high = quantizing.perplexity_ratio(here, there)
            print(f"perplexity {kind}: {ratio:.3f} x [{low:.3f} to {high:.3f}] (set out: equal or better)")
    assert decode >= DECODE
    assert prefill >= PREFILL
    assert found.ours[0].perplexity <= found.theirs[0].perplexity


@dataclass(frozen=True)
class Found:
    """How far both speak from their source on test rows, each in both of `KINDS`."""

    source: quantizing.Distance
    theirs: tuple[quantizing.Distance, quantizing.Distance]
    ours: tuple[quantizing.Distance, quantizing.Distance]


def _distances(source: Path, file: Path, stored: dict[str, llama_cpp.Array], exported: Path) -> Found:
    texts = quantizing.test_rows(source)
    truth = quantizing.source_says(source, texts)

    def by_numbers(numbers: dict[str, llama_cpp.Array]) -> quantizing.Distance:
        return quantizing.away(texts, truth, quantizing.numbers_say(source, texts, numbers))

    return Found(
        quantizing.away(texts, truth, truth),
        (quantizing.away(texts, truth, _said_there(file, stored, texts)), by_numbers(stored)),
        (
            quantizing.distance(exported, texts, truth),
            by_numbers(quantizing.stored_numbers(exported, source)),
        ),
    )


def _said_there(
    file: Path, stored: dict[str, llama_cpp.Array], texts: list[quantizing.Text]
) -> list[llama_cpp.Array]:
    """Log-probabilities at every place that counts, by llama.cpp."""
    head = stored["model.embed_tokens.weight"]
    said = []
    with _server(file, "states") as (url, _build):
        for text in texts:
            (answer,) = _post(url, "embedding", {"content": list(text.ids), "embd_normalize": -1})
            states = np.array(answer["embedding"], np.float32)
            assert len(states) == len(text.ids)
            said.append(llama_cpp.log_probabilities(states, head)[text.first - 1 : -1])
    return said


@contextmanager
def _server(file: Path, *more: str) -> Iterator[tuple[str, str]]:
    """llama.cpp's address, and what it was built with."""
    process = subprocess.Popen(
        [sys.executable, llama_cpp.__file__, str(file), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**quantizing.environment(), "PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        address, version, build = json.loads(process.stdout.readline())
        yield address, f"xllamacpp {version}: {build}"
    finally:
        process.kill()
        process.wait()


def _ask(url: str, speed: Speed) -> None:
    """One long prompt, and one long answer."""
    prompt = [int(at) for at in np.random.default_rng(len(speed.prefill)).integers(200, 40_000, PROMPT)]
    said = _complete(url, {"prompt": prompt, "n_predict": 1, "cache_prompt": False})
    speed.prefill.append(said["timings"]["prompt_per_second"])
    short = {"prompt": prompt[:50], "n_predict": ANSWER, "ignore_eos": True, "cache_prompt": False}
    said = _complete(url, short)
    speed.decode.append(said["timings"]["predicted_per_second"])


def _complete(url: str, body: dict[str, object]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = _post(url, "completion", {"temperature": 0, **body})
    return found


def _post(url: str, place: str, body: dict[str, object]) -> Any:
    request = urllib.request.Request(  # the loopback
        f"{url}/{place}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.loads(answer.read())


def _run(exported: Path, speed: Speed) -> None:
    """The same by our runtime, in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        decode, prefill = pool.submit(_run_there, exported).result()
    speed.decode.append(decode)
    speed.prefill.append(prefill)


def _run_there(exported: Path) -> tuple[float, float]:
    from core.engines.measuring.child import decode_speed
    from core.engines.runtimes.genai_runtime import GenaiRuntime
    from core.engines.runtimes.runtime import Source

    runtime = GenaiRuntime(Source("onnx", exported, (), (), 2))
    prompt = tuple(int(at) for at in np.random.default_rng(0).integers(200, 40_000, PROMPT))
    next(iter(runtime.stream(prompt[:50], 1, stop=False)))
    began = time.perf_counter()
    next(iter(runtime.stream(prompt, 1, stop=False)))
    prefill = PROMPT / (time.perf_counter() - began)
    return decode_speed(runtime, prompt[:50]), prefill
