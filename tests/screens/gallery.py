"""Every general widget on one page, to look at: `python tests/screens/gallery.py OUT_FOLDER [--rtl]`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout

from app.application import Application
from app.dialogs.confirm import ConfirmDialog
from app.settings import SettingsFile
from app.theme import theme
from app.widgets.buttons import IconButton, LinkButton, PlainButton, PrimaryButton
from app.widgets.card import Card, Facts
from app.widgets.choice_cards import Choice, ChoiceCards
from app.widgets.error_panel import ErrorPanel
from app.widgets.error_text import ErrorText
from app.widgets.labels import Label, Line
from app.widgets.meter import MemoryBar, Segment
from app.widgets.notice import Notice
from app.widgets.page_frame import PageFrame
from app.widgets.pill import Pill
from app.widgets.spec_form import SpecForm
from app.widgets.steps import SegmentedSteps
from app.widgets.token_text import TextPart, TokenText
from core.specs import FinetuneSpec


def _method_card() -> Card:
    card = Card("How should it learn?")
    cards = ChoiceCards("Method")
    cards.set_choices(
        [
            Choice("lora", "LoRA", "Learns a small add-on. Fast, easy to undo.", "Recommended"),
            Choice("full", "Full", "Changes every weight. Best result when there is much data."),
            Choice("qlora", "QLoRA", "", blocked="Needs a GPU here. Not faster on this processor."),
        ],
        "lora",
    )
    card.add(cards)
    shown, advanced = ["epochs", "precision", "checkpoint_every"], ["learning_rate", "batch_size"]
    form = SpecForm(FinetuneSpec, shown, advanced)
    form.show_advanced(True)
    form.set_values({"batch_size": 0})
    card.add(form)
    return card


def _preview() -> Card:
    card = Card("Run preview")
    card.add_action(Pill("It fits", "good"))
    card.add(Label("Memory at its highest: 3.3 of 19.6 GB free"))
    bar = MemoryBar("Memory at its highest")
    sizes = (("Model", 10, 0), ("Adapter", 3, 2), ("Activations", 9, 4), ("Rest", 3, 3))
    bar.set_segments([Segment(*item) for item in sizes], 130)
    card.add(bar)
    card.add(Line())
    facts = Facts()
    facts.set_fact("Time", "about 4 min 10 s")
    facts.set_fact("Disk", "52 MB of 78 GB")
    card.add(facts)
    card.add(Label("Measured a moment ago: two steps on the longest rows.", "note", wrap=True))
    card.add(PrimaryButton("Start fine-tuning"))
    blocked = PrimaryButton("Start")
    blocked.block("Choose data first")
    card.add(blocked)
    row = QHBoxLayout()
    row.addWidget(LinkButton("Show command"))
    row.addStretch(1)
    row.addWidget(LinkButton("Save as recipe"))
    card.add(row)
    return card


def page() -> PageFrame:
    """All widgets."""
    frame = PageFrame("Fine-tune", "Teach a model your task from examples.")
    frame.add_action(PlainButton("Chat with two", "message-circle"))
    frame.add_action(IconButton("More", "ellipsis"))
    steps = SegmentedSteps(["Model", "Data", "Method", "Check and run"])
    steps.set_state(2, 2)
    frame.top.addWidget(steps)
    data = Card("Data", "Banking questions · 1,350 rows to learn from, 150 to watch · 77 labels")
    data.add_action(Pill("12 near-duplicates", "warn"))
    data.add_action(PlainButton("Change"))
    frame.add(data)
    frame.add(_method_card())
    sees = Card("What the model sees")
    text = TokenText("What the model sees")
    text.set_parts(
        [
            TextPart("<|im_start|>user\n", marker=True),
            TextPart("I am still waiting on my card?"),
            TextPart("<|im_end|>\n<|im_start|>assistant\n", marker=True),
            TextPart("card arrival", learnt=True),
        ]
    )
    sees.add(text)
    frame.add(sees)
    error = ErrorText("The file cannot be read.", "Line 7 ends too early.", "Save it again as CSV.", "trace")
    frame.add(ErrorPanel(error, action="Choose another file"))
    notice = Notice()
    notice.show_message("“Banking questions” is ready.", word="Done", tone="good", action="Open")
    frame.add(notice)
    frame.add_side(_preview())
    return frame


def main(out: Path, rtl: bool) -> None:
    """Writes `gallery-<theme>.png` and `confirm-<theme>.png`."""
    out.mkdir(parents=True, exist_ok=True)
    app = Application(sys.argv[:1], SettingsFile(out / "none.json"))
    if rtl:
        app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    suffix = "-rtl" if rtl else ""
    for name in ("light", "dark"):
        theme().apply(name)
        frame = page()
        frame.resize(1240, 1180)
        frame.show()
        QTest.qWait(100)
        frame.grab().save(str(out / f"gallery-{name}{suffix}.png"))
        dialog = ConfirmDialog(
            "Cancel “Banking questions”?",
            "It ends now. What it saved until here stays.",
            "Cancel the run",
            "Let it run",
            "Stop and keep",
            frame,
        )
        dialog.open()
        QTest.qWait(100)
        dialog.grab().save(str(out / f"confirm-{name}{suffix}.png"))
        dialog.reject()
        frame.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--rtl", action="store_true")
    given = parser.parse_args()
    main(given.out, given.rtl)
