"""The command line: `slm-workbench COMMAND …`, a view of the workspace like the window."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shlex
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.cli import commands
from core.cli.console import Output
from core.cli.invocation import Invocation
from core.errors import InputError, WorkbenchError
from core.workspace.workspace import Workspace, default_root

_GLOBAL_HELP = """\
everywhere, before or after the command:
  --workspace DIR   where your work is kept (or SLM_WORKBENCH_HOME)
  --json            one JSON document on stdout; progress goes to stderr
  --yes             answer yes to every question
  --debug           show technical details of errors

exit codes: 0 done, 1 the job failed, 2 the request or the input is wrong,
3 the workspace is in use, 130 cancelled
"""

#: How alike an option must be to be meant; `--set` is not `--out`.
_NEAR = 0.75
#: What argparse says, and how a person would.
_IN_WORDS = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"^argument (?=\S+: )", ""),
        (r": expected (at least )?one argument$", " needs a value"),
        (r"^the following arguments are required: ", "there is no "),
        (r": invalid int value: (.*)$", r" cannot be \1: that is no whole number"),
        (r": invalid float value: (.*)$", r" cannot be \1: that is no number"),
    )
)


@dataclass(frozen=True)
class Globals:
    """Options that stand before or after any command."""

    workspace: Path
    as_json: bool
    yes: bool
    debug: bool
    invocation: Invocation


class _Once(argparse._StoreAction):
    """Refuses an option that is given twice: the first one would go without a word."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Stores the value."""
        if option_string is not None:
            given = vars(namespace).setdefault("_given", set())
            if self.dest in given:
                parser.error(f"{option_string} can be given once only")
            given.add(self.dest)
        super().__call__(parser, namespace, values, option_string)


class _Parser(argparse.ArgumentParser):
    """Argparse whose refusals look like every other error."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in (None, "store"):
            self.register("action", name, _Once)

    def error(self, message: str) -> None:  # type: ignore[override]
        for pattern, words in _IN_WORDS:
            message = pattern.sub(words, message)
        raise InputError(
            f"That is not how `{self.prog}` is used.",
            why=message[:1].upper() + message[1:] + ".",
            fix=f"`{self.prog} --help` shows how.",
            code="usage",
        )

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuses what a command does not take in its own name, not in that of the whole program."""
        found, left = super().parse_known_args(args, namespace)
        if left:
            near = difflib.get_close_matches(left[0].partition("=")[0], self._option_string_actions, 1, _NEAR)
            guess = f"Did you mean {near[0]}? " if near else ""
            raise InputError(
                f"`{self.prog}` does not take {shlex.join(left)}.",
                fix=f"{guess}`{self.prog} --help` shows what it takes.",
                code="usage",
            )
        return found, left

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        near = difflib.get_close_matches(str(value), known, 1)
        named = action.option_strings[0] if action.option_strings else str(action.metavar or action.dest)
        is_command = isinstance(action, argparse._SubParsersAction)
        around = f"`{self.prog} {near[0]}`" if near and is_command else near[0] if near else ""
        raise InputError(
            f"There is no command `{self.prog} {value}`."
            if is_command
            else f"{named} cannot be {str(value)!r}.",
            why=f"{'The commands are' if is_command else 'It is one of'} {', '.join(known)}.",
            fix=f"Did you mean {around}?" if around else f"`{self.prog} --help` shows how it is used.",
            code="usage",
        )


def split_globals(arguments: Sequence[str]) -> tuple[Globals, list[str]]:
    """Takes the global options out of the arguments, wherever they stand before a bare `--`.

    Raises:
        InputError: `--workspace` has no folder.
    """
    rest: list[str] = []
    workspace: Path | None = None
    flags = {"--json": False, "--yes": False, "--debug": False}
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in flags:
            flags[argument] = True
        elif argument == "--workspace" or argument.startswith("--workspace="):
            value = argument.partition("=")[2] if "=" in argument else next(waiting, "")
            if not value:
                raise InputError("--workspace needs a folder.", fix="Write --workspace DIR.", code="usage")
            workspace = Path(value).expanduser()
        elif argument == "--prompt":  # its text may look like an option
            rest += [argument, *([text] if (text := next(waiting, None)) is not None else [])]
        else:
            rest.append(argument)
    invocation = Invocation(str(workspace) if workspace is not None else "")
    chosen = Globals(
        workspace or default_root(), flags["--json"], flags["--yes"], flags["--debug"], invocation
    )
    return chosen, rest


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(
        prog="slm-workbench",
        description="Fine-tune, quantize, evaluate and use small language models, locally.",
        epilog=_GLOBAL_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    below = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser, required=True)
    for add in commands.ALL:
        add(below)  # type: ignore[arg-type] # argparse cannot say that it takes a subclass
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Returns its exit code; never shows a traceback without `--debug`."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    output = Output(as_json="--json" in arguments, debug="--debug" in arguments)
    workspace: Workspace | None = None
    try:
        chosen, rest = split_globals(arguments)
        output = Output(as_json=chosen.as_json, debug=chosen.debug, invocation=chosen.invocation)
        parsed = parser().parse_args(rest)
        parsed.yes = chosen.yes
        workspace = Workspace(chosen.workspace)
        code: int = parsed.run(workspace, parsed, output)
        return code
    except WorkbenchError as error:
        output.error(error)
        return type(error).exit_code
    except KeyboardInterrupt:
        output.errors.print("Cancelled.")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read our output has gone; say nothing more
        return 0
    except Exception as error:
        output.error(
            WorkbenchError(
                "SLM Workbench met something it was not made for.",
                why=f"{type(error).__name__}: {error}",
                fix="Run the same command with --debug and report what it shows.",
                code="unexpected",
                details=traceback.format_exc(),
            )
        )
        return 1
    finally:
        if workspace is not None:
            workspace.close()
