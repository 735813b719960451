"""What a child and everything it started use of this computer, seen from the parent."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil


@dataclass(frozen=True)
class Sample:
    """Memory in bytes and processor use in per cent of one core, over a whole process tree."""

    rss_bytes: int
    cpu_percent: float


class TreeSampler:
    """Samples one process tree; processes seen before keep their CPU baseline."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._known: dict[int, psutil.Process] = {}

    def sample(self) -> Sample | None:
        """The tree as it is now, or None when it is gone."""
        try:
            root = self._known.setdefault(self._pid, psutil.Process(self._pid))
            tree = [root, *root.children(recursive=True)]
        except psutil.Error:
            return None
        rss, cpu = 0, 0.0
        for process in tree:
            process = self._known.setdefault(process.pid, process)
            with contextlib.suppress(psutil.Error):
                rss += process.memory_info().rss
                cpu += process.cpu_percent()
        return Sample(rss_bytes=rss, cpu_percent=cpu)


def cores() -> int:
    """Processor cores that this program may use: what it was confined to counts, not what there is."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def peak_rss_bytes() -> int:
    """Highest memory of this process; `ru_maxrss` would include what a parent had at a fork."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    memory: Any = psutil.Process().memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))


def free_memory_bytes() -> int:
    """Memory that a new job could take without swapping."""
    return int(psutil.virtual_memory().available)


def free_disk_bytes(folder: Path) -> int | None:
    """What may still be written to the disk of a folder; None where the system does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def total_memory_bytes() -> int:
    """Memory of this computer."""
    return int(psutil.virtual_memory().total)
