"""The pages of the window as data: a page is shown in the sidebar when it has a record here."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

if TYPE_CHECKING:
    from app.context import Context
    from app.widgets.page_frame import PageFrame


@dataclass(frozen=True)
class PageRecord:
    """One page.

    Attributes:
        key: Its name in signals and settings.
        title: Its English title; `title_text` translates it.
        section: English title of its group in the sidebar; empty for the first group, `foot` for the bottom.
        icon: An icon of `resources.icons`.
        factory: `module:callable`, imported when the page is first shown; gets the context, gives the page.
        parent: Key of the page whose sidebar entry it shares; it has none of its own.
        run_kind: Kind of the runs that are shown here instead of on the run page.
    """

    key: str
    title: str
    section: str
    icon: str
    factory: str
    parent: str = ""
    run_kind: str = ""

    @property
    def title_text(self) -> str:
        """The title in the person's language."""
        return QCoreApplication.translate("pages", self.title)

    def make(self, context: Context) -> PageFrame:
        """Imports and builds the page."""
        module, _, name = self.factory.partition(":")
        return cast("PageFrame", getattr(importlib.import_module(module), name)(context))


FOOT = "foot"
#: In the order of the work. A page that does not work yet has no record.
PAGES: tuple[PageRecord, ...] = (
    PageRecord("home", QT_TRANSLATE_NOOP("pages", "Home"), "", "house", "app.pages.home:make"),
    PageRecord("data", QT_TRANSLATE_NOOP("pages", "Data"), "", "database", "app.pages.data:make"),
    PageRecord("models", QT_TRANSLATE_NOOP("pages", "Models"), "", "box", "app.pages.models:make"),
    PageRecord(
        "generate",
        QT_TRANSLATE_NOOP("pages", "Generate data"),
        QT_TRANSLATE_NOOP("pages", "Make"),
        "pencil",
        "app.pages.generate:make",
    ),
    PageRecord(
        "distill",
        QT_TRANSLATE_NOOP("pages", "Distill"),
        QT_TRANSLATE_NOOP("pages", "Make"),
        "flask-conical",
        "app.pages.distill:make",
    ),
    PageRecord(
        "prune",
        QT_TRANSLATE_NOOP("pages", "Prune"),
        QT_TRANSLATE_NOOP("pages", "Make"),
        "scissors",
        "app.pages.prune:make",
    ),
    PageRecord(
        "finetune",
        QT_TRANSLATE_NOOP("pages", "Fine-tune"),
        QT_TRANSLATE_NOOP("pages", "Make"),
        "graduation-cap",
        "app.pages.finetune:make",
    ),
    PageRecord(
        "quantize",
        QT_TRANSLATE_NOOP("pages", "Quantize"),
        QT_TRANSLATE_NOOP("pages", "Make"),
        "shrink",
        "app.pages.quantize:make",
    ),
    PageRecord(
        "evaluate",
        QT_TRANSLATE_NOOP("pages", "Evaluate"),
        QT_TRANSLATE_NOOP("pages", "Judge and use"),
        "scale",
        "app.pages.evaluate:make",
    ),
    PageRecord(
        "compare",
        QT_TRANSLATE_NOOP("pages", "Compare"),
        QT_TRANSLATE_NOOP("pages", "Judge and use"),
        "gauge",
        "app.pages.compare:make",
    ),
    PageRecord(
        "blind_chat",
        QT_TRANSLATE_NOOP("pages", "Chat with two"),
        "",
        "message-circle",
        "app.pages.blind_chat:make",
        parent="compare",
    ),
    PageRecord(
        "deploy",
        QT_TRANSLATE_NOOP("pages", "Deploy"),
        QT_TRANSLATE_NOOP("pages", "Judge and use"),
        "rocket",
        "app.pages.deploy:make",
    ),
    PageRecord(
        "runs",
        QT_TRANSLATE_NOOP("pages", "Runs"),
        QT_TRANSLATE_NOOP("pages", "Work"),
        "history",
        "app.pages.runs:make",
    ),
    PageRecord(
        "run", QT_TRANSLATE_NOOP("pages", "Run"), "", "history", "app.pages.runs:make_run", parent="runs"
    ),
    PageRecord(
        "compare_runs",
        QT_TRANSLATE_NOOP("pages", "Compare runs"),
        "",
        "history",
        "app.pages.runs:make_compare",
        parent="runs",
    ),
    PageRecord(
        "search",
        QT_TRANSLATE_NOOP("pages", "Search settings"),
        "",
        "search",
        "app.pages.search:make",
        parent="finetune",
    ),
    PageRecord(
        "search_run",
        QT_TRANSLATE_NOOP("pages", "Search"),
        "",
        "search",
        "app.pages.search:make_run",
        parent="runs",
        run_kind="search",
    ),
    PageRecord(
        "settings", QT_TRANSLATE_NOOP("pages", "Settings"), FOOT, "settings", "app.pages.settings:make"
    ),
)


def section_text(section: str) -> str:
    """The title of a group in the person's language."""
    return QCoreApplication.translate("pages", section)
