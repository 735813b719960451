"""The demo's report: one HTML page with its pictures inside, and the same figures as JSON."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from core.counts import counted
from core.jobs import run_folder
from core.models.report import main_figure
from core.models.verdict import NAMES
from core.recipes import details
from core.recipes.demo import Outcome
from core.workspace import durable
from core.workspace.workspace import Workspace

_BLUE, _ORANGE, _GREEN = "#0072B2", "#D55E00", "#009E73"
_TEXT, _MUTED, _LINE = "#1F2328", "#5F6873", "#DDDBD4"
_Z95 = 1.959963984540054
_BITS = {"int8": "8 bit", "int4-mixed": "mixed 4/8 bit"}


@dataclass(frozen=True)
class Verdict:
    """What the figures say, in sentences."""

    headline: str
    gained: str
    cost: str
    next: str
    use: str


def measure_of(item: dict[str, Any]) -> float:
    """The main measure of one model: of the demo's labels the share of right answers, 0 to 1."""
    found = main_figure(item["quality"])
    return found[1] if found else 0.0


def judge(report: dict[str, Any]) -> Verdict:
    """What was gained, what quantizing cost, and what to do next.

    The models are in the demo's order: base, tuned, then the quantized ones. The cost is called within chance
    where the 95 % intervals' half-widths on n rows cannot tell it from none (difference of two shares, normal
    approximation; a paired test would be sharper).
    """
    base, tuned, *quantized = report["models"]
    quantized.sort(key=lambda item: float(item["bytes_on_disk"]))
    n = tuned["quality"]["n"]
    points = (measure_of(tuned) - measure_of(base)) * 100
    share = measure_of(tuned)
    losses = [(share - measure_of(item)) * 100 for item in quantized]
    chance = _Z95 * math.sqrt(2 * max(share * (1 - share), 1 / n) / n) * 100
    gained = (
        f"Fine-tuning took the model from {measure_of(base) * 100:.1f} % to {share * 100:.1f} % right "
        f"answers on {counted(n)} it had never seen"
    )
    smallest = quantized[0]
    faster = smallest["tokens_per_s"] / tuned["tokens_per_s"]
    smaller = smallest["bytes_on_disk"] / tuned["bytes_on_disk"]
    differences = (
        f"{_BITS.get(item['recipe'], item['recipe'])}: {_signed(loss, chance)}"
        for item, loss in reversed(list(zip(quantized, losses, strict=True)))
    )
    cost = (
        f"{'; '.join(differences)}, at {smaller * 100:.0f} % of the tuned model's size "
        f"and {faster:.1f} times its speed"
    )
    # With few rows chance explains much; more than five points are not given away for size all the same.
    allowed = max(2.0, min(chance, 5.0))
    good = [str(item["model"]) for item, loss in zip(quantized, losses, strict=True) if loss <= allowed]
    use = good[0] if good else str(tuned["model"])
    if points <= 0:
        use = str(tuned["model"])
        advice = "Train longer or with more examples before using it"
    elif not good:
        advice = f"Use {use} as it is, or quantize again with another recipe"
    elif use == smallest["model"]:
        advice = f"Use {use}"
    else:
        advice = f"Use {use}: the smaller one loses too much"
    headline = f"{gained}. {cost}. {advice}."
    return Verdict(headline, gained + ".", cost + ".", advice + ".", use)


def _signed(loss: float, chance: float) -> str:
    if abs(loss) < 0.05:
        return "no difference"
    word = "lower" if loss > 0 else "higher"
    return f"{abs(loss):.1f} points {word}{', within chance' if abs(loss) <= chance else ''}"


