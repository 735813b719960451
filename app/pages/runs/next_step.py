"""What to do with what a run has made."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from app.models.repeat import Repeat
from app.models.run_record import Made
from core.models.receipts import ReceiptItem


@dataclass(frozen=True)
class NextStep:
    """A page to go to with the new artifact.

    Attributes:
        headline: What is ready.
        text: Why the step helps.
        action: Label of the button.
        page: The page's key.
        argument: What the page gets: the artifact's id, or a run to repeat.
        also: Another step that helps, for a second button; it may name one for a third.
        receipt: What was found when the new model was tried, where it was.
        name: How the new model is called, beside its receipt.
    """

    headline: str
    text: str
    action: str
    page: str
    argument: str | Repeat
    also: NextStep | None = None
    receipt: ReceiptItem | None = None
    name: str = ""

    @property
    def others(self) -> list[NextStep]:
        """The further steps, each the `also` of the one before."""
        return [] if self.also is None else [self.also, *self.also.others]


def next_step(kind: str, made: Made) -> NextStep | None:
    """The next best step after a kind of job, or None when there is none."""
    ready = QCoreApplication.translate("next", "“{name}” is ready.").format(name=made.name)
    match kind:
        case "import_data" | "download_data":
            return _teach(ready, QCoreApplication.translate("next", "Teach a model from it."), made)
        case "generate":
            text = QCoreApplication.translate(
                "next",
                "Read some rows, drop or correct what is wrong, then teach a model from it.",
            )
            distill = NextStep(
                ready, text, QCoreApplication.translate("next", "Distill with it"), "distill", made.id
            )
            read = NextStep(
                ready, text, QCoreApplication.translate("next", "Read the rows"), "data", made.id, distill
            )
            return _teach(ready, text, made, read)
        case "add_model" | "download_model":
            return _teach(ready, QCoreApplication.translate("next", "Teach it your task."), made)
        case "add_endpoint":
            return NextStep(
                ready,
                QCoreApplication.translate("next", "Have it write examples from which a small model learns."),
                QCoreApplication.translate("next", "Generate data"),
                "generate",
                made.id,
            )
        case "augment":
            text = QCoreApplication.translate(
                "next", "Teach a model from it, and measure whether the varied rows help on the same test."
            )
            return _teach(ready, text, made)
        case "fix_data" | "edit_data":
            text = QCoreApplication.translate(
                "next", "The data as it was stays. Teach a model from the new version, or look closer at it."
            )
            look = NextStep(
                ready, text, QCoreApplication.translate("next", "Look at the data"), "data", made.id
            )
            return _teach(ready, text, made, look)
        case "merge":
            return NextStep(
                ready,
                QCoreApplication.translate("next", "See whether it answers as well as its parts."),
                QCoreApplication.translate("next", "Measure it"),
                "evaluate",
                made.id,
            )
        case "prune":
            text = QCoreApplication.translate(
                "next",
                "It is smaller and may have forgotten some. Let the model it was cut from teach it again.",
            )
            alone = QCoreApplication.translate("next", "Or teach it by your labels alone.")
            action = QCoreApplication.translate("next", "Distill into it")
            return NextStep(ready, text, action, "distill", made.id, _teach(ready, alone, made))
        case "finetune":
            return NextStep(
                ready,
                QCoreApplication.translate("next", "Make it smaller and faster for the device."),
                QCoreApplication.translate("next", "Quantize this model"),
                "quantize",
                made.id,
                _measure(ready, made),
            )
        case "distill":
            return NextStep(
                ready,
                QCoreApplication.translate(
                    "next", "Make it smaller still, see how near it comes to its teacher, or talk with it."
                ),
                QCoreApplication.translate("next", "Quantize this model"),
                "quantize",
                made.id,
                NextStep(
                    ready,
                    QCoreApplication.translate("next", "See how near it comes to its teacher."),
                    QCoreApplication.translate("next", "Measure it against its teacher"),
                    "evaluate",
                    made.id,
                    _chat(ready, made),
                ),
            )
        case "evaluate":
            return NextStep(
                ready,
                QCoreApplication.translate("next", "Set what it may need, and see which model to take."),
                QCoreApplication.translate("next", "Compare the models"),
                "compare",
                made.id,
            )
        case "quantize":
            return _chat(ready, made, _measure(ready, made))
        case _:
            return None


def _teach(ready: str, text: str, made: Made, also: NextStep | None = None) -> NextStep:
    return NextStep(ready, text, QCoreApplication.translate("next", "Fine-tune"), "finetune", made.id, also)


def _chat(ready: str, made: Made, also: NextStep | None = None) -> NextStep:
    text = QCoreApplication.translate("next", "See how it answers on this computer.")
    return NextStep(ready, text, QCoreApplication.translate("next", "Chat with it"), "deploy", made.id, also)


def _measure(ready: str, made: Made) -> NextStep:
    """To the evaluate page, which finds the model it was made from and the data by itself."""
    return NextStep(
        ready,
        QCoreApplication.translate("next", "See how much better it answers than before."),
        QCoreApplication.translate("next", "Measure what was gained"),
        "evaluate",
        made.id,
    )
