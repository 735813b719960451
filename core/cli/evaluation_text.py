"""What an evaluation found beside its main table: times, energy, the machine's limits, confusions."""

from __future__ import annotations

from typing import Any

from core.cli.console import Output
from core.counts import counted
from core.models import confusion, speed
from core.models.confusion import Cell
from core.models.report import ModelFigures
from core.models.speed import Latency, Timing

_CONFUSIONS = 3
_HARD_LABELS = 3


def show(report: dict[str, Any], output: Output) -> None:
    """Tables and sentences; whatever a report of an earlier version does not hold is left out."""
    models = [ModelFigures.model_validate(item) for item in report["models"]]
    timed = [(model, model.latency_ms, model.timing) for model in models if model.latency_ms]
    if timed:
        output.say()
        _show_times(timed, output)
    for model in models:
        for line in (*_on_marks(model), *_on_labels(model), *_on_harness(model)):
            output.say(line)


def _hourly(timing: Timing | None) -> str:
    if timing is None or timing.answers_an_hour is None or timing.mean_ms is None:
        return ""
    return f"{timing.answers_an_hour:,.0f} ({timing.mean_ms:.0f} ms)"


def answer_time(latency: Latency | None, timing: Timing | None) -> str:
    """The median time of an answer, and by how much the passes differ where that is a lot."""
    if latency is None:
        return ""
    apart = timing.apart if timing is not None else None
    return f"{latency.total_p50:.0f} ms{f' (passes {apart:.0%} apart)' if apart is not None else ''}"


def _wh(value: float) -> str:
    """Two digits that count, and never a power of ten."""
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def _show_times(timed: list[tuple[ModelFigures, Latency, Timing | None]], output: Output) -> None:
    columns = [
        "model",
        "first token",
        "each token",
        "answer",
        "answers/h, by the mean",
        "Wh/1,000 answers",
        "of read speed",
    ]
    rows = []
    for model, latency, timing in timed:
        energy = timing.energy if timing else None
        rows.append(
            [
                model.model,
                _pair(latency.ttft_p50, latency.ttft_p95),
                _pair(latency.token_p50, latency.token_p95),
                _pair(latency.total_p50, latency.total_p95),
                _hourly(timing),
                _wh(energy.wh_a_thousand) if energy else "",
                f"{timing.bandwidth_share:.0%}" if timing and timing.bandwidth_share else "",
            ]
        )
    output.table(columns, rows, numbers=frozenset(columns[1:]))
    first = timed[0][2]
    if first is None:
        return
    _show_lengths(timed, output)
    output.say(speed.how_timed([timing for _model, _latency, timing in timed if timing]))
    if first.energy is not None:
        output.say(speed.how_energy(first.energy))
    if first.ceilings is not None:
        output.say(speed.how_fast_it_reads(first.ceilings))


def _show_lengths(timed: list[tuple[ModelFigures, Latency, Timing | None]], output: Output) -> None:
    parts = [(model.model, timing.by_length) for model, _latency, timing in timed if timing]
    if not any(lengths for _name, lengths in parts):
        return
    columns = ["prompt", *(name for name, lengths in parts if lengths)]
    named = [lengths for _name, lengths in parts if lengths]
    rows = []
    for place, part in enumerate(named[0]):
        tokens = f"{part.tokens_least} to {part.tokens_most} tokens"
        cells = [
            f"{lengths[place].ttft_p50:.0f} + {lengths[place].total_p50 - lengths[place].ttft_p50:.0f} ms"
            for lengths in named
            if place < len(lengths)
        ]
        rows.append([f"{part.length}, {tokens}", *cells])
    output.table(columns, rows, numbers=frozenset(columns[1:]))
    output.say("By length of the prompt: median to the first token + from there to the last.")


def _on_marks(model: ModelFigures) -> list[str]:
    """What a judge said."""
    quality = model.quality
    if quality.judge_rows is None:
        return []
    unread = f"; {quality.judge_unread} of its replies held no mark" if quality.judge_unread else ""
    if quality.judge_score is None or quality.judge_ci95 is None:
        return [f"{model.model}: the judge gave no mark{unread}."]
    low, high = quality.judge_ci95
    rows = counted(quality.judge_rows)
    return [
        f"{model.model}: rated {quality.judge_score:.1f} of 5 [{low:.1f} to {high:.1f}] on {rows}{unread}."
    ]


def _on_harness(model: ModelFigures) -> list[str]:
    """What lm-evaluation-harness counted."""
    return [
        f"{model.model}: {figure.task} {figure.metric} {figure.value:.4g} on {counted(figure.rows)} "
        "(lm-evaluation-harness)."
        for figure in model.harness or ()
    ]


def _on_labels(model: ModelFigures) -> list[str]:
    """The worst confusions and the hardest labels of a classification."""
    quality = model.quality
    cells: tuple[Cell, ...] = quality.confusion or ()
    if not cells:
        return []
    lines = []
    worst = confusion.mistakes(cells, _CONFUSIONS)
    if worst:
        lines.append(f"{model.model}: " + "; ".join(confusion.sentence(cell) for cell in worst) + ".")
    if quality.unknown_answers:
        unknown = counted(quality.unknown_answers, "answer")
        are = "was" if quality.unknown_answers == 1 else "were"
        lines.append(f"{model.model}: {unknown} {are} no label of the data.")
    hard = sorted(quality.labels or (), key=lambda row: (row.f1, row.label))[:_HARD_LABELS]
    if hard and hard[0].f1 < 1:
        said = "; ".join(
            f"{row.label} {row.f1:.0%} (precision {row.precision:.0%}, recall {row.recall:.0%})"
            for row in hard
        )
        lines.append(f"{model.model}: lowest F1: {said}.")
    return lines


def _pair(p50: float | None, p95: float | None) -> str:
    if p50 is None or p95 is None:
        return ""
    digits = 1 if p50 < 10 else 0
    return f"{p50:.{digits}f} / {p95:.{digits}f} ms"
