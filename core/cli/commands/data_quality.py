"""`slm-workbench data inspect | fix`: what could be better about a data set, and a version in which it is."""

from __future__ import annotations

import argparse
import shlex
from typing import Any

from core.cli.console import Output
from core.cli.running import require_kept, start
from core.cli.specs import build, describe, parse_settings
from core.counts import counted
from core.data.quality import stored
from core.data.quality.findings import SHOWN, ExampleRow, Finding, QualityReport
from core.errors import InputError, JobError
from core.specs import FixDataSpec, InspectDataSpec
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace

_SIGNS = {"bad": "✗ bad", "warn": "! look", "note": "· note", "fine": "✓ fine"}
_TITLES = {
    "leakage": "test given away",
    "contradictions": "contradictions",
    "personal": "personal data",
    "too_long": "too long",
    "near_duplicates": "near-duplicates",
    "imbalance": "labels",
    "language": "languages",
}


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Puts both parsers in place."""
    looking = verbs.add_parser(
        "inspect",
        help="look closer: copies, contradictions, leakage, long rows, labels, personal data, languages",
        description=InspectDataSpec.__doc__,
        epilog=describe(InspectDataSpec),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    looking.add_argument("data", metavar="N")
    looking.add_argument("--model", metavar="M", help="count this model's tokens for rows that are too long")
    looking.add_argument(
        "--rows", type=int, default=0, metavar="K", help=f"show K rows of each, at most {SHOWN}"
    )
    looking.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="see below")
    looking.set_defaults(run=run_inspect)
    fixing = verbs.add_parser(
        "fix",
        help="make a better version of a data set; the old one stays",
        description="Makes a new version with the fixes you name. Test rows are only ever masked; where they "
        "contradict rows to learn from, those go.",
    )
    fixing.add_argument("data", metavar="N")
    fixing.add_argument(
        "--near-duplicates", action="store_true", help="keep one of nearly equal training rows"
    )
    fixing.add_argument(
        "--contradictions",
        choices=("drop", "majority"),
        help="drop rows that disagree, or keep the majority's",
    )
    fixing.add_argument(
        "--leakage", action="store_true", help="drop training rows that ask what the test or validation asks"
    )
    fixing.add_argument("--too-long", type=int, metavar="TOKENS", help="drop rows with more tokens")
    fixing.add_argument("--model", metavar="M", help="whose tokens --too-long counts (the starter model's)")
    fixing.add_argument("--personal", choices=("mask", "drop"), help="mask personal data, or drop its rows")
    fixing.add_argument("--language", metavar="CODE", help="keep one language, such as en")
    fixing.add_argument(
        "--balance", choices=("cap", "repeat"), help="fewer rows of frequent labels, or rare ones repeated"
    )
    fixing.add_argument(
        "--similarity", type=float, metavar="SHARE", help="from where on texts are nearly the same (0.8)"
    )
    fixing.add_argument("--name", help="how you will call the new version")
    fixing.set_defaults(run=run_fix)


def run_inspect(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Looks closer, or shows what an earlier look found."""
    artifact = workspace.artifact(arguments.data, "dataset")
    own = {"data": ("D", arguments.data), "model": ("--model", arguments.model)}
    settings = parse_settings(arguments.set, InspectDataSpec, own)
    model = _model(workspace, arguments.model or settings.get("model"))
    spec = build(InspectDataSpec, {**settings, "data": artifact.id, "model": model})
    report = stored.latest(workspace, artifact, spec)
    if report is None:
        require_kept(
            workspace, start(workspace, spec, f"Look at {artifact.name}"[:100], output, "Looking closer")
        )
        report = stored.latest(workspace, artifact, spec)
    if report is None:
        raise JobError(
            "The closer look was not kept.",
            why="It was stopped before its end.",
            fix=f"Look again: `slm-workbench data inspect {shlex.quote(artifact.name)}`",
        )
    show(report, max(0, min(arguments.rows, SHOWN)), artifact.name, output)
    output.answer(report.model_dump(mode="json"))
    return 0


def _model(workspace: Workspace, ref: str | None) -> str | None:
    return workspace.artifact(ref, "model").id if ref else None


