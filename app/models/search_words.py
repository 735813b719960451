"""Settings and trials in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.formats import number_text
from core.models.trials import Trial


def field_word(field: str) -> str:
    """A searched setting, short enough for a column or an axis."""
    words = {
        "learning_rate": QCoreApplication.translate("search", "Learning rate"),
        "lora_rank": QCoreApplication.translate("search", "Rank"),
        "lora_alpha": QCoreApplication.translate("search", "Alpha ÷ rank"),
        "lora_dropout": QCoreApplication.translate("search", "Dropout"),
        "batch_size": QCoreApplication.translate("search", "Batch"),
        "epochs": QCoreApplication.translate("search", "Passes"),
        "warmup_ratio": QCoreApplication.translate("search", "Warm-up"),
        "weight_decay": QCoreApplication.translate("search", "Weight decay"),
    }
    return words.get(field, field)


def value_text(value: float) -> str:
    """A tried value."""
    return number_text(value)


def state_text(trial: Trial) -> str:
    """What became of a trial, with a sign."""
    words = {
        "running": QCoreApplication.translate("search", "● running"),
        "complete": QCoreApplication.translate("search", "✓ finished"),
        "pruned": QCoreApplication.translate("search", "✗ given up early"),
        "diverged": QCoreApplication.translate("search", "✗ came apart"),
        "failed": QCoreApplication.translate("search", "✗ could not run"),
        "stopped": QCoreApplication.translate("search", "○ not finished"),
    }
    return words[trial.state]


def trial_text(trial: Trial) -> str:
    """A whole trial in a line, for the line above the plot and for reading aloud."""
    parts = [f"{field_word(name)} {value_text(value)}" for name, value in trial.params.items()]
    if trial.value is not None:
        parts.append(
            QCoreApplication.translate("search", "loss {value}").format(value=number_text(trial.value))
        )
    head = QCoreApplication.translate("search", "Trial {number}").format(number=trial.number)
    return f"{head}: {' · '.join(parts)}"
