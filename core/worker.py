"""Entry of the child process; the only importer of engines.

Usage: `python -m core.worker RUN_FOLDER`. Reads `job.json`, claims stdout for the protocol, obeys commands on
stdin, and ends when stdin ends: a job never outlives its supervisor. With `--standby KIND` it loads what that
kind of job needs and waits to be told the folder.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import threading
import traceback
from pathlib import Path
from typing import IO

from core.engines.seal import close_network, without_four_bit
from core.errors import InputError, WorkbenchError
from core.jobs.context import JobContext, end_with_parent
from core.jobs.registry import kind_of
from core.jobs.run_folder import read_job
from core.jobs.sampling import peak_rss_bytes
from core.models import endpoints, records
from core.models.fit import machine


def claim_stdout() -> IO[str]:
    """Keeps the real stdout for the protocol and points file descriptor 1 at stderr.

    Without it one unterminated native print swallowed the last event when measured.
    """
    sys.stdout.flush()
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n", buffering=1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return channel


def listen(job: JobContext) -> None:
    """Hands commands from stdin to the job; `os.read`, since a thread in `sys.stdin` aborts the exit."""
    pending = b""
    while chunk := os.read(0, 65536):
        pending += chunk
        *lines, pending = pending.split(b"\n")
        for line in lines:
            try:
                command = json.loads(line)
            except ValueError:
                continue
            if isinstance(command, dict):
                job.take(command)
    end_with_parent()


def stand_by(kind: str) -> Path | None:
    """Loads what a kind of job needs, then waits for its folder; None when none came."""
    without_four_bit()  # a job that needs it does not take this worker
    engine = importlib.import_module(kind_of(kind).engine)
    if hasattr(engine, "load_ahead"):
        engine.load_ahead()
    line = b""
    while not line.endswith(b"\n"):  # byte by byte: what follows is for `listen`
        byte = os.read(0, 1)
        if not byte:
            return None
        line += byte
    folder = Path(json.loads(line)["folder"])
    log = os.open(folder / "worker.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.chdir(folder)
    return folder


def versions() -> dict[str, str]:
    """What decides a result besides the spec; read from metadata, nothing is imported for it."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for name in ("torch", "transformers", "peft", "onnxruntime", "onnxruntime-genai", "olive-ai"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def report_failure(job: JobContext, error: BaseException) -> None:
    """The one terminal event of a job that could not be done."""
    details = "".join(traceback.format_exception(error))
    if isinstance(error, WorkbenchError):
        fields = {"kind": type(error).code, **error.as_dict()}
        fields["details"] = fields["details"] or details
    elif isinstance(error, MemoryError) or "not enough memory" in str(error):
        fields = {
            "kind": "job",
            "code": "job.memory",
            "what": "Memory ran out.",
            "why": str(error) or "",
            "fix": "Close other programs, or choose a smaller batch or a shorter longest row.",
            "details": details,
        }
    elif isinstance(error, OSError) and error.errno == 28:
        fields = {
            "kind": "job",
            "code": "job.disk_full",
            "what": "The disk is full.",
            "why": str(error),
            "fix": "Free some space, then resume the run.",
            "details": details,
        }
    else:
        fields = {
            "kind": "job",
            "code": "job.unexpected",
            "what": "The job met something it was not made for.",
            "why": f"{type(error).__name__}: {error}",
            "fix": "Resume the run to try again; if it happens again, report it with the details.",
            "details": details,
        }
    job.emit("error", **fields)


def _endpoint_of(inputs: dict[str, str]) -> str | None:
    """The address of the endpoint among a job's inputs."""
    for folder in map(Path, inputs.values()):
        if (folder / records.NAME).exists() and records.describe(folder).format == endpoints.FORMAT:
            return endpoints.read(folder).url
    return None


def main(argv: list[str] | None = None) -> int:
    """Runs the job of one run folder. Returns the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    channel = claim_stdout()
    waited = stand_by(arguments[1]) if arguments[0] == "--standby" else Path(arguments[0])
    if waited is None:
        return 0
    folder = waited
    request = read_job(folder)
    job = JobContext(
        folder,
        {key: Path(value) for key, value in request.inputs.items()},
        channel,
        resumed=request.resumed,
        threads=request.threads,
        name=request.name,
        used_anyway=request.used_anyway,
    )
    threading.Thread(target=listen, args=(job,), name="commands", daemon=True).start()
    job.emit("hello", pid=os.getpid(), kind=request.kind, versions=versions())
    try:
        kind = kind_of(request.kind)
        try:
            spec = kind.spec.model_validate(request.spec)
        except ValueError as error:
            raise InputError(
                "The run's spec is not valid.", why=str(error), fix="Start a new run."
            ) from error
        if not spec.in_four_bits():
            without_four_bit()
        if kind.endpoints:
            close_network(_endpoint_of(request.inputs))
        importlib.import_module(kind.engine).run(spec, job)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        report_failure(job, error)
        code = error.exit_code if isinstance(error, WorkbenchError) else 1
    else:
        job.result(machine=machine.key(), peak_rss_bytes=peak_rss_bytes())
        job.emit("done", state=job.final_state, result=job.final_result)
        code = 0
    channel.flush()
    # Native thread pools and the listening thread may hang or abort an orderly exit; all is written by now.
    os._exit(code)


if __name__ == "__main__":
    import multiprocessing

    multiprocessing.freeze_support()
    sys.exit(main())
