"""`slm-workbench demo`: the whole workflow on the starter model and data, with a report."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from core.cli.commands.jobs import show_report
from core.cli.console import Output
from core.cli.running import require_kept, run_now
from core.errors import CancelledError
from core.jobs import submission
from core.jobs.timeleft import say_duration
from core.recipes import demo, demo_distill, distill_report, report
from core.recipes.steps import Execute, Step
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace


def add(below: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Puts the parser in place."""
    parser = below.add_parser("demo", help="the whole workflow on the starter model and data, with a report")
    parser.add_argument(
        "--quick", action="store_true", help="a smaller one: 8 of the 77 intents, and 8 bit only"
    )
    parser.add_argument(
        "--distill", action="store_true", help="a student cut out of a tuned teacher, beside it"
    )
    parser.set_defaults(run=run)


def run(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Runs the demo, or what is left of it."""
    if arguments.distill:
        return _run_distill(workspace, arguments, output)
    scale = demo.scale_here(quick=arguments.quick)
    if scale is demo.FULL_FP32:
        output.progress("This processor is slow in bf16: the model sees its examples twice, not three times.")
    execute, skipped = _shown(workspace, scale.expected_s, output)
    with workspace.execution_lock():
        submission.mark_crashed(workspace)
        outcome = demo.run(workspace, scale, execute, skipped)
        page, data, content = report.write(workspace, outcome, f"demo{scale.suffix}")
    output.say()
    show_report(outcome.report, output)
    output.say()
    output.say(content["sentence"])
    if arguments.quick:
        output.say(
            "This was the quick demo: 8 of the 77 intents, few questions and one way to quantize, "
            "so its figures are rough."
        )
    output.say()
    output.say(f"Report:     {page}")
    output.say(f"Talk to it: {output.invocation.line('chat', content['use'])}")
    output.answer({**content, "report": str(page), "report_json": str(data)})
    return 0


def _run_distill(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """The demo of distilling, or what is left of it."""
    scale = demo_distill.scale_here(quick=arguments.quick)
    suffix = scale.plain.suffix
    if not arguments.quick and scale.learning["epochs"] < demo_distill.PASSES:
        output.progress("On this processor every model sees its examples fewer times.")
    execute, skipped = _shown(workspace, scale.expected_s, output)
    with workspace.execution_lock():
        submission.mark_crashed(workspace)
        outcome = demo_distill.run(workspace, scale, execute, skipped)
        page, content = distill_report.write(
            workspace,
            outcome,
            f"demo-distill{suffix}",
            f"demo-student-int8{suffix}",
            f"demo-smallest-int8{suffix}" if scale.smallest is not None else None,
        )
    output.say()
    show_report(outcome.report, output)
    output.say()
    output.say(content["sentence"])
    output.say()
    for goal in content["goals"]:
        output.say(
            f"{'reached' if goal['reached'] else 'not reached':<12}{goal['model']}: {goal['what']} "
            f"{_share(goal['got'])}, wanted {_share(goal['wanted'])}"
        )
    output.say(_beside_the_course(content))
    output.say()
    output.say(f"Report:     {page}")
    output.say(f"Talk to it: {output.invocation.line('chat', content['use'])}")
    output.answer({**content, "report": str(page)})
    return 0


def _beside_the_course(content: dict[str, Any]) -> str:
    """The student's figures beside a promise that is often read; cost is time on the same machine."""
    course = content["course"]
    line = next(item for item in content["lines"] if item["model"] == content["use"])
    return (
        f"A course promises {course['kept']:.0%} kept, time {_share(course['time'])}, memory "
        f"{_share(course['memory'])}, cost {_share(course['cost'])}; {content['use']}: {line['kept']:.0%}, "
        f"{_share(line['time'])}, {_share(line['memory'])}, {_share(line['time'])}."
    )


def _share(value: float) -> str:
    return f"{value:.0%}" if value >= 0 else f"{value:+.0%}".replace("-", "−")


def _shown(
    workspace: Workspace, expected_s: dict[str, float], output: Output
) -> tuple[Execute, Callable[[Step, Artifact], None]]:
    """How each job is run and each one skipped is named; says first what is to come."""
    keys = list(expected_s)
    total, whole = len(keys), say_duration(sum(expected_s.values()))
    output.progress(f"{total} jobs, about {whole} on two cores. Everything stays in {workspace.root}.")

    def execute(queued: Run, step: Step, expected_s: float, seconds_after: float) -> Run:
        number = keys.index(step.key) + 1
        output.progress(f"[{number} of {total}] {step.title} …")
        ended = require_kept(
            workspace,
            run_now(
                workspace, queued, output, step.title, expected_s=expected_s, seconds_after=seconds_after
            ),
        )
        took = ended.worked_s() or 0.0
        if ended.state == "stopped":
            raise CancelledError(
                "The demo was stopped; what was made so far is kept.",
                fix="The same command goes on from here.",
            )
        output.progress(f"[{number} of {total}] {step.title}: done in {say_duration(took)}")
        return ended

    def skipped(step: Step, artifact: Artifact) -> None:
        number = keys.index(step.key) + 1
        output.progress(f"[{number} of {total}] {step.title}: done before, kept as {artifact.name}")

    return execute, skipped
