"""`slm-workbench export`: a model in another program's format, with its receipt."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, get_args

from core.cli import receipt_text
from core.cli.commands.jobs import Below, add_parser
from core.cli.console import Output, say_bytes
from core.cli.running import require_kept, start, summary
from core.cli.specs import build, parse_settings
from core.errors import JobError
from core.models import gguf_export, records
from core.specs import ExportSpec
from core.workspace import copies, overrides
from core.workspace.workspace import Workspace

_FORMATS = ("gguf",)


def add(below: Below) -> None:
    """Puts the parser in place."""
    parser = add_parser(below, "export", ExportSpec, "write a model as GGUF, for llama.cpp and its like")
    parser.add_argument(
        "model", metavar="M", help="the model to write; an adapter is merged into a copy first"
    )
    parser.add_argument("--format", choices=_FORMATS, required=True, help="the format")
    parser.add_argument("--out", required=True, metavar="DIR", help="a folder that is new or empty")
    numbers = get_args(ExportSpec.model_fields["numbers"].annotation)
    parser.add_argument("--numbers", choices=numbers, help="q8_0 when empty")
    parser.add_argument(
        "--anyway",
        metavar="WHY",
        help="copy the file although its receipt is red; your reason is written down",
    )
    parser.set_defaults(run=run)


def run(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Writes, checks, and copies what is not red, or red after a reason.

    Raises:
        JobError: The receipt is red, and no reason was given.
    """
    model = workspace.artifact(arguments.model, "model")
    out = Path(arguments.out).expanduser().absolute()
    own = {
        "model": ("M", arguments.model),
        "out": ("--out", arguments.out),
        "numbers": ("--numbers", arguments.numbers),
    }
    settings = parse_settings(arguments.set, ExportSpec, own)
    values: dict[str, Any] = {"model": model.id, "out": str(out), **settings}
    if arguments.numbers:
        values["numbers"] = arguments.numbers
    spec = build(ExportSpec, values)
    name = arguments.name or workspace.free_name(f"{model.name}-{spec.numbers}", "package")
    run = require_kept(workspace, start(workspace, spec, name, output, "Exporting"))
    (artifact,) = workspace.store.artifacts("package", run.id)
    folder = workspace.artifact_folder(artifact.id)
    reasons = records.refusal(folder)
    if reasons and arguments.anyway is None:
        raise JobError(
            f"{artifact.name} was written, but it was not copied to {out}: its receipt is red.",
            why="; ".join(reasons),
            fix="Write it with other numbers. To copy it as it is: the same command with --anyway WHY.",
            code="receipt.red",
        )
    if reasons:
        made = overrides.add(workspace, artifact, arguments.anyway, reasons)
        output.progress(f"Written down in {overrides.NAME}: {made.why}")
        gguf_export.require_empty(out)
        copies.hand_out(folder, out)
    file = out / str(artifact.meta["file"])
    output.say(f"Made {file} ({say_bytes(file.stat().st_size)}).")
    receipt_text.after_making(workspace, artifact, output)
    output.answer({**summary(workspace, run), "file": str(file), "receipt": artifact.meta["receipt"]})
    return 0
