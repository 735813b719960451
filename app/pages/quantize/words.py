"""The recipes in words: what each is good for, what it costs, and in the hints the field's terms."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.formats import breakable, estimate_text, short_name, size_text
from app.pages.quantize.view_model import QuantizeViewModel
from core.mismatch import Mismatch
from core.models.quantizing import measured
from core.models.quantizing.expected import Expected
from core.models.quantizing.measured import Kept


def titles() -> dict[str, str]:
    """Names of the recipes, the field's own in brackets."""
    return {
        "int8": QCoreApplication.translate("quantize", "8 bits (int8)"),
        "int4-mixed": QCoreApplication.translate("quantize", "4 and 8 bits (int4-mixed)"),
        "search": QCoreApplication.translate("quantize", "Fitted to this model (search)"),
        "int4": QCoreApplication.translate("quantize", "4 bits (int4)"),
        "int4-edges": QCoreApplication.translate("quantize", "8 bits at the edges (int4-edges)"),
        "int4-gptq": QCoreApplication.translate("quantize", "4 bits, mended (int4-gptq)"),
        "int4-awq": QCoreApplication.translate("quantize", "4 bits, weighed (int4-awq)"),
        "int4-kquant": QCoreApplication.translate("quantize", "4 bits without rows (int4-kquant)"),
        "int4-hqq": QCoreApplication.translate("quantize", "4 bits without rows (int4-hqq)"),
        "fp32": QCoreApplication.translate("quantize", "Full precision (fp32)"),
    }


def uses() -> dict[str, str]:
    """What each is good for."""
    return {
        "int8": QCoreApplication.translate("quantize", "Nearly the same answers. The careful choice."),
        "int4-mixed": QCoreApplication.translate(
            "quantize", "Small and fast, with answers close to the original."
        ),
        "search": QCoreApplication.translate("quantize", "The best answers for the size that you allow."),
        "int4": QCoreApplication.translate("quantize", "The smallest. Check its answers before use."),
        "int4-edges": QCoreApplication.translate(
            "quantize", "Smaller than int4-mixed, with answers a little further off."
        ),
        "int4-gptq": QCoreApplication.translate(
            "quantize", "Very small, and mended on your rows: the closest of its size."
        ),
        "int4-awq": QCoreApplication.translate(
            "quantize", "Very small, and most careful where your rows need it."
        ),
        "int4-kquant": QCoreApplication.translate(
            "quantize", "Very small, for when you have no rows. Check its answers."
        ),
        "int4-hqq": QCoreApplication.translate(
            "quantize", "Very small, another way without rows. Check its answers."
        ),
        "fp32": QCoreApplication.translate("quantize", "Loses nothing and saves nothing: to compare with."),
    }


def hints() -> dict[str, str]:
    """How each works, in the field's terms."""
    return {
        "int8": QCoreApplication.translate(
            "quantize", "Every weight is rounded to the nearest of 256 steps (RTN, round to nearest)."
        ),
        "int4-mixed": QCoreApplication.translate(
            "quantize",
            "Gate and up projections, which forgive most, get 4 bits, the others 8. Rounded by GPTQ on your "
            "rows, by k-quant without them.",
        ),
        "search": QCoreApplication.translate(
            "quantize",
            "Measures by KL divergence what 4 bits cost in each part of each layer, and gives 8 bits to "
            "those that need them, within the size.",
        ),
        "int4": QCoreApplication.translate(
            "quantize", "Every weight in 4 bits, rounded by the runtime's own builder; blocks share a scale."
        ),
        "int4-edges": QCoreApplication.translate(
            "quantize",
            "Query, key, value and down projections keep 8 bits in the first, last and every third layer, "
            "as llama.cpp chooses. Rounded by GPTQ on your rows, by k-quant without them.",
        ),
        "int4-gptq": QCoreApplication.translate(
            "quantize",
            "GPTQ: each column of weights makes up for what the one before lost, as your rows show it. The "
            "output layer keeps 8 bits.",
        ),
        "int4-awq": QCoreApplication.translate(
            "quantize",
            "AWQ: weights that meet large inputs on your rows are scaled up before rounding. The output "
            "layer keeps 8 bits.",
        ),
        "int4-kquant": QCoreApplication.translate(
            "quantize",
            "k-quant searches scale and zero point of every block, as llama.cpp does. The output layer keeps "
            "8 bits.",
        ),
        "int4-hqq": QCoreApplication.translate(
            "quantize",
            "HQQ moves the zero point of every block so that few large weights count less. The output layer "
            "keeps 8 bits.",
        ),
        "fp32": QCoreApplication.translate("quantize", "All weights stay floating-point numbers of 32 bits."),
    }


