"""What a command says and where: answers to stdout, everything else to stderr under `--json`."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from core.cli.invocation import Invocation
from core.errors import WorkbenchError

_FILE_WIDTH = 160  # of a table that goes to a file, where nothing wraps it
_VALUE_WIDTH = 60


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    return console


class Output:
    """One command's voice.

    Args:
        as_json: One JSON document on stdout; people's text goes to stderr.
        debug: Show technical details of errors.
        invocation: How this program was called, for the commands that are suggested.
    """

    def __init__(
        self, *, as_json: bool = False, debug: bool = False, invocation: Invocation | None = None
    ) -> None:
        self.as_json = as_json
        self.debug = debug
        self.invocation = invocation or Invocation()
        self.people = _console(stderr=as_json)
        self.errors = _console(stderr=True)

    def say(self, text: str = "") -> None:
        """A line for people, silent under `--json`; the text is never read as markup."""
        if not self.as_json:
            self.people.print(escape(self.invocation.pasteable(text)))

    def progress(self, text: str) -> None:
        """A line on how far a job is; goes to stderr under `--json`."""
        self.people.print(escape(self.invocation.pasteable(text)))

    def answer(self, value: Any) -> None:
        """The command's one JSON document; nothing without `--json`."""
        if self.as_json:
            sys.stdout.write(
                json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False, default=str) + "\n"
            )
            sys.stdout.flush()

    def table(
        self, columns: list[str], rows: list[list[str]], *, numbers: frozenset[str] = frozenset()
    ) -> None:
        """A plain table for people, silent under `--json`; columns named in `numbers` stand to the right."""
        if self.as_json:
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
        for row in rows:
            table.add_row(*(escape(cell) for cell in row))
        self.people.print(table)

    def tokens(self, texts: list[str], trained: list[bool], special: list[bool]) -> None:
        """A row token by token, every other one shaded: learnt ones underlined and green, control tokens dim.

        Where nothing can be coloured, learnt stretches stand between ⟦ and ⟧.
        """
        if self.as_json:
            return
        shown = Text()
        plain = not self.people.is_terminal
        for at, (text, learnt, control) in enumerate(zip(texts, trained, special, strict=True)):
            style = "dim" if control else "on grey19" if at % 2 else ""
            if learnt:
                style = f"{style} underline green".strip()
            if plain and learnt and not (at and trained[at - 1]):
                shown.append("⟦")
            shown.append(text, style)
            if plain and learnt and not (at + 1 < len(trained) and trained[at + 1]):
                shown.append("⟧")
        self.people.print(shown)

    def error(self, error: WorkbenchError) -> None:
        """What happened, why, what to do; as JSON too where that was asked for."""
        self.errors.print(f"[bold]{escape(error.what)}[/bold]")
        if error.why:
            self.errors.print(f"Why: {escape(error.why)}")
        if error.fix:
            self.errors.print(f"Do:  {escape(self.invocation.pasteable(error.fix))}")
        if error.details and self.debug:
            self.errors.print(escape(error.details))
        elif error.details:
            self.errors.print("[dim]Details: the same command with --debug[/dim]")
        shown = error.as_dict()
        if not self.debug:
            shown.pop("details")
        self.answer({"error": shown})


def say_type(type: str) -> str:
    """An artifact's type as people say it."""
    return "data set" if type == "dataset" else type


def say_bytes(count: float) -> str:
    """1.2 GB, 267 MB, 14 kB: decimal units, as disks are sold."""
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= size:
            value = count / size
            return f"{value:.1f} {unit}" if value < 10 and unit != "kB" else f"{value:.0f} {unit}"
    return f"{count:.0f} bytes"


def say_value(value: Any) -> str:
    """A stored value in one short line, for a table."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("\n", "⏎")
    return text if len(text) <= _VALUE_WIDTH else text[: _VALUE_WIDTH - 1] + "…"