def show(report: QualityReport, rows: int, name: str, output: Output) -> None:
    """A report for people: a table, a sentence each, then the rows."""
    output.table(
        ["", "finding", "rows", "share", "fixes"],
        [
            [
                _SIGNS[finding.severity],
                _TITLES[finding.id],
                f"{finding.count:,}" if finding.severity != "fine" else "",
                f"{finding.share:.1%}" if finding.severity != "fine" else "",
                ", ".join(_flags(finding)),
            ]
            for finding in report.findings
        ],
        numbers=frozenset({"rows", "share"}),
    )
    for finding in report.findings:
        output.say()
        output.say(f"{_TITLES[finding.id]}: {finding.sentence}")
        if finding.advice:
            output.say(f"  {finding.advice}")
        for offer in finding.fixes:
            count = f" ({counted(offer.rows)})" if offer.rows is not None else ""
            output.say(f"  {_flag(offer.fix.model_dump())}  {offer.text}{count}")
        for example in finding.examples[:rows]:
            output.say(f"    {_line(example)}")
    if not rows and any(finding.examples for finding in report.findings):
        output.say()
        output.say(f"Which rows: {output.invocation.line('data', 'inspect', name, '--rows', str(SHOWN))}")
    flags = [
        _flags(finding)[0] for finding in report.findings if finding.severity != "fine" and finding.fixes
    ]
    if flags:
        words = [*" ".join(flags).split(), *(("--model", report.model) if report.model else ())]
        line = output.invocation.line("data", "fix", name, *words, "--name", f"{name}-2")
        output.say()
        output.say(f"A better version: {line}")


def _line(example: ExampleRow) -> str:
    text = example.text
    for mark in reversed(example.marks):
        text = f"{text[: mark.start]}»{text[mark.start : mark.end]}«{text[mark.end :]}"
    text = text.replace("\n", "⏎")
    answer = f" → {example.answer}" if example.answer else ""
    note = f"  ({example.note})" if example.note else ""
    line = f" ({example.split}.jsonl line {example.line})" if example.line else ""
    return f"{example.split} {example.row}{line}: {text}{answer}{note}"


def _flags(finding: Finding) -> list[str]:
    return [_flag(offer.fix.model_dump()) for offer in finding.fixes]


def _flag(fix: dict[str, Any]) -> str:
    match fix["fix"]:
        case "near_duplicates":
            return "--near-duplicates"
        case "contradictions":
            return f"--contradictions {'majority' if fix['keep'] == 'majority' else 'drop'}"
        case "too_long":
            return f"--too-long {fix['max_length']}"
        case "language":
            return f"--language {fix['keep']}"
        case "personal" | "balance":
            return f"--{fix['fix']} {fix['action']}"
        case other:
            return f"--{other}"


def run_fix(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Makes a better version."""
    artifact = workspace.artifact(arguments.data, "dataset")
    fixes = _fixes(arguments)
    if not fixes:
        raise InputError(
            "No fix is named.",
            fix=f"Name at least one, such as --near-duplicates; `slm-workbench data inspect {artifact.name}` "
            "says which would help.",
            code="usage",
        )
    name = arguments.name or workspace.free_name(f"{artifact.name}-fixed", "dataset")
    model = _model(workspace, arguments.model)
    spec = build(FixDataSpec, {"data": artifact.id, "name": name, "fixes": fixes, "model": model})
    run = require_kept(workspace, start(workspace, spec, name, output, "Making a better version"))
    show_version(workspace, run, artifact, output)
    return 0


def show_version(workspace: Workspace, run: Run, source: Artifact, output: Output) -> None:
    """What became of a data set in a version that a run made of it."""
    made = workspace.store.artifacts("dataset", run.id)[0]
    counts = made.meta.get("counts", {})
    for step in run.result.get("steps", ()):
        output.say(step["sentence"])
    output.say(
        f"Made {made.name}: {counted(counts.get('train', 0))} to learn from, "
        f"{counts.get('validation')} to watch, "
        f"{counts.get('test')} kept for the test. {source.name} stays as it was."
    )
    output.answer({"run": run.id, "id": made.id, "name": made.name, "bytes": made.bytes, **run.result})


def _fixes(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The flags as data."""
    alike = {} if arguments.similarity is None else {"similarity": arguments.similarity}
    fixes: list[dict[str, Any]] = []
    if arguments.near_duplicates:
        fixes.append({"fix": "near_duplicates", **alike})
    if arguments.contradictions:
        keep = "majority" if arguments.contradictions == "majority" else "none"
        fixes.append({"fix": "contradictions", "keep": keep})
    if arguments.leakage:
        fixes.append({"fix": "leakage", **alike})
    if arguments.too_long is not None:
        fixes.append({"fix": "too_long", "max_length": arguments.too_long})
    if arguments.personal:
        fixes.append({"fix": "personal", "action": arguments.personal})
    if arguments.language:
        fixes.append({"fix": "language", "keep": arguments.language})
    if arguments.balance:
        fixes.append({"fix": "balance", "action": arguments.balance})
    return fixes
