"""Small models of the families that people bring go the whole way: learn, merge, shrink, be checked, talk."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from core.engines import chat, finetune, merge, quantize
from core.models import records
from core.specs import ChatSpec, FinetuneSpec, MergeSpec, QuantizeSpec
from tests.core.engines import families, tiny

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.data_folder(tmp_path_factory.mktemp("data") / "questions", 24)


def _made(job: Any, out: Any) -> Path:
    (artifact,) = (json.loads(line) for line in out.getvalue().splitlines() if '"ev":"artifact"' in line)
    os.rename(job.folder / artifact["folder"], kept := job.folder / "made")
    return kept


@pytest.mark.parametrize("family", families.FAMILIES)
def test_a_family_goes_the_whole_way(family: str, data: Path, tmp_path: Path) -> None:
    base = families.model_folder(tmp_path / family, family)
    job, out = tiny.job(tmp_path / "learn", m=base, d=data)
    spec = FinetuneSpec(model="m", data="d", max_steps=3, sample_prompts=0, precision="fp32", batch_size=4)
    finetune.run(spec, job)
    adapter = _made(job, out)
    job, out = tiny.job(tmp_path / "merge", a=adapter, m=base)
    merge.run(MergeSpec(models=("a",)), job)
    whole = _made(job, out)
    assert records.receipt_status(whole) == "green"

    for recipe, cache in (("int8", "float"), ("int4-mixed", "float"), ("int4-hqq", "int8")):
        job, out = tiny.job(tmp_path / recipe, w=whole, d=data)
        spec = QuantizeSpec.model_validate(
            {"model": "w", "data": "d", "recipe": recipe, "kv_cache": cache, "max_length": 256}
        )
        quantize.run(spec, job)
        assert (
            job.final_result["rounded_by"] == {"int8": "rtn", "int4-mixed": "gptq", "int4-hqq": "hqq"}[recipe]
        )
        small = _made(job, out)
        said = json.loads((small / "receipt.json").read_text())
        assert said["status"] != "red", said["reasons"]
        assert "were not compared" not in str(said["checks"]), said["checks"]

    job, out = tiny.job(tmp_path / "talk", s=small)
    job.take({"cmd": "ask", "messages": [{"role": "user", "content": "I lost my card"}]})
    job._asks.put(None)
    chat.run(ChatSpec(model="s", max_new_tokens=6), job)
    (answer,) = (json.loads(line) for line in out.getvalue().splitlines() if '"ev":"answer"' in line)
    assert 0 <= answer["tokens"] <= 6
    assert "error" not in answer
