"""A tiny teacher for all modules here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.engines import tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder."""
    return tiny.model_folder(tmp_path_factory.mktemp("teacher") / "model")
