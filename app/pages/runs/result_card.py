"""The figures a finished run leaves, with their units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from app import receipt_text
from app.formats import count_text, duration_text, number_text, short_name, size_text
from app.pages.runs.verdict_text import figure_text, measure_name
from app.widgets.card import Card, Facts
from app.widgets.labels import Label
from core.models.report import main_figure

_Text = Callable[[Any], str]
#: Figures that are words.
_WORDS = ("method", "precision", "recipe", "rounded_by")
_ALIKE = 0.9  # what an int4 mixture keeps; below, a person wants to know what it means
_LONGEST_MODEL = 18  # beside its figure, in the narrow column


class ResultCard(Card):
    """Only figures that have a name here are shown; the rest stays in the run's folder."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.set_title(self.tr("Result"))
        self._facts = Facts()
        self.add(self._facts)
        self.meaning = Label("", "note", wrap=True)
        self.add(self.meaning)
        self.hide()

    def show_result(self, result: dict[str, Any]) -> None:
        """Shows what is known of a run's result, or hides the card."""
        self._facts.clear()
        shown = False
        for key, (name, text) in self._known().items():
            value = result.get(key)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if number or (key in _WORDS and isinstance(value, str)):
                self._facts.set_fact(name, text(value))
                shown = True
        for name, text in [*self._rows(result), *self._measured(result)]:
            self._facts.set_fact(name, text)
            shown = True
        self._mark_agreement(result)
        self.setVisible(shown)

    def _mark_agreement(self, result: dict[str, Any]) -> None:
        """Marks a low agreement with the source as the receipt does; says what it means and what helps."""
        share, colour = result.get("agreement"), result.get("receipt")
        is_low = isinstance(share, float) and (colour in ("amber", "red") or share < _ALIKE)
        self.meaning.setVisible(is_low)
        if not is_low:
            return
        name, text = self._known()["agreement"]
        if colour in ("amber", "red"):
            phrase = receipt_text.colour_phrase(colour)
            self._facts.set_fact(name, text(share), "tight" if colour == "amber" else "no", phrase)
        said = self.tr("In {count} of 100 places it expects another next word than its source.")
        self.meaning.setText(f"{said.format(count=100 - round(share * 100))} {self._help(result)}")

    def _help(self, result: dict[str, Any]) -> str:
        if result.get("receipt") == "green":
            return self.tr("Mostly close calls, by its receipt; measure both on your test rows to be sure.")
        if "untaught" in result:
            return self.tr("Let it learn again from the whole model, or cut less.")
        text = self.tr(
            "So its answers differ. Measure both on your test rows (Evaluate); if right answers are lost, "
            "make it again in {recipes}, or let it heal."
        )
        nearer = [recipe for recipe in receipt_text.NEAR if recipe != result.get("recipe")]
        return text.format(recipes=self.tr(" or ").join(nearer))

    def _rows(self, result: dict[str, Any]) -> list[tuple[str, str]]:
        """What a job left that makes or changes data."""
        names = {
            "train": self.tr("Rows to learn from"),
            "validation": self.tr("Rows to watch"),
            "test": self.tr("Rows for the test"),
        }
        counts, added = _counts(result.get("counts")), _counts(result.get("added"))
        lines = [(name, count_text(counts[split])) for split, name in names.items() if split in counts]
        if added:
            lines.append((self.tr("Of these added"), count_text(sum(added.values()))))
        if refused := _counts(result).get("not_taken"):
            lines.append((self.tr("Rewritten, not taken"), count_text(refused)))
        if left_out := sum(_counts(result.get("left_out")).values()):
            lines.append((self.tr("Rows left out"), count_text(left_out)))
        return lines

    def _measured(self, result: dict[str, Any]) -> list[tuple[str, str]]:
        """An evaluation's models and the main figure of each, by its name."""
        lines = []
        models, answers_by = result.get("models"), str(result.get("answers_by") or "")
        for item in models if isinstance(models, list) else []:
            found = main_figure(item.get("quality", {}))
            if found is not None:
                measure, value = found
                name = measure_name(measure, answers_by).removesuffix(", %")
                unit = "" if measure == "perplexity" else " %"
                text = f"{name} {figure_text(measure, value)}{unit}"
                lines.append((short_name(str(item.get("model", "")), _LONGEST_MODEL), text))
        return lines

    def _known(self) -> dict[str, tuple[str, _Text]]:
        return {
            "validation_loss": (self.tr("Validation loss"), number_text),
            "best_step": (self.tr("Best step, kept"), number_text),
            "train_loss": (self.tr("Training loss at the end"), number_text),
            "steps": (self.tr("Steps"), number_text),
            "train_rows": (self.tr("Rows learnt from"), number_text),
            "rows_per_s": (self.tr("Rows a second"), number_text),
            "seconds": (self.tr("Time of learning"), duration_text),
            "parameters_learnt": (self.tr("Weights that learnt"), number_text),
            "layers": (self.tr("Layers"), number_text),
            "ffn": (self.tr("Neurons a layer"), number_text),
            "vocabulary": (self.tr("Tokens"), number_text),
            "parameters": (self.tr("Parameters"), number_text),
            "parameters_before": (self.tr("Parameters before"), number_text),
            "method": (self.tr("Method"), str),
            "precision": (self.tr("Number format"), str),
            "recipe": (self.tr("Recipe"), str),
            "rounded_by": (self.tr("Rounded by"), self._algorithm_text),
            "bytes": (self.tr("On disk"), size_text),
            "bytes_on_disk": (self.tr("On disk"), size_text),
            "peak_rss_bytes": (self.tr("Memory at its highest"), size_text),
            "agreement": (self.tr("Same next word as its source"), self._percent_text),
            "teacher_agreement": (self.tr("Says the same as its teacher"), self._percent_text),
            "teacher_retention": (self.tr("Keeps of what it gets right"), self._percent_text),
            "searched_kl": (self.tr("Away from the source, KL"), number_text),
            "fixed_kl": (self.tr("The same for int4-edges by KQuant"), number_text),
            "answer_ms": (self.tr("An answer takes"), self._time_text),
            "healed_from": (self.tr("KL before healing"), number_text),
            "healed_to": (self.tr("KL after healing"), number_text),
            "tokens_per_s": (self.tr("Tokens a second"), number_text),
        }

    def _algorithm_text(self, value: str) -> str:
        names = {"rtn": self.tr("the nearest step"), "k_quant": "KQuant", "hqq": "HQQ"}
        names |= {"gptq": self.tr("GPTQ, on rows"), "awq": self.tr("AWQ, on rows")}
        return names.get(value, value)

    def _time_text(self, value: float) -> str:
        return self.tr("{time} ms").format(time=number_text(value))

    @staticmethod
    def _percent_text(value: float) -> str:
        return f"{value * 100:.0f} %"


def _counts(value: Any) -> dict[str, int]:
    """The whole numbers of a table of them."""
    found = value.items() if isinstance(value, dict) else ()
    return {str(key): count for key, count in found if isinstance(count, int) and not isinstance(count, bool)}
