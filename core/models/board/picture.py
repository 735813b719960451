"""The trade of quality against time as a picture, for files; the window draws its own."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from typing import Any, Literal

from core.models.board import axes
from core.models.board.axes import Axis, Limits
from core.models.board.board import Board, Variant
from core.models.board.label_places import Box, along, places
from core.models.verdict import measure_name

_GREEN, _BLUE, _RED = "#0F766E", "#0072B2", "#B91C1C"
_TEXT, _MUTED, _LINE = "#1F2328", "#5F6873", "#DDDBD4"
_DPI, _MARK_PT = 160, 5
_LETTERS = 118  # in a line above the picture


def draw(
    board: Board,
    limits: Limits,
    recommended: Variant | None,
    format: Literal["svg", "png"],
    said: Sequence[str] = (),
) -> bytes:
    """Right answers against the time of an answer, or against size where no time was measured.

    Args:
        board: The variants.
        limits: What is shaded.
        recommended: Gets the star.
        format: A raster or an element of a page.
        said: Sentences above it, for a picture that stands alone.
    """
    import matplotlib
    from matplotlib.figure import Figure

    x_axis: Axis = "time" if all(item.time_ms is not None for item in board.variants) else "disk"
    figure = Figure(figsize=(8.4, 4.6), dpi=_DPI if format == "png" else 72, layout="constrained")
    if said:
        text = "\n".join(textwrap.fill(line, _LETTERS) for line in said)
        figure.suptitle(text, x=0.01, ha="left", fontsize=8.5, color=_TEXT, parse_math=False)
    plot = figure.add_subplot()
    _dress(plot, board, x_axis)
    points = [(_x(item, x_axis), _y(board, item)) for item in board.variants]
    best = axes.frontier(points, less_x=True, less_y=board.less_is_better)
    plot.plot([points[at][0] for at in best], [points[at][1] for at in best], color=_GREEN, linewidth=1.4)
    out = [bool(axes.broken(board, item, limits)) for item in board.variants]
    for place, (item, (x, y)) in enumerate(zip(board.variants, points, strict=True)):
        plot.plot(
            [x, x], [bound * _percent(board) for bound in item.ci95], color=_MUTED, linewidth=1, alpha=0.35
        )
        is_star = item is recommended
        colour = _GREEN if place in best else _BLUE
        size, marker = (15, "*") if is_star else (8, "o")
        plot.plot(x, y, marker, color=colour, markersize=size, alpha=0.4 if out[place] else 1.0)
    _mark_limits(plot, board, limits, x_axis)
    order = sorted(
        range(len(points)), key=lambda at: (board.variants[at] is not recommended, out[at], at not in best)
    )
    names = [(item.name, _MUTED if gone else _TEXT) for item, gone in zip(board.variants, out, strict=True)]
    _write_names(figure, plot, points, names, order, [points[at] for at in best])
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "slm-workbench"}):
        metadata = {"Date": None} if format == "svg" else None
        figure.savefig(buffer, format=format, metadata=metadata)
    return buffer.getvalue()


def svg(board: Board, limits: Limits, recommended: Variant | None) -> str:
    """The picture as an element that can stand inside a page; its letters are drawn, not written."""
    text = draw(board, limits, recommended, "svg").decode("utf-8")
    return text[text.index("<svg") :]


def _x(item: Variant, axis: Axis) -> float:
    found = axes.value(item, axis) or 0.0
    return found / 1e6 if axis == "disk" else found


def _y(board: Board, item: Variant) -> float:
    return item.value * _percent(board)


def _percent(board: Board) -> float:
    """Shares are drawn in per cent."""
    return 1.0 if board.less_is_better else 100.0


def _write_names(
    figure: Any,
    plot: Any,
    points: list[tuple[float, float]],
    names: list[tuple[str, str]],
    order: list[int],
    line: list[tuple[float, float]],
) -> None:
    """Puts each name where it covers no other one; one that finds no place is left out."""
    figure.draw_without_rendering()
    height = figure.bbox.height

    def pixels(some: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(float(x), height - float(y)) for x, y in plot.transData.transform(some)]

    texts = [
        plot.text(0, 0, name, fontsize=8, color=colour, transform=None, parse_math=False, va="top", ha="left")
        for name, colour in names
    ]
    boxes = [text.get_window_extent() for text in texts]
    sizes = [(float(box.width) + 4, float(box.height)) for box in boxes]
    inside = plot.get_window_extent()
    area = Box(inside.x0, height - inside.y1, inside.width, inside.height)
    radius = _MARK_PT / 72 * figure.dpi
    found = places(pixels(points), sizes, order, area, radius, along(pixels(line), radius))
    for text, place in zip(texts, found, strict=True):
        if place is None:
            text.remove()
        else:
            text.set_position((place.x + 2, height - place.y))


def _dress(plot: Any, board: Board, x_axis: Axis) -> None:
    plot.spines[["top", "right"]].set_visible(False)
    for side in ("left", "bottom"):
        plot.spines[side].set_color(_LINE)
    plot.tick_params(colors=_MUTED, labelsize=9, which="both")
    plot.grid(axis="y", color=_LINE, linewidth=0.6)
    plot.set_axisbelow(True)
    if x_axis == "time":
        from matplotlib.ticker import FuncFormatter, LogLocator

        plot.set_xscale("log")
        plot.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        plot.xaxis.set_major_formatter(FuncFormatter(_plain))
        plot.xaxis.set_minor_formatter(FuncFormatter(_nothing))
    label = "median time of an answer, ms" if x_axis == "time" else "size on disk, MB"
    plot.set_xlabel(f"{label} (less is better)", color=_MUTED, fontsize=9)
    unit = "" if board.less_is_better else ", %"
    way = "less is better" if board.less_is_better else "more is better"
    name = measure_name(board.measure, board.answers_by)
    plot.set_ylabel(f"{name}{unit}, with 95 % interval ({way})", color=_MUTED, fontsize=9)
    plot.margins(x=0.15, y=0.18)


def _mark_limits(plot: Any, board: Board, limits: Limits, x_axis: Axis) -> None:
    """Shades what misses a limit, without moving the ends of the axes."""
    left, right = plot.get_xlim()
    low, high = plot.get_ylim()
    x_limit, y_limit = limits.of(x_axis), limits.right
    if x_limit is not None:
        at = x_limit / 1e6 if x_axis == "disk" else x_limit
        plot.axvspan(min(max(at, left), right), right, color=_RED, alpha=0.07, linewidth=0)
        plot.axvline(at, color=_RED, linewidth=0.9, linestyle="--")
        if left < at < right:
            plot.text(at, low, " over the limit", color=_RED, fontsize=7, ha="left", va="bottom")
    if y_limit is not None:
        at = y_limit if board.less_is_better else y_limit * 100
        out = (min(max(at, low), high), high) if board.less_is_better else (low, min(max(at, low), high))
        plot.axhspan(*out, color=_RED, alpha=0.07, linewidth=0)
        plot.axhline(at, color=_RED, linewidth=0.9, linestyle="--")
        if low < at < high and board.less_is_better:
            plot.text(left, at, " over the limit", color=_RED, fontsize=7, ha="left", va="bottom")
        elif low < at < high:
            plot.text(left, at, " below the limit", color=_RED, fontsize=7, ha="left", va="top")
    plot.set_xlim(left, right)
    plot.set_ylim(low, high)


def _plain(value: float, _place: int) -> str:
    return f"{value:g}"


def _nothing(_value: float, _place: int) -> str:
    return ""
