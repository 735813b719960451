"""The computer that is to do the work."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from core.jobs.sampling import cores, free_disk_bytes
from core.models.stopwatch import fastest
from core.workspace import durable

#: In the workspace: the fastest matrix product seen, by machine.
SPEED = "speed.json"
_RACE_S = 0.25
_SIZE = 768


@dataclass(frozen=True)
class Machine:
    """What a run has at its disposal.

    Attributes:
        key: Tells this computer from others; says nothing about its owner.
        threads: Cores that the job may use.
        memory_free: Bytes that a new job could take without swapping.
        disk_free: Bytes on the workspace's disk; None where the system does not say.
        gflops: Billions of operations a second of an fp32 matrix product on all cores.
        fast_bf16: Whether the processor multiplies bf16 by itself.
    """

    key: str
    threads: int
    memory_free: int
    disk_free: int | None
    gflops: float
    fast_bf16: bool


def this(folder: Path, threads: int | None = None) -> Machine:
    """This computer as it is now, for work in `folder`."""
    usable = cores()
    used = min(threads or usable, usable)
    return Machine(
        key=key(),
        threads=used,
        memory_free=int(psutil.virtual_memory().available),
        disk_free=free_disk_bytes(folder),
        gflops=_speed(folder / SPEED) * used / usable,
        fast_bf16=has_fast_bf16(),
    )


def has_fast_bf16() -> bool:
    """Whether the processor says that it multiplies bf16 by itself."""
    return has_bf16_tiles() or "avx512_bf16" in _flags()


def has_bf16_tiles() -> bool:
    """Whether it multiplies whole tiles of bf16: 925 GFLOP/s on two cores, 430 by vectors alone."""
    return "amx_bf16" in _flags()


@cache
def key() -> str:
    """16 hex digits of processor, cores and memory."""
    model = platform.processor() + platform.machine()
    for line in _cpuinfo():
        if line.startswith("model name"):
            model = line
            break
    gigabytes = round(psutil.virtual_memory().total / 2**30)
    return hashlib.sha256(f"{model.strip()} {cores()} {gigabytes}".encode()).hexdigest()[:16]


def _speed(path: Path) -> float:
    """The best that was ever measured here: other programs make it look slower, never faster."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8")).get(key(), 0.0)
    except (OSError, ValueError, AttributeError):
        stored = 0.0
    best = float(stored) if isinstance(stored, int | float) else 0.0
    if (now := _gflops()) > 1.02 * best:
        best = now
        durable.write_json(path, {key(): round(best, 1)})
    return best


@cache
def _gflops() -> float:
    """Billions of operations a second, measured once a process: the best of several products."""
    import numpy as np  # a tenth of a second to import, needed only here

    left = np.random.default_rng(0).standard_normal((_SIZE, _SIZE), dtype=np.float32)
    return 2 * _SIZE**3 / fastest(lambda: left @ left, _RACE_S, cores()) / 1e9


def _flags() -> frozenset[str]:
    for line in _cpuinfo():
        if line.startswith("flags"):
            return frozenset(line.split())
    return frozenset()


@cache
def _cpuinfo() -> tuple[str, ...]:
    try:
        return tuple(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return ()
