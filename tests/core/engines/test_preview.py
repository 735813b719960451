"""What the model sees is shown token by token: the texts add up to the row, and only the answer is learnt."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.engines import preview
from core.engines.training import first_batch
from core.errors import InputError
from core.models import records
from core.specs import PreviewSpec
from tests.core.engines import tiny


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.model_folder(tmp_path_factory.mktemp("models") / "tiny")


def test_the_row_is_whole_and_its_answer_alone_is_learnt(source: Path, tmp_path: Path) -> None:
    chosen = [{"text": f"wo ist das Café {n}? 🙂", "category": "ä"} for n in range(20)]
    job, _ = tiny.job(tmp_path / "run", m=source, d=tiny.data_folder(tmp_path / "d", chosen=chosen))
    spec = PreviewSpec(model="m", data="d", rows=2)

    first, second = preview.rows(spec, *preview.open_inputs(spec, job), job)

    whole = "".join(first["texts"])
    assert whole.startswith("<|im_start|>user\nwo ist das Café")
    assert "🙂<|im_end|>" in whole
    learnt = [text for text, trained in zip(first["texts"], first["trained"], strict=True) if trained]
    assert "".join(learnt) == "ä<|im_end|>"
    assert first["learnt"] == sum(first["trained"])
    assert first["length"] == len(first["ids"]) == len(first["special"])
    assert second["row"] != first["row"]


def test_a_long_row_is_shown_by_its_end() -> None:
    words = tiny.tokenizer()
    ids = words("where is my card " * 300)["input_ids"]
    (shown,) = first_batch.describe([first_batch.Example(ids, [-100] * (len(ids) - 1) + ids[-1:])], words)
    assert shown["left_out"] == len(ids) - len(shown["ids"]) > 0
    assert shown["trained"][-1]


@pytest.mark.parametrize(
    ("template", "code"),
    [(None, "template.missing"), ("{{ raise_exception('only one role') }}", "template.refused")],
)
def test_a_missing_or_wrong_template_is_caught(
    source: Path, tmp_path: Path, template: str | None, code: str
) -> None:
    model = shutil.copytree(source, tmp_path / "model")
    (model / records.TEMPLATE).unlink()
    if template is not None:
        (model / records.TEMPLATE).write_text(template)
    job, _ = tiny.job(tmp_path / "run", m=model, d=tiny.data_folder(tmp_path / "d"))
    spec = PreviewSpec(model="m", data="d")
    with pytest.raises(InputError) as refused:
        preview.rows(spec, *preview.open_inputs(spec, job), job)
    assert refused.value.code == code
