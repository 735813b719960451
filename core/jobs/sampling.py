"""What a child and everything it started use of this computer, seen from the parent."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

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


def free_memory_bytes() -> int:
    """Memory that a new job could take without swapping."""
    return int(psutil.virtual_memory().available)


def total_memory_bytes() -> int:
    """Memory of this computer."""
    return int(psutil.virtual_memory().total)
