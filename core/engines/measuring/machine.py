"""What a figure was measured on and with."""

from __future__ import annotations

import importlib.metadata
import platform

import psutil

from core.models.report import Machine

_LIBRARIES = (
    "torch",
    "transformers",
    "peft",
    "onnxruntime",
    "onnxruntime-genai",
    "numpy",
    "scikit-learn",
    "sacrebleu",
    "rouge-score",
)


def describe(threads: int) -> Machine:
    """This computer."""
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=psutil.cpu_count() or 1,
        threads=threads,
        memory_bytes=psutil.virtual_memory().total,
    )


def versions() -> dict[str, str]:
    """Python's and the libraries' versions."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
