"""The models page: builds, binds and translates; the rules are in the view-model."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from app import receipt_text
from app.dialogs.confirm import ConfirmDialog
from app.dialogs.loss_text import with_loss
from app.formats import count_text, size_text
from app.models.item_table import Column, ItemTableModel
from app.models.library import ModelItem
from app.pages.hub_dialog import HubDialog
from app.pages.hub_view_model import HubViewModel
from app.pages.input_card import format_text, million_text
from app.pages.item_list import ItemList
from app.pages.models.add_card import AddCard
from app.pages.models.details_card import DetailsCard
from app.pages.models.export_dialog import ExportDialog
from app.pages.models.merge_dialog import MergeDialog
from app.pages.models.view_model import ModelsViewModel
from app.pages.open_jobs_card import OpenJobsCard
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.empty_state import EmptyState
from app.widgets.error_panel import ErrorPanel
from app.widgets.error_text import ErrorText
from app.widgets.page_frame import PageFrame
from core.errors import WorkbenchError
from core.workspace.records import Run


class ModelsPage(PageFrame):
    """The list, what can be added, and the details of one model at the side."""

    def __init__(self, view_model: ModelsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        view_model.setParent(self)
        self.view_model = view_model
        self._adding = False
        self.set_title(self.tr("Models"), self.tr("The models you have, and where each one comes from."))
        self.open_button = PlainButton(self.tr("Add a model"), "plus", self)
        self.open_button.clicked.connect(self._on_open_adding)
        self.hub_button = PlainButton(self.tr("From the Hugging Face hub…"), "download", self)
        self.hub_button.clicked.connect(self._on_hub)
        self.add_action(self.hub_button)
        self.add_action(self.open_button)
        self.error_panel = ErrorPanel(parent=self)
        self.error_panel.hide()
        self.top.addWidget(self.error_panel)
        self.jobs_card = OpenJobsCard(self)
        self.add_card = AddCard(view_model, self)
        self.empty = EmptyState(
            "box",
            self.tr("No model yet"),
            self.tr(
                "A model is what learns from your data. Begin with the starter model: small, free to use, "
                "and already on this computer."
            ),
            self.tr("Add the starter model"),
            self.tr("Add another model"),
            self,
        )
        self.table = ItemTableModel(self._list_columns(), self)
        self.list = ItemList(self.tr("Models"), self.table, self)
        self.list_card = Card(parent=self)
        self.list_card.add(self.list)
        for widget in (self.jobs_card, self.add_card, self.list_card):
            self.add(widget)
        self.add(self.empty)
        self.details = DetailsCard(self)
        self.side.addWidget(self.details)
        self._bind()
        view_model.refresh()

    def _list_columns(self) -> list[Column[ModelItem]]:
        return [
            Column(self.tr("Name"), self._name, _plain_name, spoken=_spoken_name),
            Column(self.tr("Kind"), format_text),
            Column(self.tr("Parameters"), _parameters, _parameter_count, is_figure=True),
            Column(self.tr("On disk"), _size, _bytes, is_figure=True),
            Column(self.tr("Context"), _context, _context_length, is_figure=True),
            Column(self.tr("Licence"), _licence),
        ]

    def _bind(self) -> None:
        model = self.view_model
        model.changed.connect(self._show)
        model.failed.connect(self._on_failed)
        model.run_started.connect(self._on_run_started)
        model.removed.connect(self._on_removed)
        model.exports.succeeded.connect(self._on_exported)
        for jobs in (model.jobs, model.downloads, model.merges, model.exports):
            jobs.failed.connect(self._on_run_failed)
        self.list.chosen.connect(model.select)
        self.add_card.close_requested.connect(self._on_close_adding)
        self.empty.action_requested.connect(self._on_add_starter)
        self.empty.second_requested.connect(self._on_open_adding)
        self.jobs_card.run_requested.connect(self._on_run_wanted)
        self.details.page_wanted.connect(self._on_page_wanted)
        self.details.run_wanted.connect(self._on_run_wanted)
        self.details.remove_wanted.connect(self._on_remove)
        self.details.merge_wanted.connect(self._on_merge)
        self.details.export_wanted.connect(self._on_export)

    def open_with(self, argument: object) -> None:
        """Reads the list again; `starter` opens the card for adding it, a model's id shows that model."""
        self.view_model.refresh()
        if argument == "starter":
            self.view_model.choose_source("starter")
            self._adding = True
        elif isinstance(argument, str) and argument:
            self.view_model.select(argument)
        self._show()

    @Slot()
    def _on_hub(self) -> None:
        self.error_panel.hide()
        looking = HubViewModel(self.view_model.bridge, "model")
        looking.queued.connect(self.view_model.follow_download)
        HubDialog(looking, self.window()).open()

    @Slot()
    def _on_open_adding(self) -> None:
        self._adding = True
        self._show()
        self.add_card.sources.setFocus()

    @Slot()
    def _on_close_adding(self) -> None:
        self._adding = False
        self._show()

    @Slot()
    def _on_add_starter(self) -> None:
        self.view_model.choose_source("starter")
        self.view_model.add()

    @Slot(str)
    def _on_run_started(self, _run_id: str) -> None:
        self._adding = False
        self.error_panel.hide()
        self._show()

    @Slot(str)
    def _on_page_wanted(self, page: str) -> None:
        if self.view_model.selected is not None:
            self.page_requested.emit(page, self.view_model.selected.id)

    @Slot(str)
    def _on_run_wanted(self, run_id: str) -> None:
        self.page_requested.emit("run", run_id)

    @Slot()
    def _on_remove(self) -> None:
        item = self.view_model.selected
        if item is None:
            return
        dialog = ConfirmDialog(
            self.tr("Remove “{name}”?").format(name=item.name),
            with_loss(
                self.tr(
                    "Its {size} are deleted from this computer. Its run stays, so that it can be made again."
                ).format(size=size_text(item.bytes)),
                self.view_model.loss(item.id),
            ),
            self.tr("Remove"),
            self.tr("Keep it"),
            parent=self.window(),
        )
        dialog.setObjectName(item.id)
        dialog.confirmed.connect(self._on_remove_confirmed)
        dialog.open()

    @Slot()
    def _on_merge(self) -> None:
        item = self.view_model.selected
        if item is not None:
            dialog = MergeDialog(item, self.view_model.mergeable(), self.window())
            dialog.merge_wanted.connect(self.view_model.merge)
            dialog.open()

    @Slot()
    def _on_export(self) -> None:
        if self.view_model.selected is not None:
            dialog = ExportDialog(self.view_model.selected, self.window())
            dialog.export_wanted.connect(self.view_model.export)
            dialog.open()

    @Slot(str)
    def _on_exported(self, run_id: str) -> None:
        text, is_good = self._export_text(self.view_model.bridge.workspace.store.run(run_id))
        self.notice_raised.emit(text, "good" if is_good else "bad")

    def _export_text(self, run: Run) -> tuple[str, bool]:
        said = run.result or {}
        if said.get("out"):
            text = self.tr("{file} is in {folder}.")
            return text.format(file=said.get("file", run.name), folder=said["out"]), True
        reasons = "; ".join(map(str, said.get("reasons", ())))
        text = self.tr("{name} was not handed out, its receipt is red: {reasons}")
        return text.format(name=run.name, reasons=reasons), False

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
    def _on_run_failed(self, run: Run) -> None:
        self.error_panel.show_error(ErrorText.of_dict(run.error or {"what": run.name}))
        self.error_panel.show()

    def _name(self, item: ModelItem) -> str:
        depth = self.view_model.depths.get(item.id, 0)
        return "\u2003" * (depth - 1) + "└ " * bool(depth) + receipt_text.sign(item.receipt) + item.name

    @Slot()
    def _show(self) -> None:
        model = self.view_model
        has_items, working = bool(model.items), bool(model.open_runs)
        self.jobs_card.show_runs(model.open_runs)
        self.table.set_items(model.items)
        self.list_card.setVisible(has_items)
        self.empty.setVisible(not has_items and not working and not self._adding)
        self.add_card.setVisible(self._adding)
        self.add_card.show_state()
        self.open_button.setVisible(has_items and not self._adding)
        self.hub_button.setVisible(not self._adding)
        self.show_side(model.selected is not None)
        if model.selected is not None:
            self.list.choose(model.selected.id)
            self.details.show_model(model.selected, model.origins(), model.context_before(), model.receipt())


def _plain_name(item: ModelItem) -> str:
    return item.name.casefold()


def _spoken_name(item: ModelItem) -> str:
    return receipt_text.spoken_name(item.name, item.receipt)


def _parameters(item: ModelItem) -> str:
    return million_text(item.parameters) if item.parameters else "–"


def _parameter_count(item: ModelItem) -> int:
    return item.parameters


def _size(item: ModelItem) -> str:
    return size_text(item.bytes)


def _bytes(item: ModelItem) -> int:
    return item.bytes


def _context(item: ModelItem) -> str:
    return count_text(item.context) if item.context else "–"


def _context_length(item: ModelItem) -> int:
    return item.context


def _licence(item: ModelItem) -> str:
    return item.licence or "–"
