"""Assembles the window: sidebar, pages made when first shown, notice, job bar."""

from __future__ import annotations

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from app.closing import Closing
from app.context import Context
from app.job_status import JobStatusSource, kind_word, state_tone, state_word
from app.pages import FOOT, PAGES, PageRecord, section_text
from app.recipe_runner import RecipeState
from app.tokens import SPACE_S, SPACE_XXL
from app.widgets.job_bar import JobBar
from app.widgets.labels import VerticalLine
from app.widgets.notice import Notice
from app.widgets.page_frame import PageFrame
from app.widgets.pill import Tone
from app.widgets.sidebar import Sidebar
from core.errors import InputError
from core.workspace.records import Run


class MainWindow(QMainWindow):
    """Holds no rules: pages ask for pages by signal, the job bar for runs."""

    def __init__(self, context: Context, pages: tuple[PageRecord, ...] = PAGES) -> None:
        super().__init__()
        self.setWindowTitle("SLM Workbench")
        self.setMinimumSize(1100, 700)
        self.resize(1440, 900)
        self._context = context
        self._records = {record.key: record for record in pages}
        self._pages: dict[str, PageFrame] = {}
        self._closing = Closing(self, context.bridge)
        self.sidebar = Sidebar("SLM Workbench")
        self._fill_sidebar(pages)
        self.stack = QStackedWidget()
        self.notice = Notice()
        self.job_bar = JobBar()
        self._status = JobStatusSource(context.bridge, self)
        self._assemble()
        self._connect()
        self._restore()

    def _fill_sidebar(self, pages: tuple[PageRecord, ...]) -> None:
        section = ""
        for record in pages:
            if record.parent:
                continue
            if record.section not in (section, FOOT):
                section = record.section
                self.sidebar.add_section(section_text(section))
            self.sidebar.add_page(record.key, record.title_text, record.icon, at_foot=record.section == FOOT)

    def _assemble(self) -> None:
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.sidebar)
        row.addWidget(VerticalLine())
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(self.stack, 1)
        notice_row = QHBoxLayout()
        notice_row.setContentsMargins(SPACE_XXL, 0, SPACE_XXL, SPACE_S)
        notice_row.addWidget(self.notice)
        column.addLayout(notice_row)
        column.addWidget(self.job_bar)
        row.addLayout(column, 1)
        self.setCentralWidget(centre)

    def _connect(self) -> None:
        bridge = self._context.bridge
        self.sidebar.page_requested.connect(self.show_page)
        self.job_bar.stop_requested.connect(self._on_stop_requested)
        self.job_bar.run_requested.connect(self._on_run_requested)
        bridge.memory_sampled.connect(self.job_bar.set_memory)
        bridge.library_changed.connect(self._refresh_states)
        bridge.run_changed.connect(self._refresh_states)
        self._status.status_changed.connect(self.job_bar.show_job)
        self._status.idle.connect(self.job_bar.show_idle)
        self._status.run_ended.connect(self._on_run_ended)
        self._context.recipes.ended.connect(self._on_recipe_ended)
        for number, key in enumerate(self.sidebar.keys[:9], 1):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number}"), self)
            shortcut.setObjectName(key)
            shortcut.activated.connect(self._on_shortcut)

    def _restore(self) -> None:
        values = self._context.settings.values
        if values.geometry:
            self.restoreGeometry(QByteArray.fromBase64(values.geometry.encode()))
        last = self._records.get(values.last_page)
        self.show_page(values.last_page if last is not None and not last.parent else "home")
        self._refresh_states()

    def show_page(self, key: str, argument: object = None) -> None:
        """Shows a page, made now if it was never shown.

        Args:
            key: A record's key; unknown ones are ignored, so that a page may name one that comes later.
            argument: Handed to the page, for example a run's id.
        """
        key = self._own_page(key, argument)
        if key not in self._records:
            return
        page = self._pages.get(key)
        if page is None:
            page = self._records[key].make(self._context)
            page.page_requested.connect(self.show_page)
            page.notice_raised.connect(self._on_notice_raised)
            self._pages[key] = page
            self.stack.addWidget(page)
        self.sidebar.select(self._records[key].parent or key)
        self.stack.setCurrentWidget(page)
        page.open_with(argument)

    def _own_page(self, key: str, argument: object) -> str:
        """Some kinds of run have a page of their own; a run's id begins with its kind."""
        if key != "run" or not isinstance(argument, str):
            return key
        kind = argument.rpartition("-")[0].replace("-", "_")
        own = (record.key for record in self._records.values() if kind and record.run_kind == kind)
        return next(own, key)

    @property
    def current_page(self) -> PageFrame:
        """The page that is shown."""
        page = self.stack.currentWidget()
        assert isinstance(page, PageFrame)
        return page

    def page(self, key: str) -> PageFrame | None:
        """A page, if it was shown before."""
        return self._pages.get(key)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Asks when a job runs; remembers page and geometry."""
        if not self._closing.may_close():
            event.ignore()
            return
        geometry = self.saveGeometry().toBase64().data().decode()
        key = next((key for key, page in self._pages.items() if page is self.stack.currentWidget()), "home")
        self._context.settings.update(geometry=geometry, last_page=self._records[key].parent or key)
        super().closeEvent(event)

    def _on_shortcut(self) -> None:
        self.show_page(self.sender().objectName())

    def _on_run_requested(self, run_id: str) -> None:
        self.show_page("runs", run_id)

    def _on_stop_requested(self, run_id: str) -> None:
        try:
            self._context.bridge.stop(run_id)
        except InputError as error:
            self.notice.show_message(str(error.what), word=self.tr("Not stopped"), tone="warn")

    def _on_notice_raised(self, text: str, tone: Tone) -> None:
        words = {"good": self.tr("Done"), "warn": self.tr("Careful"), "bad": self.tr("Not done")}
        self.notice.show_message(text, word=words.get(tone, self.tr("Note")), tone=tone)

    def _on_run_ended(self, run: Run) -> None:
        if self.isVisible() and self.current_page is not self._pages.get("run"):
            text = f"{kind_word(run.kind)} · {run.name}"
            self.notice.show_message(text, word=state_word(run.state), tone=state_tone(run.state))

    def _on_recipe_ended(self, state: RecipeState) -> None:
        if not self.isVisible() or self.current_page is self._pages.get("runs"):
            return  # the page itself says it
        if state.error is not None:
            self.notice.show_message(state.error.what, word=self.tr("Ended early"), tone="bad")
        else:
            text = self.tr("The recipe “{title}” has made everything.").format(title=state.title)
            self.notice.show_message(text, word=self.tr("Done"), tone="good")

    def _refresh_states(self, _run_id: str = "") -> None:
        for key, state in self._status.page_states().items():
            self.sidebar.set_state(key, state)
