"""A board as a file: a page that needs nothing beside it, a table for a spreadsheet, or the picture."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from core.counts import counted
from core.errors import InputError
from core.models.board import axes, board, choice, picture, sentence
from core.models.board.axes import Limits
from core.models.board.board import Board, Variant
from core.models.verdict import measure_name
from core.workspace import durable
from core.workspace.spreadsheet import as_csv

SUFFIXES = (".html", ".csv", ".png")
_ROWS = 100


def check(path: Path, *, replace: bool = False) -> Path:
    """The path, if a board can be written to it.

    Raises:
        InputError: Its ending is none of those that are written, its folder is missing, or it exists already.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"A comparison cannot be written to {path.name}.",
            why=f"The ending decides what is written: {', '.join(SUFFIXES)}.",
            fix=f"Write to {path.with_suffix('.html').name}, for example.",
            code="export.format",
        )
    if not path.parent.is_dir():
        raise InputError(
            f"There is no folder {path.parent}.",
            fix="Choose a folder that exists, or make it first.",
            code="file.no_folder",
        )
    if path.exists() and not replace:
        raise InputError(f"{path} exists already.", fix="Choose another file name.", code="file.exists")
    return path


def write(made: Board, limits: Limits, path: Path, *, replace: bool = False) -> None:
    """Writes what the ending of the file's name says.

    Raises:
        InputError: It cannot be written there.
    """
    check(path, replace=replace)
    recommended = choice.recommend(made, limits)
    match path.suffix.lower():
        case ".csv":
            data = table(made, limits).encode("utf-8-sig")  # the mark tells a spreadsheet the encoding
        case ".png":
            data = picture.draw(made, limits, recommended, "png", [_subject(made), *_said(made, limits)])
        case _:
            data = page(made, limits).encode("utf-8")
    save(path, data)


def save(path: Path, data: bytes) -> None:
    """Writes a file that a person named.

    Raises:
        InputError: It cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write_bytes(path, data)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written.", why=str(error), fix="Choose a folder that you may write to."
        ) from error


def table(made: Board, limits: Limits) -> str:
    """Every figure as CSV, a variant a row."""
    recommended = choice.recommend(made, limits)
    measure, limits_said = measure_name(made.measure, made.answers_by), sentence.limits_text(made, limits)
    columns = [
        "variant", "what it is", "recipe", measure, "95 % low", "95 % high", "rows", "rows asked",
        "less the best", "less the best 95 % low", "less the best 95 % high", "p value",
        "answer p50 ms", "answer p95 ms", "first token p50 ms", "tokens per s", "memory bytes", "disk bytes",
        "limits", "misses limits", "recommended", "verdict", "receipt", "data", "split", "processor",
        "threads",
    ]  # fmt: skip
    rows = []
    for item in made.variants:
        latency, figures = item.figures.latency_ms, item.figures
        times = (latency.total_p50, latency.total_p95, latency.ttft_p50) if latency else (None, None, None)
        rows.append(
            [
                item.name,
                item.member.role,
                item.member.recipe,
                item.value,
                *item.ci95,
                item.rows,
                item.asked,
                *_less_the_best(made, item),
                *times,
                figures.tokens_per_s,
                figures.peak_rss_bytes,
                figures.bytes_on_disk,
                limits_said,
                sentence.missed(made, item, limits),
                "yes" if item is recommended else "",
                sentence.sentence(made, choice.judge(made, item, limits, recommended), limits),
                item.member.receipt or "",
                made.subject.data_name,
                made.subject.split,
                item.machine.processor,
                item.machine.threads,
            ]
        )
    return as_csv(columns, rows)


def _less_the_best(made: Board, item: Variant) -> tuple[float | None, ...]:
    """The difference of the main figures on the rows that both answered, its interval, and the test."""
    best = made.best_first()[0]
    found = made.compare(item, best) if item is not best else None
    if found is None:
        return None, None, None, None
    return found.difference.value, *found.difference.ci95, found.difference.p_value


def _said(made: Board, limits: Limits) -> list[str]:
    """The verdict, and the limits that it was made under."""
    foremost = choice.foremost(made, limits)
    recommended = choice.recommend(made, limits)
    verdict = choice.judge(made, foremost, limits, recommended) if foremost is not None else None
    return [sentence.sentence(made, verdict, limits), sentence.limits_text(made, limits)]


def _subject(made: Board) -> str:
    """What is compared on what, for a picture that stands alone."""
    rows = counted(len(made.rows), f"{made.subject.split} row")
    return f"{counted(len(made.variants), 'variant')} on {rows} of {made.subject.data_name}."


def page(made: Board, limits: Limits) -> str:
    """The verdict, the table, the picture and the rows on which they disagree, as one HTML page."""
    # Slow to import, and serves nothing else of the board.
    from jinja2 import Environment, StrictUndefined

    recommended = choice.recommend(made, limits)
    foremost = choice.foremost(made, limits)
    focus = foremost or made.best_first()[0]
    template = resources.files("resources.report").joinpath("compare.html.j2").read_text(encoding="utf-8")
    verdict, limits_said = _said(made, limits)
    disagreeing = list(board.disagreements(made, focus))
    return (
        Environment(autoescape=True, undefined=StrictUndefined)
        .from_string(template)
        .render(
            board=made,
            measure=measure_name(made.measure, made.answers_by).capitalize(),
            verdict=verdict,
            limits=limits_said,
            notes=sentence.notes(made),
            variants=[_shown(made, item, limits, recommended) for item in made.variants],
            focus=focus.name,
            disagreeing=len(disagreeing),
            rows=[_row(made, key) for key, _mean in disagreeing[:_ROWS]],
            picture=picture.svg(made, limits, recommended),
        )
    )


def _shown(made: Board, item: Variant, limits: Limits, recommended: Variant | None) -> dict[str, Any]:
    scale, digits = (1, 2) if made.less_is_better else (100, 1)
    return {
        "name": item.name,
        "role": sentence.kind_of(item.member),
        "star": item is recommended,
        "missed": sentence.missed(made, item, limits),
        "against": sentence.against_best(made, item),
        "figure": f"{item.value * scale:.{digits}f}",
        "interval": " to ".join(f"{bound * scale:.{digits}f}" for bound in item.ci95),
        "rows": f"{sentence.answered(item)}, stopped" if item.is_stopped else item.rows,
        "figures": item.figures,
        "best": {axis for axis in axes.AXES if item.id in axes.best(made, axis)},
    }


def _row(made: Board, key: tuple[int, int]) -> dict[str, Any]:
    row = made.rows[key]
    said = []
    for item in made.variants:
        if key in item.said:
            scores = item.scores.get(key, ())
            right = bool(scores[0]) if len(scores) == 1 else None
            said.append({"name": item.name, "text": item.said[key], "right": right})
    return {"prompt": row.prompt, "expected": row.expected, "said": said}