def figures(size: float | None, expected: Expected | None) -> str:
    """Size, likeness and time in a line: `About 122 MB · 89 % alike · 30 s`."""
    parts = []
    if size:
        parts.append(QCoreApplication.translate("quantize", "About {size}").format(size=size_text(size)))
    if expected is not None and expected.kept is not None:
        parts.append(
            QCoreApplication.translate("quantize", "{share} alike").format(share=_share(expected.kept))
        )
    if expected is not None:
        parts.append(estimate_text(expected.seconds))
    return " · ".join(parts)


def facts(expected: Expected | None) -> list[tuple[str, str]]:
    """Time and likeness for the run preview."""
    if expected is None:
        return []
    about = QCoreApplication.translate("quantize", "about {value}")
    found = [
        (
            QCoreApplication.translate("quantize", "Time"),
            about.format(value=estimate_text(expected.seconds)),
        )
    ]
    if expected.kept is not None:
        name = QCoreApplication.translate("quantize", "Same next word")
        share = _share(expected.kept)
        found.append((name, share if expected.kept.or_more else about.format(value=share)))
    return found


def note(expected: Expected | None, model: QuantizeViewModel) -> str:
    """What speaks against it, and where the figures come from."""
    said = [mismatch_text(found)] if (found := model.odd_rows) is not None else []
    said += [QCoreApplication.translate("quantize", "Sizes are computed from the model's own matrices.")]
    if expected is not None:
        said += [_of_time(expected), _of_likeness(expected, model)]
    return " ".join(said)


def _of_time(expected: Expected) -> str:
    if expected.runs:
        return QCoreApplication.translate("quantize", "Time: by earlier runs of this recipe here.")
    if expected.here:
        return QCoreApplication.translate("quantize", "Time: by what other recipes took here.")
    return QCoreApplication.translate(
        "quantize", "Time: as measured on two cores of a small server, until a run here tells better."
    )


def _of_likeness(expected: Expected, model: QuantizeViewModel) -> str:
    kept = expected.kept
    if kept is None:
        return QCoreApplication.translate(
            "quantize",
            "How alike the answers stay was not measured for these settings; the receipt will say.",
        )
    if kept.of:
        text = QCoreApplication.translate("quantize", "Alike: by the receipt of {name}.")
        return text.format(name=_name(kept.of))
    size = round(measured.PARAMETERS / 1e6)
    text = QCoreApplication.translate(
        "quantize",
        "Alike (the same next word): as measured on a model of {size} M parameters; the receipt will say "
        "it of yours.",
    ).format(size=size)
    if model.recipe == "search":
        more = QCoreApplication.translate("quantize", "Its search had {size} MB.")
        text += " " + more.format(size=round(measured.SEARCHED_MB))
    if model.advanced.get("heal"):
        text += " " + QCoreApplication.translate("quantize", "Healing brings it nearer.")
    return text


def mismatch_text(found: Mismatch) -> str:
    """What is odd about the rows, and why it matters."""
    learnt = _name(found.learnt)
    what = QCoreApplication.translate(
        "quantize", "{model} has learnt from {learnt}; these rows are of another task."
    )
    if not learnt:
        what = QCoreApplication.translate("quantize", "{model} has learnt another task than these rows show.")
    why = QCoreApplication.translate(
        "quantize", "Rounded on them, it may lose more of what it learnt than it needs to."
    )
    return f"⚠ {what.format(model=_name(found.model), learnt=learnt)} {why}"


def _name(name: str) -> str:
    """A name that breaks where a card is narrow."""
    return breakable(short_name(name, 30), 12)


def _share(kept: Kept) -> str:
    text = QCoreApplication.translate("quantize", "{value}\u00a0%")
    if kept.or_more:
        text = QCoreApplication.translate("quantize", "{value}\u00a0% or more")
    return text.format(value=round(kept.agreement * 100))
