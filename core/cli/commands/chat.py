"""`slm-workbench chat`: a conversation with a model, or one answer."""

from __future__ import annotations

import argparse
import datetime
import sys
from typing import Any

from core.cli.console import Output
from core.cli.specs import build, describe, parse_settings
from core.errors import InputError
from core.jobs.session import ChatSession
from core.models import records
from core.specs import ChatSpec
from core.workspace import overrides, taught
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


def add(below: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Puts the parser in place."""
    parser = below.add_parser(
        "chat",
        help="talk with a model",
        epilog=describe(ChatSpec),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", metavar="M")
    parser.add_argument("--adapter", metavar="A", help="let this one of the adapters that M serves answer")
    parser.add_argument("--prompt", metavar="TEXT", help="ask this once and end")
    parser.add_argument(
        "--anyway",
        metavar="WHY",
        help="use M although its receipt is red; your reason is written down with the time",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="any setting, see below"
    )
    parser.set_defaults(run=run)


def run(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Chats until end of input, or answers one prompt."""
    artifact = workspace.artifact(arguments.model, "model")
    learnt = taught.instruction_of(workspace, artifact.id)
    own = {"model": ("M", arguments.model), "adapter": ("--adapter", arguments.adapter)}
    settings = parse_settings(arguments.set, ChatSpec, own)
    values = {"model": artifact.id, "instruction": learnt, **settings}
    if arguments.adapter:
        values["adapter"] = arguments.adapter
    spec = build(ChatSpec, values)
    if arguments.prompt is None and output.as_json:
        raise InputError("--json needs --prompt.", fix="Write --prompt TEXT.", code="usage")
    if arguments.prompt is not None and not arguments.prompt.strip():
        raise InputError("The prompt is empty.", fix="Write --prompt TEXT.", code="usage")
    _decide(workspace, artifact, arguments.anyway, output)
    if remark := records.untaught(workspace.artifact_folder(artifact.id)):
        output.errors.print(f"Note: {remark}.", markup=False)
    session = ChatSession(workspace, spec)
    try:
        if arguments.prompt is not None:
            answer = _answer(session, [{"role": "user", "content": arguments.prompt}], output)
            output.answer({"model": artifact.name, "prompt": arguments.prompt, **answer})
        else:
            _converse(session, artifact.name, output)
    finally:
        session.close()
    return 0


def _decide(workspace: Workspace, artifact: Artifact, why: str | None, output: Output) -> None:
    """Writes down why a model with a red receipt is used; says what was written down before."""
    reasons = records.refusal(workspace.artifact_folder(artifact.id))
    if not reasons:
        if why is not None:
            output.progress(f"{artifact.name} may be used as it is; --anyway changes nothing.")
        return
    earlier = overrides.find(workspace, artifact)
    if why is not None:
        made = overrides.add(workspace, artifact, why, reasons)
        output.progress(f"Written down in {overrides.NAME}: {made.why}")
    elif earlier is not None:
        since = datetime.datetime.fromtimestamp(earlier.at).strftime("%Y-%m-%d")
        output.progress(f"The receipt of {artifact.name} is red; used anyway since {since}: {earlier.why}")


def _answer(session: ChatSession, messages: list[dict[str, str]], output: Output) -> dict[str, Any]:
    """Streams one answer to the terminal and returns it with its speed."""
    try:
        for event in session.answer(messages):
            if event.ev == "token" and not output.as_json:
                sys.stdout.write(str(event["text"]))
                sys.stdout.flush()
            elif event.ev == "warning":
                output.errors.print(str(event.get("text")), markup=False)
            elif event.ev == "answer":
                if not output.as_json:
                    sys.stdout.write("\n")
                    sys.stdout.flush()
                return {key: event.get(key) for key in ("text", "tokens", "ttft_ms", "tokens_per_s")}
    except KeyboardInterrupt:
        session.interrupt()
        raise
    raise session.failure()


def _converse(session: ChatSession, name: str, output: Output) -> None:
    output.say(f"You are talking with {name}. An empty line or Ctrl-D ends, /new begins again.")
    messages: list[dict[str, str]] = []
    while True:
        try:
            text = input("> ")
        except EOFError:
            output.say()
            return
        if not text.strip():
            return
        if text.strip() == "/new":
            messages = []
            continue
        messages.append({"role": "user", "content": text})
        answer = _answer(session, messages, output)
        messages.append({"role": "assistant", "content": str(answer["text"])})
        output.errors.print(f"[dim]{_pace(answer)}[/dim]")


def _pace(answer: dict[str, Any]) -> str:
    """How fast an answer came; a single token has no rate."""
    first = f"first token {answer['ttft_ms']:.0f} ms"
    return f"{first}, {answer['tokens_per_s']:.0f} tokens/s" if answer["tokens_per_s"] else first
