"""The wizard that makes a model small and fast."""

from __future__ import annotations

from app.context import Context
from app.pages.quantize.page import QuantizePage
from app.pages.quantize.view_model import QuantizeViewModel


def make(context: Context) -> QuantizePage:
    """The page with its view-model."""
    return QuantizePage(QuantizeViewModel(context.bridge))
