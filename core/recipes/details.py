"""What a report page says beside its main table: times, energy, the machine's limits, confusions."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from core.counts import counted
from core.models import confusion, speed
from core.models.report import ModelFigures

_IN_PICTURE = 12
_IN_WORDS = 3
_LONGEST_LABEL = 32
_TEXT, _MUTED = "#1F2328", "#5F6873"


@dataclass(frozen=True)
class Confused:
    """One model's confusions: a picture as an SVG element, and the worst in words."""

    model: str
    picture: str
    words: tuple[str, ...]


def page(models: Sequence[dict[str, Any]], use: str) -> str:
    """Two sections of HTML; what a report of an earlier version does not hold is left out.

    Args:
        models: Rows of a report.
        use: The model whose confusions are shown.
    """
    from jinja2 import Environment, StrictUndefined

    template = resources.files("resources.report").joinpath("details.html.j2").read_text(encoding="utf-8")
    figures = [ModelFigures.model_validate(item) for item in models]
    timed = [item for item in figures if item.timing is not None and item.latency_ms is not None]
    shown = next((item for item in figures if item.model == use and item.quality.confusion), None)
    return (
        Environment(autoescape=True, undefined=StrictUndefined)
        .from_string(template)
        .render(timed=timed, said=_said(timed), confused=_confused(shown) if shown else None)
    )


def _said(timed: Sequence[ModelFigures]) -> list[str]:
    """How the figures came about; the same for all models but for the last digits."""
    timings = [item.timing for item in timed if item.timing is not None]
    if not timings:
        return []
    timing, said = timings[0], [speed.how_timed(timings)]
    said += [speed.how_energy(timing.energy)] if timing.energy is not None else []
    return said + ([speed.how_fast_it_reads(timing.ceilings)] if timing.ceilings is not None else [])


def _confused(item: ModelFigures) -> Confused:
    cells = item.quality.confusion or ()
    words = [confusion.sentence(cell) for cell in confusion.mistakes(cells, _IN_WORDS)]
    if item.quality.unknown_answers:
        are = "was" if item.quality.unknown_answers == 1 else "were"
        words.append(f"{counted(item.quality.unknown_answers, 'answer')} {are} no label of the data")
    labels = confusion.confused_labels(cells, _IN_PICTURE)
    return Confused(item.model, _picture(labels, confusion.matrix(cells, labels)), tuple(words))


def _picture(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """A heat map: what was right from top to bottom, what was answered from left to right."""
    import matplotlib
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    names = [name if len(name) <= _LONGEST_LABEL else f"{name[: _LONGEST_LABEL - 1]}…" for name in labels]
    values = np.array(counts, dtype=float)
    right = np.eye(len(labels), dtype=bool)
    top = max(float(values.max()), 1.0)
    figure = Figure(figsize=(7.2, 1.2 + 0.32 * len(labels)), layout="constrained")
    axes = figure.add_subplot()
    for part, colour in ((right, "#009E73"), (~right, "#D55E00")):
        ramp = LinearSegmentedColormap.from_list("ramp", ["#FFFFFF", colour])
        axes.imshow(np.ma.array(values, mask=~part), cmap=ramp, vmin=0, vmax=top, aspect="auto")
    for row, line in enumerate(counts):
        for column, count in enumerate(line):
            if count:
                tone = "#FFFFFF" if count > 0.6 * top else _TEXT
                axes.text(column, row, str(count), ha="center", va="center", fontsize=8, color=tone)
    axes.set_xticks(range(len(names)), [str(place) for place in range(1, len(names) + 1)])
    axes.set_yticks(range(len(names)), [f"{name}  {place}" for place, name in enumerate(names, 1)])
    axes.tick_params(colors=_MUTED, labelsize=8, length=0)
    axes.spines[:].set_visible(False)
    axes.set_title("Down: what was right. Across: what was answered.", loc="left", fontsize=9, color=_TEXT)
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "slm-workbench"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
