"""The compare page: builds, binds and translates; the rules are in the view-model."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QHBoxLayout, QWidget

from app.formats import breakable, count_text, short_name
from app.pages.compare import verdict_words, words
from app.pages.compare.exporting import ExportButton
from app.pages.compare.limits_card import LimitsCard
from app.pages.compare.picture_card import PictureCard
from app.pages.compare.rows_card import RowsCard
from app.pages.compare.variant_table import Marks, VariantsCard
from app.pages.compare.verdict_card import VerdictCard
from app.pages.compare.view_model import CompareViewModel
from app.pages.deploy.receipt import Verdict as Receipt
from app.tokens import CONTROL_HEIGHT, SPACE_L, SPACE_M
from app.widgets.buttons import PlainButton
from app.widgets.card import Card
from app.widgets.empty_state import EmptyState
from app.widgets.error_panel import ErrorPanel
from app.widgets.error_text import ErrorText
from app.widgets.labels import Label
from app.widgets.page_frame import PageFrame
from core.models.board import axes
from core.models.board.board import Board

_AFTER_PAINT_MS = 30
_SIDE_BY_SIDE = 1200  # with less room the picture stands below the table


class ComparePage(PageFrame):
    """Which variant to take, what it must keep to, the table, the picture, and the rows behind them."""

    def __init__(self, view_model: CompareViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        view_model.setParent(self)
        self.view_model = view_model
        self.set_title(self.tr("Compare"), self.tr("Reading what was measured …"))
        self.subject_box = QComboBox(self)
        self.subject_box.setAccessibleName(self.tr("What is compared"))
        self.subject_box.setMinimumHeight(CONTROL_HEIGHT)
        self.subject_box.setMaximumWidth(320)
        self.subject_box.hide()
        self.add_action(self.subject_box)
        self.chat_button = PlainButton(self.tr("Chat with two"), "message-circle", self)
        self.chat_button.hide()
        self.add_action(self.chat_button)
        self.export_button = ExportButton(self)
        self.export_button.hide()
        self.add_action(self.export_button)
        self.error_panel = ErrorPanel(parent=self)
        self.error_panel.hide()
        self.top.addWidget(self.error_panel)
        self._build()
        self._bind()

    def _build(self) -> None:
        self.verdict_card = VerdictCard(self)
        self.limits_card = LimitsCard(self)
        self.table_card = VariantsCard(self)
        self.picture_card = PictureCard(self)
        self._columns_box = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns_box.setSpacing(SPACE_L)
        self._columns_box.addWidget(self.table_card, 8)
        self._columns_box.addWidget(self.picture_card, 5)
        self.notes_card = Card(parent=self)
        self.notes = Label("", "muted", wrap=True)
        self.missing = Label("", wrap=True)
        self.measure_button = PlainButton(self.tr("Measure what is missing"), parent=self)
        row = QHBoxLayout()
        row.setSpacing(SPACE_M)
        row.addWidget(self.missing, 1)
        row.addWidget(self.measure_button)
        self.notes_card.add(self.notes)
        self.notes_card.add(row)
        self.rows_card = RowsCard(self)
        self.empty = EmptyState(
            "scale",
            self.tr("Nothing was measured yet"),
            self.tr(
                "Here the variants of a model stand side by side: how often each is right on your own test "
                "rows, how fast it answers, what it needs. Set limits, and see which one to take."
            ),
            self.tr("Measure models"),
            parent=self,
        )
        for item in (self.verdict_card, self.limits_card, self._columns_box, self.notes_card):
            self.add(item)
        self.add(self.rows_card)
        self.add(self.empty, 1)
        self._show_parts(None)
        self.empty.hide()

    def _bind(self) -> None:
        model = self.view_model
        model.board_changed.connect(self._on_board_changed)
        model.filtered.connect(self._on_filtered)
        model.rows_changed.connect(self._on_rows_changed)
        model.failed.connect(self._on_failed)
        model.exported.connect(self._on_exported)
        model.not_exported.connect(self._on_not_exported)
        self.chat_button.clicked.connect(self._on_chat)
        self.export_button.file_chosen.connect(self._on_file_chosen)
        self.subject_box.activated.connect(model.choose_subject)
        self.verdict_card.deploy_requested.connect(self._on_deploy)
        self.verdict_card.back_requested.connect(self._on_back)
        self.limits_card.limit_changed.connect(model.set_limit)
        self.table_card.chosen.connect(model.choose)
        self.picture_card.chosen.connect(model.choose)
        self.picture_card.axes_chosen.connect(model.set_axes)
        self.measure_button.clicked.connect(self._on_measure_missing)
        self.empty.action_requested.connect(self._on_begin)

    def open_with(self, argument: object) -> None:
        """Reads the evaluations again; an id shows that report's board, or that model's."""
        self.view_model.open(argument if isinstance(argument, str) else "")
        QTimer.singleShot(_AFTER_PAINT_MS, self.picture_card.make_plot)

    def showEvent(self, event: QShowEvent) -> None:
        """What is measured while the page is shown appears by itself."""
        super().showEvent(event)
        self.view_model.is_shown = True

    def hideEvent(self, event: QHideEvent) -> None:
        """A hidden page reads nothing; it does when it is shown again."""
        super().hideEvent(event)
        self.view_model.is_shown = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Puts the picture below the table where both have no room side by side."""
        super().resizeEvent(event)
        beside = self.width() >= _SIDE_BY_SIDE
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        self._columns_box.setDirection(way)

    # --- what is shown ---

    @Slot()
    def _on_board_changed(self) -> None:
        model = self.view_model
        self.error_panel.hide()
        self._show_parts(model.board)
        self._show_subjects()
        if model.board is None:
            self.set_title(self.tr("Compare"), self.tr("The variants of a model, side by side."))
            if not model.has_models:
                self.empty.action_button.set_ready_text(self.tr("Begin with the starter model"))
            else:
                self.empty.action_button.set_ready_text(self.tr("Measure models"))
            return
        self.set_title(self.tr("Compare"), self._subtitle(model.board))
        self.limits_card.show_board(model.board, model.limits)
        self.picture_card.show_board(model)
        self.table_card.show_board(model.board)
        self._show_notes(model.board)

    def _show_parts(self, board: Board | None) -> None:
        parts = (self.verdict_card, self.limits_card, self.table_card, self.picture_card)
        for part in (*parts, self.notes_card, self.rows_card):
            part.setVisible(board is not None)
        self.empty.setVisible(board is None)
        self.export_button.setVisible(board is not None)
        self.chat_button.setVisible(board is not None and len(board.variants) > 1)
        if board is not None:
            self.export_button.set_name(f"{board.subject.data_name}-comparison")

    def _show_subjects(self) -> None:
        model = self.view_model
        self.subject_box.clear()
        for subject in model.subjects:
            split = self.tr("test rows") if subject.split == "test" else self.tr("validation rows")
            whose = short_name(subject.family_name, 24) or self.tr("all models")
            self.subject_box.addItem(f"{short_name(subject.data_name, 24)}, {split} · {whose}")
        if model.subject is not None and model.subject in model.subjects:
            self.subject_box.setCurrentIndex(model.subjects.index(model.subject))
        self.subject_box.setVisible(len(model.subjects) > 1)

    def _subtitle(self, board: Board) -> str:
        name = short_name(board.subject.data_name)
        split = self.tr("test") if board.subject.split == "test" else self.tr("validation")
        if len(board.variants) == 1:
            text = self.tr("A single variant on {rows} {split} rows of “{name}”.")
        elif board.same_rows and board.same_machine:
            text = self.tr("{variants} variants on the same {rows} {split} rows of “{name}”.")
        else:
            text = self.tr("{variants} variants on {rows} {split} rows of “{name}”; see the notes below.")
        return text.format(
            variants=count_text(len(board.variants)), rows=count_text(len(board.rows)), split=split, name=name
        )

    def _show_notes(self, board: Board) -> None:
        said = words.notes(board)
        self.notes.setText(breakable("\n".join(said)))
        self.notes.setVisible(bool(said))
        lacking = self.view_model.lacking
        self.missing.setText(breakable(words.lacking_text(board, lacking)))
        self.missing.setVisible(bool(lacking.models))
        self.measure_button.setVisible(bool(lacking.models))
        self.notes_card.setVisible(bool(said or board.missing))

    @Slot()
    def _on_filtered(self) -> None:
        model, board = self.view_model, self.view_model.board
        if board is None:
            return
        focus = model.focus
        receipt = model.receipt(focus) if focus is not None else Receipt()
        can_go_back = model.chosen is not None and model.chosen is not model.recommended
        self.verdict_card.show_verdict(
            board,
            model.verdict,
            model.limits,
            receipt,
            can_go_back=can_go_back and model.recommended is not None,
        )
        out = {item.id: verdict_words.limit_words(found) for item in board.variants
               if (found := axes.broken(board, item, model.limits))}  # fmt: skip
        recommended = model.recommended.id if model.recommended is not None else ""
        self.table_card.show_marks(Marks(recommended, out), focus.id if focus is not None else "")
        self.picture_card.show_state(model)

    @Slot()
    def _on_rows_changed(self) -> None:
        model = self.view_model
        self.rows_card.show_rows(model.board, model.focus, model.rows)

    @Slot(object)
    def _on_failed(self, error: ErrorText) -> None:
        self.set_title(self.tr("Compare"), "")
        self.error_panel.show_error(error)
        self.error_panel.show()

    # --- where it leads ---

    @Slot(str)
    def _on_deploy(self, variant_id: str) -> None:
        self.page_requested.emit("deploy", variant_id)

    @Slot()
    def _on_chat(self) -> None:
        pair = self.view_model.pair
        if pair is not None:
            self.page_requested.emit("blind_chat", [item.id for item in pair])

    @Slot(str)
    def _on_file_chosen(self, path: str) -> None:
        board, card = self.view_model.board, self.verdict_card
        if board is not None:
            said = [self._subtitle(board), card.title_label.text(), card.note_label.text()]
            said += [self.limits_card.said()]
            self.view_model.export(Path(path), self.picture_card.png("\n".join(filter(None, said))))

    @Slot(str)
    def _on_exported(self, path: str) -> None:
        self.notice_raised.emit(self.tr("Wrote {path}.").format(path=path), "good")

    @Slot(object)
    def _on_not_exported(self, error: ErrorText) -> None:
        self.notice_raised.emit(error.line, "bad")

    @Slot()
    def _on_back(self) -> None:
        self.view_model.choose("")

    @Slot()
    def _on_measure_missing(self) -> None:
        board = self.view_model.board
        if board is not None:
            self.page_requested.emit("evaluate", [*self.view_model.lacking.models, board.subject.data])

    @Slot()
    def _on_begin(self) -> None:
        if self.view_model.has_models:
            self.page_requested.emit("evaluate", None)
        else:
            self.page_requested.emit("models", "starter")
