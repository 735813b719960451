"""The Runs page, the page of one run, and the page that compares some."""

from __future__ import annotations

from app.background import Background
from app.context import Context
from app.pages.runs.page import RunsPage
from app.pages.runs.run_view_model import RunViewModel
from app.pages.runs.view_model import RunsViewModel


def make(context: Context) -> RunsPage:
    """The list of runs with its view-model."""
    return RunsPage(RunsViewModel(context.bridge), context.recipes)


def make_run(context: Context) -> object:
    """The page of one run; the plots are imported here and not before."""
    from app.pages.runs.run_page import RunPage

    return RunPage(RunViewModel(context.bridge, Background()))


def make_compare(context: Context) -> object:
    """The page that compares runs; it has plots too."""
    from app.pages.runs.compare_page import ComparePage
    from app.pages.runs.compare_view_model import CompareViewModel

    return ComparePage(CompareViewModel(context.bridge, Background()))
