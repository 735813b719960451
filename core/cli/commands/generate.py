"""`slm-workbench generate`: a new data set whose answers a teacher wrote."""

from __future__ import annotations

import argparse
import json
from typing import Any

from core.cli import sending
from core.cli.console import Output
from core.cli.running import require_kept, say_stopped, start, summary
from core.cli.specs import build, describe, parse_settings
from core.counts import counted
from core.data.generating import answered, filters
from core.errors import WorkbenchError
from core.jobs.events import Event
from core.jobs.look import look
from core.offers import PREVIEW_S, Offer, asking, few, teaching
from core.specs import GenerateSpec
from core.workspace import durable, scratch
from core.workspace.records import Run
from core.workspace.workspace import Workspace

_SHOWN_CHARACTERS = 400


def add(below: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Puts the parser in place."""
    parser = below.add_parser(
        "generate",
        help="a new data set whose answers a teacher writes",
        description=GenerateSpec.__doc__,
        epilog=describe(GenerateSpec),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--teacher", required=True, metavar="T", help="a model of yours, or an endpoint")
    parser.add_argument("--data", required=True, metavar="D", help="the data whose prompts are asked")
    parser.add_argument(
        "--like",
        metavar="D",
        help="for questions without answers: data of yours whose task, labels and test rows they get; "
        "left out, the data that the teacher learnt from",
    )
    parser.add_argument(
        "--with-rows",
        action="store_true",
        help="put the answered rows that it follows beside the new ones (those of --like, or the data's own)",
    )
    parser.add_argument(
        "--preview",
        action="store_true",
        help="ask five rows, show them and what all would cost; the same command without it asks the rest",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="any setting, see below"
    )
    parser.add_argument("--name", help="how you will call the new data set")
    parser.set_defaults(run=run)


def run(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> int:
    """Generates, after a yes to what is sent where, if anything is."""
    teacher = workspace.artifact(arguments.teacher, "model")
    data = workspace.artifact(arguments.data, "dataset")
    own = {
        "teacher": ("--teacher", arguments.teacher),
        "data": ("--data", arguments.data),
        "like": ("--like", arguments.like),
        "with_rows": ("--with-rows", arguments.with_rows),
    }
    settings = parse_settings(arguments.set, GenerateSpec, own)
    if arguments.like:
        settings["like"] = arguments.like
    if arguments.with_rows:
        settings["with_rows"] = True
    if settings.get("like"):
        settings["like"] = workspace.artifact(str(settings["like"]), "dataset").id
    follows = asking(workspace, teacher, data, settings)
    spec = build(GenerateSpec, {"teacher": teacher.id, "data": data.id, **settings, **follows})
    whole = teaching(workspace, spec)  # what does not suit is refused before anything is said of it
    if spec.like:
        like = workspace.artifact(spec.like, "dataset")
        labels = " its labels," if like.meta.get("labels") else ""
        output.say(f"Answered like {like.name}: its task,{labels} and its test rows stay the test.")
    if "as_learnt" in follows:
        output.say(f"{teacher.name} is asked as it learnt this task: without a line before.")
    if arguments.preview:
        return _preview(workspace, spec, whole, arguments, output)
    name = arguments.name or workspace.free_name(f"{data.name} by {teacher.name}", "dataset")
    workspace.require_free_name(name, "dataset")
    sending.agree_to_send(workspace, spec, yes=arguments.yes, output=output, found=whole)
    kept = _Kept(workspace, spec)
    ended = require_kept(workspace, start(workspace, spec, name, output, "Generating", brings=kept.answers()))
    kept.forget()
    return finish(workspace, ended, output)


def finish(workspace: Workspace, ended: Run, output: Output) -> int:
    """Shows what a run has made, kept and dropped, after a resume too."""
    shown, result = summary(workspace, ended), ended.result
    for artifact in shown["artifacts"][:1]:
        asked = f"{counted(result['kept'])} from {counted(result['asked'], 'prompt')}"
        joined = f", beside {counted(result['joined'], 'row')} of people" if result.get("joined") else ""
        output.say(f"Made data set {artifact['name']}: {asked}{joined}.")
    if dropped := filters.sentence(result["dropped"]):
        output.say(dropped)
    cost = f", {sending.money(result['cost'])} by its prices" if result["cost"] else ""
    output.say(f"{result['tokens_in']:,} tokens asked, {result['tokens_out']:,} answered{cost}.")
    if result["end"] == "stopped":
        say_stopped(workspace, ended, output)
    output.answer(shown)
    return 0


class _Kept:
    """What a preview of these settings was answered, for the run that asks the rest."""

    def __init__(self, workspace: Workspace, spec: GenerateSpec) -> None:
        self._path = workspace.root / "cache" / "previews" / f"{few(spec).digest()}.json"

    def answers(self) -> dict[str, str]:
        """The files by name; nothing where none were kept."""
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return {name: str(found[name]) for name in answered.FILES if name in found}

    def keep(self, files: dict[str, str]) -> None:
        """Keeps them until a run takes them over."""
        if files:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            durable.write_json(self._path, files)

    def forget(self) -> None:
        """A run has taken them over; another one asks for its own."""
        self._path.unlink(missing_ok=True)


def _preview(
    workspace: Workspace, spec: GenerateSpec, whole: Offer, arguments: argparse.Namespace, output: Output
) -> int:
    """Five rows, so that a person sees what would come, and what it would cost."""
    some = few(spec)
    sending.agree_to_send(workspace, some, yes=arguments.yes, output=output)
    said: list[Event] = []
    failure: WorkbenchError | None = None
    kept = _Kept(workspace, spec)
    with scratch.lent(workspace.root, "look") as folder:
        for file, text in kept.answers().items():
            durable.write_text(folder / file, text)
        try:
            look(workspace, some, patience_s=PREVIEW_S, said=said, folder=folder)
        except WorkbenchError as error:
            failure = error
        kept.keep(answered.taken(folder))
    rows = [event.fields for event in said if event.ev == "sample"]
    if failure is not None and not rows:
        raise failure
    for number, row in enumerate(rows, 1):
        output.say(f"{number}. asked     {_short(row.get('prompt'))}")
        output.say(f"   answered  {_short(row.get('answer'))}")
        if row.get("expected"):
            output.say(f"   the data  {_short(row['expected'])}")
        output.say(f"   {row.get('note', '')}")
    figures: dict[str, Any] = next((event["values"] for event in reversed(said) if event.ev == "metrics"), {})
    asked = max((event["step"] for event in said if event.ev == "metrics"), default=0)
    answer = _projected(whole, figures, asked)
    output.say(
        f"{counted(asked)}: {answer['tokens_in']:,} tokens asked, {answer['tokens_out']:,} answered"
        + (f", {sending.money(answer['cost'])} by its prices." if answer["cost"] else ".")
    )
    output.say(
        f"All together, {counted(whole.estimate.prompts)}: about {answer['projected_tokens']:,} tokens"
        + (f", about {sending.money(answer['projected_cost'])}." if answer["cost"] else ".")
    )
    output.say("The same command without --preview asks them all; these answers are kept for it.")
    output.answer({"rows": rows, **answer})
    if failure is not None:
        raise failure
    return 0


def _projected(whole: Offer, figures: dict[str, Any], asked: int) -> dict[str, Any]:
    """What was used, and what all rows would use at that rate."""
    times = whole.estimate.prompts / asked if asked else 0.0
    tokens_in, tokens_out = int(figures.get("tokens_in", 0)), int(figures.get("tokens_out", 0))
    cost = float(figures.get("cost", 0.0))
    return {
        "asked": asked,
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "cost": cost,
        "all_rows": whole.estimate.prompts,
        "projected_tokens": round((tokens_in + tokens_out) * times),
        "projected_cost": cost * times,
    }


def _short(text: Any) -> str:
    said = str(text or "").replace("\n", " ⏎ ")
    return said if len(said) <= _SHOWN_CHARACTERS else said[: _SHOWN_CHARACTERS - 1] + "…"
