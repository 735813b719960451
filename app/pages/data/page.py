"""The data page: builds, binds and translates; the rules are in the view-models."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from app.dialogs.confirm import ConfirmDialog
from app.dialogs.loss_text import with_loss
from app.pages.data.check_card import CheckCard
from app.pages.data.details_card import DetailsCard
from app.pages.data.edit_dialog import EditDialog
from app.pages.data.edit_view_model import EditViewModel
from app.pages.data.import_cards import FILES, FileCard, ImportCard, show_check
from app.pages.data.import_view_model import ImportViewModel
from app.pages.data.list_card import ListCard
from app.pages.data.quality_card import QualityCard
from app.pages.data.quality_view_model import QualityViewModel
from app.pages.data.row_table import RowTable
from app.pages.data.tokens_card import TokensCard
from app.pages.data.vary_dialog import VaryDialog
from app.pages.data.view_model import DataViewModel
from app.pages.hub_dialog import HubDialog
from app.pages.hub_view_model import HubViewModel
from app.pages.open_jobs_card import OpenJobsCard
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.empty_state import EmptyState
from app.widgets.error_panel import ErrorPanel
from app.widgets.error_text import ErrorText
from app.widgets.page_frame import PageFrame
from core.errors import WorkbenchError
from core.specs.data import QUESTIONS
from core.workspace.records import Run


class DataPage(PageFrame):
    """Either the library of data sets, or a file that is being added; a dropped file begins the latter."""

    def __init__(
        self, view_model: DataViewModel, importing: ImportViewModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent=parent)
        view_model.setParent(self)
        importing.setParent(self)
        self.view_model, self.importing = view_model, importing
        self.setAcceptDrops(True)
        self.set_title(
            self.tr("Data"), self.tr("The examples a model learns from. They stay on this computer.")
        )
        self.open_button = PlainButton(self.tr("Add data"), "plus", self)
        self.open_button.clicked.connect(self.choose_file)
        self.starter_button = PlainButton(self.tr("Use the starter data"), parent=self)
        self.starter_button.clicked.connect(self._on_starter)
        self.hub_button = PlainButton(self.tr("From the Hugging Face hub…"), "download", self)
        self.hub_button.clicked.connect(self._on_hub)
        for button in (self.starter_button, self.hub_button, self.open_button):
            self.add_action(button)
        self._build()
        self._bind()
        view_model.refresh()

    def _build(self) -> None:
        self.error_panel = ErrorPanel(parent=self)
        self.error_panel.hide()
        self.top.addWidget(self.error_panel)
        self.jobs_card = OpenJobsCard(self)
        self.file_card = FileCard(self.importing, self)
        self.list_card = ListCard(self)
        self.list = self.list_card.list
        self.rows_card = Card(self.tr("First rows to learn from"), parent=self)
        self.rows = RowTable(self.tr("First rows to learn from"), with_pickers=False, parent=self)
        self.rows_card.add(self.rows)
        self.edit_button = PlainButton(self.tr("Read and edit rows…"), "pencil", self)
        self.edit_button.clicked.connect(self._on_edit)
        self.rows_card.add_action(self.edit_button)
        self.tokens_card = TokensCard(self.view_model, self)
        self.check_card = CheckCard(self)
        self.quality = QualityViewModel(self.view_model.bridge, self)
        self.quality_card = QualityCard(self.quality, self)
        self.empty = EmptyState(
            "database",
            self.tr("No data yet"),
            self.tr(
                "Drop a file here: a spreadsheet or text file with one example a row, the question in one "
                "column and the answer or label in another. Or begin with the starter data."
            ),
            self.tr("Use the starter data"),
            self.tr("Choose a file"),
            self,
        )
        for widget in (
            self.jobs_card,
            self.file_card,
            self.list_card,
            self.quality_card,
            self.rows_card,
            self.tokens_card,
            self.check_card,
            self.empty,
        ):
            self.add(widget)
        self.import_card = ImportCard(self.importing, self)
        self.details = DetailsCard(self)
        self.side.addWidget(self.import_card)
        self.side.addWidget(self.details)

    def _bind(self) -> None:
        model, importing = self.view_model, self.importing
        model.changed.connect(self._show)
        model.failed.connect(self._on_failed)
        model.removed.connect(self._on_removed)
        importing.changed.connect(self._show)
        importing.progress_changed.connect(self._show_progress)
        importing.failed.connect(self._on_failed)
        importing.run_started.connect(self._on_run_started)
        importing.jobs.failed.connect(self._on_run_failed)
        importing.jobs.changed.connect(self._show)
        self.quality.failed.connect(self._on_quality_failed)
        self.quality.made.connect(model.select)
        self.list.chosen.connect(model.select)
        self.file_card.another_requested.connect(self.choose_file)
        self.import_card.close_requested.connect(self._on_close)
        self.empty.action_requested.connect(self._on_starter)
        self.empty.second_requested.connect(self.choose_file)
        self.jobs_card.run_requested.connect(self._on_run_wanted)
        self.details.run_wanted.connect(self._on_run_wanted)
        self.details.finetune_wanted.connect(self._on_finetune)
        self.details.generate_wanted.connect(self._on_generate)
        self.details.vary_wanted.connect(self._on_vary)
        self.details.remove_wanted.connect(self._on_remove)
        model.edits.succeeded.connect(model.select_made)
        for jobs in (model.varying, model.downloads, model.edits):
            jobs.failed.connect(self._on_run_failed)
            jobs.changed.connect(self._show)

    def open_with(self, argument: object) -> None:
        """Reads the list again; `starter` opens the starter data, a data set's id shows that one."""
        self.view_model.refresh()
        if argument == "starter":
            self._on_starter()
        elif isinstance(argument, str) and argument:
            self.view_model.select(argument)

    @Slot()
    def choose_file(self) -> None:
        """Opens the system's dialog without waiting for it."""
        dialog = QFileDialog(self.window(), self.tr("Choose a file with examples"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(self.tr("Data files ({files})").format(files=FILES))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._open)
        dialog.open()

    @Slot()
    def _on_hub(self) -> None:
        self.error_panel.hide()
        looking = HubViewModel(self.view_model.bridge, "dataset")
        looking.queued.connect(self.view_model.follow_download)
        HubDialog(looking, self.window()).open()

    @Slot()
    def _on_starter(self) -> None:
        self.error_panel.hide()
        self.importing.open_starter()

    @Slot(str)
    def _open(self, path: str) -> None:
        self.error_panel.hide()
        self.importing.open_file(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes one local file."""
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Begins to add the dropped file."""
        event.acceptProposedAction()
        self._open(event.mimeData().urls()[0].toLocalFile())

    @Slot()
    def _on_close(self) -> None:
        self.error_panel.hide()
        self.importing.open_file("")

    @Slot(str)
    def _on_run_started(self, _run_id: str) -> None:
        self.error_panel.hide()

    @Slot(str)
    def _on_run_wanted(self, run_id: str) -> None:
        self.page_requested.emit("run", run_id)

    @Slot()
    def _on_finetune(self) -> None:
        if self.view_model.selected is not None:
            self.page_requested.emit("finetune", self.view_model.selected.id)

    @Slot()
    def _on_generate(self) -> None:
        if self.view_model.selected is not None:
            self.page_requested.emit("generate", self.view_model.selected.id)

    @Slot()
    def _on_vary(self) -> None:
        item = self.view_model.selected
        if item is None:
            return
        dialog = VaryDialog(item.name, self.view_model.models(), self.window())
        dialog.setObjectName(item.id)
        dialog.confirmed.connect(self._on_vary_confirmed)
        dialog.open()

    @Slot(float, str)
    def _on_vary_confirmed(self, typos: float, model: str) -> None:
        self.view_model.vary(self.sender().objectName(), typos, model)

    @Slot()
    def _on_edit(self) -> None:
        item = self.view_model.selected
        if item is not None:
            editing = EditViewModel(self.view_model.bridge, item)
            editing.queued.connect(self.view_model.follow_edit)
            EditDialog(editing, self.window()).open()

    @Slot()
    def _on_remove(self) -> None:
        item = self.view_model.selected
        if item is None:
            return
        loss = self.view_model.loss(item.id)
        deleted = (
            self.tr("It is deleted.")
            if loss.is_only
            else self.tr("The copy in this workspace is deleted. Your own file stays where it is.")
        )
        dialog = ConfirmDialog(
            self.tr("Remove “{name}”?").format(name=item.name),
            with_loss(deleted, loss),
            self.tr("Remove"),
            self.tr("Keep it"),
            parent=self.window(),
        )
        dialog.setObjectName(item.id)
        dialog.confirmed.connect(self._on_remove_confirmed)
        dialog.open()

    @Slot()
    def _on_remove_confirmed(self) -> None:
        self.view_model.remove(self.sender().objectName())

    @Slot(str)
    def _on_removed(self, name: str) -> None:
        self.error_panel.hide()
        self.notice_raised.emit(self.tr("{name} was removed.").format(name=name), "good")

    @Slot(object)
    def _on_failed(self, error: WorkbenchError) -> None:
        self.error_panel.show_error(ErrorText.of(error))
        self.error_panel.show()

    @Slot(object)
    def _on_quality_failed(self, problem: WorkbenchError | Run) -> None:
        (self._on_run_failed if isinstance(problem, Run) else self._on_failed)(problem)

    @Slot(object)
    def _on_run_failed(self, run: Run) -> None:
        self.error_panel.show_error(ErrorText.of_dict(run.error or {"what": run.name}))
        self.error_panel.show()

    @Slot()
    def _show_progress(self) -> None:
        if self.importing.path is not None:
            show_check(self.check_card, self.importing)

    @Slot()
    def _show(self) -> None:
        model, importing = self.view_model, self.importing
        adding = importing.path is not None
        runs = [*importing.jobs.open_runs, *model.downloads.open_runs, *model.varying.open_runs]
        runs += model.edits.open_runs
        self.jobs_card.show_runs(runs)
        self.list_card.show_items(model.items)
        has_items = bool(model.items)
        self.empty.setVisible(not adding and not has_items and not runs)
        self.starter_button.setVisible(not adding and has_items)
        self.hub_button.setVisible(not adding)
        self.open_button.setVisible(not adding and has_items)
        self.file_card.setVisible(adding)
        self.list_card.setVisible(not adding and has_items)
        self.import_card.setVisible(adding)
        self.details.setVisible(not adding)
        self.show_side(adding or has_items)
        self.rows_card.setVisible(not adding and model.opened is not None)
        self.quality_card.setVisible(not adding and model.opened is not None)
        learnt = model.opened is not None and model.opened.info.task != QUESTIONS
        self.rows_card.set_title(
            self.tr("First rows to learn from") if learnt else self.tr("First questions for a teacher")
        )
        self.tokens_card.setVisible(not adding and learnt)
        self.tokens_card.show_state()
        self.quality.show_item(model.selected)
        self.quality_card.show_state()
        if adding:
            self.file_card.show_state()
            self.import_card.show_state()
            show_check(self.check_card, importing)
            return
        self.check_card.setVisible(model.opened is not None)
        if model.selected is not None:
            self.list.choose(model.selected.id)
            self.details.show_data(model.selected, model.origins())
        if model.opened is not None:
            self.rows.show_preview(model.opened.preview)
            self.check_card.show_report(model.opened.info.check)
