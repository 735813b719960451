"""Where an exported model can run: what the installed runtime reports, and what the rest would take.

Asked in a process of its own: the runtime is a large library, and neither the window nor a command loads it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.errors import InputError

_ASK = "import onnxruntime; print(*onnxruntime.get_available_providers())"
_PATIENCE_S = 60.0
_CPU = "CPUExecutionProvider"


@dataclass(frozen=True)
class Target:
    """A kind of processor.

    Attributes:
        name: As `--set target=` takes it.
        title: As people know it.
        provider: As ONNX Runtime calls it.
        needs: What it would take here.
        builder: As the builder calls it; empty where it builds nothing for it.
    """

    name: str
    title: str
    provider: str
    needs: str
    builder: str = ""


TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target("cpu", "Processor", _CPU, "nothing more", "cpu"),
        Target(
            "cuda",
            "NVIDIA GPU (CUDA)",
            "CUDAExecutionProvider",
            "an NVIDIA GPU with its driver, and onnxruntime-gpu with onnxruntime-genai-cuda in place of the "
            "processor's packages",
            "cuda",
        ),
        Target(
            "dml",
            "Windows GPU (DirectML)",
            "DmlExecutionProvider",
            "Windows with a DirectX 12 GPU, and onnxruntime-directml with onnxruntime-genai-directml",
            "dml",
        ),
        Target(
            "webgpu",
            "Any GPU (WebGPU)",
            "WebGpuExecutionProvider",
            "a GPU with a current driver, and the plug-in onnxruntime-ep-webgpu",
            "webgpu",
        ),
        Target(
            "trt-rtx",
            "NVIDIA RTX (TensorRT)",
            "NvTensorRTRTXExecutionProvider",
            "an NVIDIA RTX GPU, and the plug-in onnxruntime-ep-nv-tensorrt-rtx",
            "NvTensorRtRtx",
        ),
        Target(
            "qnn",
            "Qualcomm NPU (QNN)",
            "QNNExecutionProvider",
            "Qualcomm's own conversion for one device; the builder of this program makes none for it",
        ),
        Target(
            "openvino",
            "Intel CPU, GPU, NPU (OpenVINO)",
            "OpenVINOExecutionProvider",
            "Intel's own conversion; the builder of this program makes none for it",
        ),
    )
}


@lru_cache(maxsize=1)
def reported() -> frozenset[str]:
    """The providers that the installed runtime reports; takes a second the first time."""
    try:
        asked = subprocess.run(
            [sys.executable, "-c", _ASK], capture_output=True, text=True, check=True, timeout=_PATIENCE_S
        )
    except (OSError, subprocess.SubprocessError):
        return frozenset({_CPU})
    return frozenset(asked.stdout.split()) | {_CPU}


def obstacle(target: Target, providers: Sequence[str] | frozenset[str]) -> str:
    """What a target would take here; empty when it can be used."""
    return "" if target.builder and target.provider in providers else target.needs


def require(name: str) -> None:
    """Refuses a target that this computer cannot build for and try.

    Raises:
        InputError: It cannot be used here.
    """
    target = TARGETS[name]
    if name == "cpu" or not (needs := obstacle(target, reported())):
        return
    raise InputError(
        f"A model for {target.title} cannot be made here.",
        why="It could not be tried, and nothing leaves this program untried: the installed ONNX Runtime "
        f"reports {', '.join(sorted(reported()))}.",
        fix=f"It takes {needs}. Or take the target cpu; `slm-workbench doctor` lists what there is.",
        code="target.unavailable",
    )
