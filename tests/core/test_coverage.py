"""What a distilling cannot learn from is known before its run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import coverage
from core.errors import InputError
from core.specs import DistillSpec
from core.workspace.workspace import Workspace
from tests.core.models import boards


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace(tmp_path / "work")
    yield opened
    opened.close()


def test_documents_ask_nothing_that_a_student_could_answer_itself(workspace: Workspace) -> None:
    data = boards._keep(workspace, "dataset", "book", "", {"task": "pretraining"}, {})
    spec = DistillSpec(model="m", teachers=("t",), data=data.id, on_policy=0.5)
    with pytest.raises(InputError) as refused:
        coverage.refuse(workspace, spec)
    assert refused.value.why == "The data are plain documents, which ask nothing."


def test_a_long_text_is_looked_at_up_to_the_end_of_a_word() -> None:
    text = "Where is my card? " * 1000
    found = coverage._beginning(text)
    assert text.startswith(found)
    assert found.rpartition(" ")[2] in ("Where", "is", "my", "card?")
    assert 3900 < len(found) <= 4000
    assert coverage._beginning("short") == "short"
