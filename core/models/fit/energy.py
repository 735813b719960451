"""Electricity: read from the processor where the system lets us, estimated from watts elsewhere."""

from __future__ import annotations

from pathlib import Path

_POWERCAP = Path("/sys/class/powercap")
#: Assumed where nothing can be read: what a busy core of a laptop or small server takes, and the rest of it.
WATTS_A_CORE, WATTS_REST = 8.0, 15.0


def joules(root: Path = _POWERCAP) -> float | None:
    """Energy that the processors have used since some moment, by Intel's and AMD's counters (RAPL).

    Returns:
        The sum over all packages, or None where there are no counters or only an administrator may read them.
    """
    total = 0.0
    packages = [path for path in root.glob("intel-rapl:*") if path.name.count(":") == 1]
    for package in packages:
        try:
            total += int((package / "energy_uj").read_text(encoding="ascii")) / 1e6
        except (OSError, ValueError):
            return None
    return total if packages else None


def assumed_watts(threads: int) -> float:
    """Watts of a computer with so many busy cores."""
    return WATTS_REST + WATTS_A_CORE * threads


def estimated(processor_s: float, wall_s: float) -> float:
    """Joules of work that kept cores busy for so many seconds in all, while so many went by."""
    return WATTS_A_CORE * processor_s + WATTS_REST * wall_s


def between(before: float | None, after: float | None) -> float | None:
    """Joules between two readings; None without counters, or where one began again at zero."""
    return after - before if before is not None and after is not None and after > before else None