def write(workspace: Workspace, outcome: Outcome, name: str) -> tuple[Path, Path, dict[str, Any]]:
    """Writes the report below the workspace. Returns the page, the JSON file, and what is in it."""
    # Slow to import, and serves nothing else of the command line.
    from jinja2 import Environment, StrictUndefined

    folder = workspace.root / "reports" / name
    folder.mkdir(parents=True, exist_ok=True)
    verdict = judge(outcome.report)
    curves = workspace.store.metrics(outcome.finetuning.id)
    samples = _samples(workspace, outcome)
    content: dict[str, Any] = {
        "sentence": verdict.headline,
        "gained": verdict.gained,
        "cost": verdict.cost,
        "next": verdict.next,
        "use": verdict.use,
        "seconds": round(outcome.seconds, 1),
        "steps": {key: round(value, 1) for key, value in outcome.steps},
        "finetuning": {
            "run": outcome.finetuning.id,
            "spec": outcome.finetuning.spec,
            "result": outcome.finetuning.result,
        },
        **outcome.report,
    }
    template = resources.files("resources.report").joinpath("demo.html.j2").read_text(encoding="utf-8")
    page = (
        Environment(autoescape=True, undefined=StrictUndefined)
        .from_string(template)
        .render(
            verdict=verdict,
            models=outcome.report["models"],
            measure=measure_of,
            measure_name=_measure_name(outcome.report),
            content=content,
            samples=samples,
            loss=_loss_picture(curves),
            trade=trade_picture(outcome.report["models"]),
            base=outcome.base,
            minutes=outcome.seconds / 60,
            details=details.page(outcome.report["models"], verdict.use),
        )
    )
    durable.write_text(folder / "report.html", page)
    durable.write_json(folder / "report.json", content)
    return folder / "report.html", folder / "report.json", content


def _measure_name(report: dict[str, Any]) -> str:
    """The main measure's name, for a heading."""
    found = main_figure(report["models"][0]["quality"])
    return NAMES[found[0] if found else "accuracy"].capitalize()


def _samples(workspace: Workspace, outcome: Outcome) -> list[dict[str, Any]]:
    """The last answers of the model in training, beside what was wanted."""
    events = run_folder.replay(workspace.run_folder(outcome.finetuning.id))
    latest: dict[str, dict[str, Any]] = {}
    for event in events:
        if event.ev == "sample":
            latest[str(event.get("prompt"))] = event.fields
    return list(latest.values())[:8]


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_LINE)
    axes.tick_params(colors=_MUTED, labelsize=9)
    axes.grid(axis="y", color=_LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Any) -> str:
    """The figure as an SVG element that can stand inside a page."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "slm-workbench"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _loss_picture(curves: dict[str, list[tuple[int, float]]]) -> str:
    figure, axes = _figure(6.4, 3.2)
    for key, label, colour, style in (
        ("loss", "training", _BLUE, "-"),
        ("validation_loss", "validation", _ORANGE, "--"),
    ):
        points = curves.get(key, [])
        if points:
            axes.plot(
                [step for step, _ in points],
                [value for _, value in points],
                style,
                color=colour,
                label=label,
                linewidth=1.4,
                marker="o" if len(points) < 20 else None,
                markersize=3,
            )
    axes.set_xlabel("step", color=_MUTED, fontsize=9)
    axes.set_ylim(bottom=0)
    axes.set_title("Loss while learning", loc="left", fontsize=10, color=_TEXT)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=9)
    return _svg(figure)


def trade_picture(models: list[dict[str, Any]]) -> str:
    """Right answers against size, as an SVG element."""
    figure, axes = _figure(6.4, 3.2)
    for place, item in enumerate(sorted(models, key=lambda item: float(item["bytes_on_disk"]))):
        share = measure_of(item) * 100
        low, high = (value * 100 for value in item["quality"]["ci95"])
        size = item["bytes_on_disk"] / 1e6
        axes.errorbar(
            size,
            share,
            yerr=[[max(0.0, share - low)], [max(0.0, high - share)]],
            fmt="o",
            color=_GREEN,
            ecolor=_LINE,
            capsize=3,
        )
        axes.annotate(
            item["model"],
            (size, share),
            textcoords="offset points",
            xytext=(6, 5 if place % 2 else -13),
            fontsize=8,
            color=_TEXT,
        )
    axes.set_ylim(0, 100)
    axes.margins(x=0.2)
    axes.set_xlabel("MB on disk (less is better)", color=_MUTED, fontsize=9)
    axes.set_title("Right answers, %, with 95 % interval", loc="left", fontsize=10, color=_TEXT)
    return _svg(figure)
