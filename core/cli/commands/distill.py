"""`slm-workbench distill`: a small model learns from a large one."""

from __future__ import annotations

import argparse
import shlex
from typing import Any, get_args

import psutil

from core.cli import fitting
from core.cli.commands import jobs
from core.cli.console import Output
from core.cli.running import require_kept, start
from core.cli.specs import build, parse_settings
from core.errors import InputError
from core.models.compatibility import Diagnosis, diagnose
from core.specs import DistillSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


def add(below: jobs.Below) -> None:
    """Puts the parser in place."""
    add_arguments(below, "teach a small model what a large one knows").set_defaults(run=run)


def add_arguments(below: jobs.Below, help: str) -> argparse.ArgumentParser:
    """A parser that takes what a distilling is told."""
    parser = jobs.add_parser(below, "distill", DistillSpec, help)
    parser.add_argument(
        "--teacher",
        required=True,
        action="append",
        metavar="T",
        help="the large model, or several",
    )
    parser.add_argument("--student", required=True, metavar="S", help="the small model that learns")
    parser.add_argument("--data", required=True, metavar="D", help="the data on which it learns")
    methods = get_args(DistillSpec.model_fields["method"].annotation)
    parser.add_argument("--method", choices=methods, help="full when empty")
    return parser


def run(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Looks whether the two fit together, then distills."""
    spec = spec_of(workspace, arguments, output)
    name = arguments.name or workspace.free_name(
        f"{workspace.artifact(spec.data, 'dataset').name}-student", "model"
    )
    warnings = fitting.require(workspace, spec, arguments, output)
    finished = require_kept(workspace, start(workspace, spec, name, output, "Distilling", warnings))
    return jobs.finish(workspace, finished, output)


def spec_of(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> DistillSpec:
    """What was told, once the pair was looked at.

    Raises:
        InputError: Something of it cannot work.
    """
    teachers = [workspace.artifact(ref, "model") for ref in dict.fromkeys(arguments.teacher)]
    student = workspace.artifact(arguments.student, "model")
    data = workspace.artifact(arguments.data, "dataset")
    own = {
        "model": ("--student", arguments.student),
        "teachers": ("--teacher", arguments.teacher),
        "data": ("--data", arguments.data),
        "method": ("--method", arguments.method),
    }
    values: dict[str, Any] = {
        "model": student.id,
        "teachers": [teacher.id for teacher in teachers],
        "data": data.id,
        **parse_settings(arguments.set, DistillSpec, own),
    }
    if arguments.method:
        values["method"] = arguments.method
    spec = build(DistillSpec, values)
    for teacher in teachers:
        found = diagnose(workspace, teacher, student, _memory_free())
        _require(spec, teacher, student, found, output)
    return spec


def _memory_free() -> int:
    return int(psutil.virtual_memory().available)


def _require(
    spec: DistillSpec, teacher: Artifact, student: Artifact, found: Diagnosis, output: Output
) -> None:
    """Says what was found, and refuses what cannot work."""
    if found.swapped and spec.divergence not in found.divergences:
        raise InputError(
            f"`{teacher.name}` cannot teach `{student.name}`.",
            why=f"It is the smaller one of the two and has only {found.overlap:.0%} of the other's tokens.",
            fix="Swap the two: "
            f"`--teacher {shlex.quote(student.name)} --student {shlex.quote(teacher.name)}`.",
            code="distill.swapped",
        )
    for finding in found.findings:
        if finding.weight == "stop":
            raise InputError(
                f"{teacher.name} cannot teach this student.",
                why=finding.what,
                fix=finding.fix,
                code="distill.pair",
            )
        if finding.weight == "note":
            output.progress(" ".join(filter(None, (f"Note: {finding.what}", finding.fix))))
    for field, finding in found.inside.items():
        if getattr(spec, field):
            raise InputError(
                f"{teacher.name} and the student cannot be matched inside.",
                why=finding.what,
                fix=finding.fix,
                code="distill.inside",
            )
    if spec.divergence not in found.divergences:
        raise InputError(
            f"{teacher.name} and the student cannot be compared token by token.",
            why=f"Only {found.overlap:.0%} of the student's tokens are the teacher's too.",
            fix="Add `--set divergence=universal`.",
            code="distill.tokens",
        )
