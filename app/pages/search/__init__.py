"""Searching for good settings: what to try, and what came out."""

from __future__ import annotations

from app.background import Background
from app.context import Context
from app.pages.runs.run_view_model import RunViewModel
from app.pages.search.page import SearchPage
from app.pages.search.view_model import SearchViewModel


def make(context: Context) -> SearchPage:
    """The page on which a search is set up."""
    return SearchPage(SearchViewModel(context.bridge))


def make_run(context: Context) -> object:
    """The page of one search; the plots are imported here and not before."""
    from app.pages.search.run_page import SearchRunPage

    return SearchRunPage(RunViewModel(context.bridge, Background()))
