"""The cards in which data is added: the file with its columns, and name, test file and button at the side."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.formats import breakable
from app.pages.data.check_card import CheckCard
from app.pages.data.fields import ChoiceField, TextField
from app.pages.data.import_view_model import ImportViewModel
from app.pages.data.row_table import RowTable
from app.pages.data.task_text import task_choices, task_text
from app.pages.name_field import NameField
from app.pages.path_field import PathField
from app.widgets.buttons import LinkButton, PlainButton, PrimaryButton
from app.widgets.card import Card
from app.widgets.labels import Label
from core.data import tasks

FILES = "*.csv *.tsv *.json *.jsonl *.ndjson *.xlsx *.parquet *.txt *.md"


class FileCard(Card):
    """The first rows as written, and what each column is."""

    another_requested = Signal()

    def __init__(self, model: ImportViewModel, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self._model = model
        self.another_button = PlainButton(self.tr("Another file"), parent=self)
        self.another_button.clicked.connect(self.another_requested)
        self.add_action(self.another_button)
        self.rows = RowTable(self.tr("First rows of the file"), with_pickers=True, parent=self)
        self.rows.role_chosen.connect(model.set_role)
        self.hint = Label("", "note", wrap=True)
        self.add(self.rows)
        self.add(self.hint)

    def show_state(self) -> None:
        """Shows the file as it is understood now."""
        model = self._model
        self.set_title(breakable(model.path.name) if model.path else "")
        self.title_label.setWordWrap(True)
        self.set_note(
            self.tr("Reading the first rows.")
            if model.is_reading
            else self.tr("Say below each heading what the column is.")
        )
        self.rows.setVisible(model.preview is not None)
        self.rows.show_preview(model.preview)
        self.rows.show_roles(model.roles)
        self.hint.setVisible(model.preview is not None and not model.has_task)
        self.hint.setText(
            self.tr("One column is the question or text, and one other is the label or the answer to learn.")
        )


class ImportCard(Card):
    """Name, test file, and the one button."""

    close_requested = Signal()

    def __init__(self, model: ImportViewModel, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self._model = model
        self.set_title(self.tr("Add data"))
        self.name = NameField(self.tr("Name"), self)
        self.name.edited.connect(model.set_name)
        self.task = ChoiceField(self.tr("What it teaches"), self)
        self.task.set_choices([("auto", self.tr("Guess from the rows")), *task_choices()])
        self.task.chosen.connect(model.set_task)
        self.instruction = TextField(self.tr("Line before every question (if you want one)"), self)
        self.instruction.edited.connect(model.set_instruction)
        self.test = PathField(self.tr("Test file (if you have one)"), self)
        self.test.ask_for(
            self.tr("Test file (if you have one)"),
            folders=False,
            filter=self.tr("Data files ({files})").format(files=FILES),
        )
        self.test.path_changed.connect(model.set_test_file)
        self.note = Label("", "note", wrap=True)
        self.add_button = PrimaryButton(self.tr("Add data"), parent=self)
        self.add_button.clicked.connect(model.add)
        self.cancel_button = LinkButton(self.tr("Cancel"), parent=self)
        self.cancel_button.clicked.connect(self.close_requested)
        fields = (self.name, self.task, self.instruction, self.test)
        for widget in (*fields, self.note, self.add_button, self.cancel_button):
            self.add(widget)

    def show_state(self) -> None:
        """Shows the names and what blocks the button."""
        model = self._model
        blocker = model.blocker
        self.name.show_name(model.name, blocker)
        self.task.choose(model.task)
        found = model.checked.report.task if model.checked is not None else None
        self.task.set_note(task_text(found) if found else "")
        self.instruction.setVisible(model.takes_instruction)
        self.instruction.show_text(model.instruction, tasks.INSTRUCTIONS.get(found, "") if found else "")
        missing = self.tr("There is no such file.") if blocker == "test_missing" else ""
        self.test.show_path(str(model.test_path) if model.test_path else "", missing)
        self.test.setVisible(not model.is_open or model.test_path is not None)
        self.note.setText(
            self.tr("All of them are kept for a teacher: on the page Generate it writes the answers.")
            if model.is_open
            else self.tr(
                "A tenth of the rows is watched while learning. The test file is kept for the final figure."
            )
            if model.test_path
            else self.tr(
                "A tenth of the rows is watched while learning, another tenth kept for the final figure."
            )
        )
        self.add_button.block(
            {
                "": "",
                "file": self.tr("Choose a file first"),
                "reading": self.tr("Reading the file"),
                "roles": self.tr("Say what the columns are first"),
                "checking": self.tr("Checking the file"),
                "refused": self.tr("Correct the file first"),
                "test_missing": self.tr("Choose the test file again"),
                "name": self.tr("Choose another name first"),
                "name_taken": self.tr("Choose a free name first"),
            }[blocker]
        )


def show_check(card: CheckCard, model: ImportViewModel) -> None:
    """Shows the check of the file that is being added."""
    card.setVisible(model.preview is not None)
    if model.checked is not None:
        card.show_report(model.checked.report)
    elif model.is_checking:
        card.show_progress(model.fraction)
    else:
        card.show_waiting(card.tr("It begins when the columns are clear."))
