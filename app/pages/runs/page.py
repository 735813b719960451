"""Every run of the workspace in a table; one of them opens on a page of its own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableView,
    QWidget,
)

from app.job_status import kind_word
from app.models import run_table
from app.models.repeat import Repeat
from app.models.sorted_items import SortedItems
from app.pages.runs.recipe_card import RecipeCard
from app.pages.runs.recipe_dialog import RecipeDialog
from app.pages.runs.recipe_view_model import RecipeViewModel
from app.pages.runs.view_model import RunsViewModel
from app.recipe_runner import RecipeRunner
from app.tokens import CONTROL_HEIGHT, SPACE_S
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.empty_state import EmptyState
from app.widgets.error_text import ErrorText
from app.widgets.labels import Label
from app.widgets.page_frame import PageFrame
from core.workspace.records import Run

_ROW_HEIGHT = 40


class RunsPage(PageFrame):
    """Newest first; a double click, Enter or Space opens a run. A recipe at work stands above them."""

    def __init__(
        self, view_model: RunsViewModel, recipes: RecipeRunner, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent=parent)
        self.set_title(
            self.tr("Runs"), self.tr("Everything that ran here, with what it was given and what it made.")
        )
        view_model.setParent(self)
        self._model = view_model
        self._recipes = recipes
        self.recipe_card = RecipeCard()
        self.recipe_card.run_requested.connect(self._on_run_requested)
        self.recipe_card.again_requested.connect(self._on_recipe_again)
        self.recipe_card.close_requested.connect(recipes.put_away)
        self.top.addWidget(self.recipe_card)
        self._sorted = SortedItems(self)
        self._sorted.setSourceModel(view_model.table)
        self._sorted.setSortRole(run_table.SORT_ROLE)
        self.table = self._make_table()
        self.card = Card()
        self.card.add(self._make_filters())
        self.card.add(self.table, 1)
        self.nothing = Label(self.tr("No run fits this search."), "muted")
        self.card.add(self.nothing)
        self._make_actions()
        self.empty = EmptyState(
            "history",
            self.tr("Nothing has run yet"),
            self.tr("Runs appear here as soon as you add data, fine-tune or quantize."),
            self.tr("Go to Home"),
        )
        self.empty.action_requested.connect(self._on_empty_action)
        self.add(self.card, 1)
        self.add(self.empty, 1)
        view_model.changed.connect(self._on_changed)
        view_model.repeat_requested.connect(self._on_repeat_requested)
        view_model.refused.connect(self._on_refused)
        recipes.changed.connect(self._show_recipe)
        view_model.refresh()
        self._show_recipe()

    def _make_filters(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search by name"))
        self.search.setAccessibleName(self.tr("Search by name"))
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumHeight(CONTROL_HEIGHT)
        self.search.textChanged.connect(self._model.set_text)
        self.kind, self.state = QComboBox(), QComboBox()
        self.kind.setAccessibleName(self.tr("Kind of job"))
        self.kind.addItem(self.tr("All jobs"), "")
        self.state.setAccessibleName(self.tr("State"))
        for key, text in (
            ("", self.tr("All states")),
            ("at_work", self.tr("At work or waiting")),
            ("finished", self.tr("Finished or kept")),
            ("broken", self.tr("Failed or ended")),
        ):
            self.state.addItem(text, key)
        for box in (self.kind, self.state):
            box.setMinimumHeight(CONTROL_HEIGHT)
            box.setMinimumWidth(180)
        self.kind.currentIndexChanged.connect(self._on_kind_chosen)
        self.state.currentIndexChanged.connect(self._on_state_chosen)
        row.addWidget(self.search, 1)
        row.addWidget(self.kind)
        row.addWidget(self.state)
        return row

    def _make_actions(self) -> None:
        self.repeat_button = PlainButton(self.tr("Duplicate and change"), "copy")
        self.repeat_button.clicked.connect(self._on_repeat)
        self.compare_button = PlainButton(self.tr("Compare"), "scale")
        self.compare_button.clicked.connect(self._on_compare)
        self.recipe_button = PlainButton(self.tr("Run a recipe…"), "play")
        self.recipe_button.clicked.connect(self._on_choose_recipe)
        for button in (self.repeat_button, self.compare_button, self.recipe_button):
            self.add_action(button)
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self._sorted.modelReset.connect(self._on_selection_changed)
        self._on_selection_changed()

    @property
    def chosen(self) -> list[Run]:
        """The runs whose rows are marked, in the order shown."""
        return [index.data(run_table.RUN_ROLE) for index in self.table.selectionModel().selectedRows()]

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setAccessibleName(self.tr("Runs"))
        table.setProperty("frameless", True)
        table.setModel(self._sorted)
        table.setSortingEnabled(True)
        table.sortByColumn(run_table.STARTED, Qt.SortOrder.DescendingOrder)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(run_table.NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in (
            (run_table.KIND, 160),
            (run_table.STATE, 172),
            (run_table.STARTED, 160),
            (run_table.TOOK, 120),
        ):
            header.resizeSection(column, width)
        table.activated.connect(self._on_activated)
        table.doubleClicked.connect(self._on_activated)
        return table

    def open_with(self, argument: object) -> None:
        """Opens the run whose id is given; the list otherwise."""
        self._model.refresh()
        if isinstance(argument, str):
            self.page_requested.emit("run", argument)

    def _on_changed(self) -> None:
        self.card.setVisible(not self._model.is_empty)
        self.empty.setVisible(self._model.is_empty)
        for button in (self.repeat_button, self.compare_button):
            button.setVisible(not self._model.is_empty)
        self.nothing.setVisible(self._model.table.rowCount() == 0)
        for kind in self._model.kinds:
            if self.kind.findData(kind) < 0:
                self.kind.addItem(kind_word(kind), kind)

    def _on_selection_changed(self, *_changes: object) -> None:
        runs = self.chosen
        self.compare_button.setEnabled(self._model.can_compare(runs))
        self.compare_button.setText(
            self.tr("Compare {count} runs").format(count=len(runs)) if len(runs) > 1 else self.tr("Compare")
        )
        self.compare_button.setToolTip(self.tr("Mark two to eight runs with Ctrl or Shift."))
        self.repeat_button.setEnabled(self._model.can_repeat(runs))
        self.repeat_button.setToolTip(self.tr("Mark one run that fine-tuned, distilled or quantized."))

    def _on_kind_chosen(self, index: int) -> None:
        self._model.set_kind(str(self.kind.itemData(index)))

    def _on_state_chosen(self, index: int) -> None:
        self._model.set_state(str(self.state.itemData(index)))

    def _on_compare(self) -> None:
        self.page_requested.emit("compare_runs", [run.id for run in self.chosen])

    def _on_repeat(self) -> None:
        self._model.repeat(self.chosen[0])

    def _on_repeat_requested(self, repeat: Repeat) -> None:
        self.page_requested.emit(repeat.page, repeat)

    def _on_refused(self, error: ErrorText) -> None:
        self.notice_raised.emit(" ".join(filter(None, (error.what, error.why))), "warn")

    # --- recipes ---

    @Slot()
    def _on_choose_recipe(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("Choose a recipe"), str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(self.tr("Recipes (*.yaml *.yml)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.open_recipe)
        dialog.open()

    @Slot(str)
    def open_recipe(self, file: str, suffix: str = "") -> None:
        """Shows what a recipe would do, with a Start button."""
        RecipeDialog(
            RecipeViewModel(self._model.bridge, self._recipes, Path(file), suffix), self.window()
        ).open()

    @Slot()
    def _on_recipe_again(self) -> None:
        state = self._recipes.state
        if state is not None:
            self.open_recipe(str(state.file), state.suffix)

    @Slot(str)
    def _on_run_requested(self, run_id: str) -> None:
        self.page_requested.emit("run", run_id)

    @Slot()
    def _show_recipe(self) -> None:
        self.recipe_card.show_recipe(self._recipes.state)

    def _on_activated(self, index: QModelIndex) -> None:
        run = index.data(run_table.RUN_ROLE)
        self.page_requested.emit("run", run.id)

    def _on_empty_action(self) -> None:
        self.page_requested.emit("home", None)
