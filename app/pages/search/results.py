"""What the page of a search shows, worked out from its spec and its trials; no widgets."""

from __future__ import annotations

from app.formats import number_text
from app.models.search_words import field_word, trial_text, value_text
from app.plots.parallel_plot import Axis, Thread
from core.models.trials import Trial, best_of
from core.specs import FinetuneSpec, SearchSpec
from core.specs.search import Choices, Range

_NAMED_CHOICES = 6


class SearchResults:
    """One search.

    Args:
        spec: What was searched.
        trials: By number, as they are now.
    """

    def __init__(self, spec: SearchSpec, trials: dict[int, Trial]) -> None:
        self.spec = spec
        self.trials = [trials[number] for number in sorted(trials)]

    @property
    def best(self) -> Trial | None:
        """The best complete trial."""
        return best_of(self.trials)

    @property
    def best_settings(self) -> FinetuneSpec | None:
        """The fine-tuning that the best trial was."""
        return self.spec.finetune(self.best.params) if self.best is not None else None

    @property
    def gain(self) -> float | None:
        """Share by which the best loss is below that of the usual settings, which trial 1 takes."""
        first = next((trial for trial in self.trials if trial.number == 1), None)
        if self.best is None or first is None or not first.value or self.spec.sampler == "grid":
            return None
        return 1 - (self.best.value or 0.0) / first.value

    @property
    def importance(self) -> dict[str, float] | None:
        """What mattered, by the newest trial that says so."""
        said = [trial.importance for trial in self.trials if trial.importance]
        return said[-1] if said else None

    @property
    def finished(self) -> int:
        """Trials that are over and count."""
        return sum(trial.state not in ("running", "stopped") for trial in self.trials)

    @property
    def running(self) -> Trial | None:
        """The trial at work."""
        return next((trial for trial in reversed(self.trials) if trial.state == "running"), None)

    def axes(self, loss: str) -> list[Axis]:
        """An axis for each searched setting, and one for the loss, called `loss`."""
        axes = [self._axis(name, span) for name, span in self.spec.fields.items()]
        values = [trial.value for trial in self.trials if trial.value is not None]
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        marks = tuple((value, number_text(value)) for value in sorted({low, high})) if values else ()
        return [*axes, Axis(loss, low, high, marks=marks)]

    @staticmethod
    def _axis(name: str, span: Range) -> Axis:
        if isinstance(span, Choices):
            few = len(span.choices) <= _NAMED_CHOICES
            named = span.choices if few else (span.choices[0], span.choices[-1])
            spread = span.choices[-1] / span.choices[0] if span.choices[0] > 0 else 0.0
            marks = tuple((value, value_text(value)) for value in named)
            return Axis(field_word(name), span.choices[0], span.choices[-1], spread >= 8, marks)
        marks = tuple((value, value_text(value)) for value in (span.low, span.high))
        return Axis(field_word(name), span.low, span.high, span.log, marks)

    def threads(self) -> list[Thread]:
        """A line for each trial; its quality is its rank among the complete ones."""
        ranked = sorted(
            (trial for trial in self.trials if trial.value is not None),
            key=lambda trial: (trial.value, trial.number),
        )
        last = max(len(ranked) - 1, 1)
        quality = {trial.number: 1 - place / last for place, trial in enumerate(ranked)}
        return [
            Thread(
                trial.number,
                (*(trial.params.get(name) for name in self.spec.fields), trial.value),
                quality.get(trial.number),
                trial_text(trial),
            )
            for trial in self.trials
        ]
