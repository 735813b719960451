"""The tuned model in llama.cpp and in ONNX Runtime GenAI: bytes, decode, prefill and perplexity side by side.

llama.cpp is the `xllamacpp` wheel's own server, whose build flags are printed. Both run on two threads, in
turns, so that a noisy minute hits both. Perplexity of a GGUF is that of the numbers it stands for, in fp32.
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

import numpy as np
import pytest

from tests.bench import headline, llama_cpp, quantizing
from tests.core.cli.terminal import ROOT

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]
pytest.importorskip("xllamacpp")
PAIRS = (("Q8_0", "int8"), ("Q4_K_M", "int4-mixed"))
DECODE, PREFILL = 1.0, 1.5
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
    there, here = _distances(source, stored, exported)
    decode = max(our_speed.decode) / max(their_speed.decode)
    prefill = max(our_speed.prefill) / max(their_speed.prefill)
    with capsys.disabled():
        print(f"\nllama.cpp {build}")
        print(f"{'':<12}{'MB':>7}{'decode/s':>10}{'prefill/s':>11}{'ppl rows':>10}{'KL':>8}")
        for name, size, speed, away in (
            (theirs, file.stat().st_size / 1e6, their_speed, there),
            (ours, quantizing.megabytes(exported), our_speed, here),
        ):
            print(
                f"{name:<12}{size:7.1f}{max(speed.decode):10.0f}{max(speed.prefill):11.0f}"
                f"{away.perplexity:10.3f}{away.kl:8.4f}"
            )
        print(f"decode {decode:.2f} x (set out: {DECODE}), prefill {prefill:.2f} x (set out: {PREFILL})")
    assert decode >= DECODE
    assert prefill >= PREFILL
    assert here.perplexity <= there.perplexity


def _distances(
    source: Path, stored: dict[str, llama_cpp.Array], exported: Path
) -> tuple[quantizing.Distance, quantizing.Distance]:
    """Of the GGUF's numbers in fp32, and of the export in its runtime, on test rows."""
    import torch

    from core.engines.runtimes.runtime import Source
    from core.engines.runtimes.torch_runtime import TorchRuntime

    texts = quantizing.test_rows(source)
    truth = quantizing.source_says(source, texts)
    runtime = TorchRuntime(Source("hf", source, (), (), 2))
    with torch.no_grad():
        for name, parameter in runtime._model.named_parameters():
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(stored[name])))
    said = [runtime.log_probabilities(text.ids)[text.first - 1 : -1].astype(np.float32) for text in texts]
    return quantizing.away(texts, truth, said), quantizing.distance(exported, texts, truth)


@contextmanager
def _server(file: Path) -> Iterator[tuple[str, str]]:
    """llama.cpp's address, and what it was built with."""
    process = subprocess.Popen(
        [sys.executable, llama_cpp.__file__, str(file)],
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
    said = _post(url, {"prompt": prompt, "n_predict": 1, "cache_prompt": False})
    speed.prefill.append(said["timings"]["prompt_per_second"])
    said = _post(url, {"prompt": prompt[:50], "n_predict": ANSWER, "ignore_eos": True, "cache_prompt": False})
    speed.decode.append(said["timings"]["predicted_per_second"])


def _post(url: str, body: dict[str, object]) -> dict[str, dict[str, float]]:
    request = urllib.request.Request(  # the loopback
        f"{url}/completion",
        json.dumps({"temperature": 0, **body}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=300) as answer:
        found: dict[str, dict[str, float]] = json.loads(answer.read())
    return found


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
