"""A receipt in the person's language: its colour, why it is not green, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.formats import breakable
from app.widgets.pill import Tone
from core.models.receipts import CheckItem, Colour, ReceiptItem

TONES: dict[Colour, Tone] = {"green": "good", "amber": "warn", "red": "bad"}
_SIGNS = {"amber": "⚠ ", "red": "✗ "}
#: Recipes that keep more of the source, the nearest first.
NEAR = ("int8", "int4-mixed")


def colour_word(colour: Colour, *, is_untaught: bool = False) -> str:
    """The word that stands beside a model everywhere."""
    if is_untaught and colour == "amber":
        return QCoreApplication.translate("receipt", "Untaught")
    words = {
        "green": QCoreApplication.translate("receipt", "Checked"),
        "amber": QCoreApplication.translate("receipt", "Look first"),
        "red": QCoreApplication.translate("receipt", "Not usable"),
    }
    return words[colour]


def sign(receipt: str | None) -> str:
    """What stands before a model's name in a list; nothing where its receipt is green or there is none."""
    return _SIGNS.get(receipt or "", "")


def colour_phrase(receipt: str | None) -> str:
    """The sign in words, for a tooltip and for reading aloud."""
    if receipt == "red":
        return QCoreApplication.translate("receipt", "red receipt")
    return QCoreApplication.translate("receipt", "amber receipt") if receipt == "amber" else ""


def spoken_name(name: str, receipt: str | None) -> str:
    """A model's name and what its sign means."""
    return ", ".join(filter(None, (name, colour_phrase(receipt))))


def colours_text() -> str:
    """What the three colours mean."""
    return QCoreApplication.translate(
        "receipt",
        "✓ Checked (green): it does what its source does. ⚠ Look first (amber): it works, but differs in "
        "what is named here; measure it before you use it. ✗ Not usable (red): it can be measured, but is "
        "neither talked to nor deployed unless you say why.",
    )


def reasons(receipt: ReceiptItem) -> list[str]:
    """Why it is not green, a sentence each."""
    if receipt.faults:
        return [_sentence(fault_text(receipt, item)) for item in receipt.faults]
    said = [_sentence(breakable(text)) for text in receipt.reasons]
    return said or ([] if receipt.status == "green" else [_no_reasons()])


def fault_text(receipt: ReceiptItem, item: CheckItem) -> str:
    """What a check found, in plain words where it is about what the model says."""
    if item.status != "amber":
        return breakable(item.text)
    if item.name == "behaviour" and receipt.agreement is not None:
        text = QCoreApplication.translate(
            "receipt", "It says something else than its source in {count} of 100 places"
        )
        return text.format(count=_differing(receipt.agreement))
    if item.name == "runtime template":
        return QCoreApplication.translate(
            "receipt", "The program that runs it words a conversation otherwise than its source does"
        )
    return breakable(item.text)


def advice(receipt: ReceiptItem) -> str:
    """What to do about a receipt that is not green."""
    if receipt.status == "green":
        return ""
    if receipt.status == "red":
        if receipt.recipe == "merge":
            return QCoreApplication.translate("receipt", "Merge it again, with other parts or other shares.")
        return QCoreApplication.translate("receipt", "Make it again, or with another recipe.")
    if receipt.is_untaught:
        return QCoreApplication.translate("receipt", "Teach it first: distill into it, or fine-tune it.")
    nearer = nearer_recipes(receipt)
    if not nearer:
        return QCoreApplication.translate("receipt", "Measure it on your test rows before you use it.")
    text = QCoreApplication.translate(
        "receipt", "Measure it on your test rows before you use it, or make it again in {recipes}."
    )
    between = QCoreApplication.translate("receipt", " or ")
    return text.format(recipes=between.join(nearer))


def nearer_recipes(receipt: ReceiptItem) -> tuple[str, ...]:
    """Recipes that would bring it nearer to its source, where it is what it says that differs."""
    differs = any(item.name in ("behaviour", "repetition") for item in receipt.faults)
    if not differs or not receipt.recipe.startswith(("int4", "search")):
        return ()
    return tuple(recipe for recipe in NEAR if recipe != receipt.recipe)


def check_title(name: str) -> str:
    """What a check looks at."""
    adapter = name.removeprefix("adapter ")
    if adapter != name:
        return QCoreApplication.translate("receipt", "Add-on {name}").format(name=adapter)
    titles = {
        "precision": QCoreApplication.translate("receipt", "Bits of its weights"),
        "weights": QCoreApplication.translate("receipt", "Weights"),
        "settings": QCoreApplication.translate("receipt", "Settings"),
        "stop tokens": QCoreApplication.translate("receipt", "Where answers end"),
        "chat template": QCoreApplication.translate("receipt", "Chat template"),
        "runtime template": QCoreApplication.translate("receipt", "Chat template when it runs"),
        "loads": QCoreApplication.translate("receipt", "Loads"),
        "behaviour": QCoreApplication.translate("receipt", "What it says"),
        "repetition": QCoreApplication.translate("receipt", "Ends its answers"),
        "speed": QCoreApplication.translate("receipt", "Speed"),
        "tokenizer": QCoreApplication.translate("receipt", "Tokenizer"),
        "taught": QCoreApplication.translate("receipt", "Has learnt again"),
    }
    return titles.get(name, name.capitalize())


def _differing(agreement: float) -> int:
    """Of a hundred places: those that the receipt's own whole percent leaves."""
    return 100 - round(agreement * 100)


def _no_reasons() -> str:
    return QCoreApplication.translate("receipt", "Its receipt gives no reasons.")


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
