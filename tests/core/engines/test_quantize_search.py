"""Bits are chosen by what they cost, under a limit, and arrive in the graph as they were planned."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import onnx
import pytest

from core.engines import quantize
from core.engines.quantization import damage, samples
from core.engines.quantization.damage import Meter
from core.errors import InputError
from core.models import records
from core.models.quantizing import plan, sensitivity, sizes
from core.models.quantizing.recipes import RECIPES
from core.specs import QuantizeSpec
from tests.core.engines import tiny

_GROUPS = {"qkv_proj": "qkv", "o_proj": "o", "gate_proj": "gate", "up_proj": "up", "down_proj": "down"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.data_folder(tmp_path_factory.mktemp("data") / "d", 60)


@pytest.fixture(scope="module")
def searched(
    source: Path, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, io.StringIO, QuantizeSpec]:
    spec = QuantizeSpec(model="m", recipe="search", data="d", max_mb=0.16, max_length=300)
    job, out = tiny.job(tmp_path_factory.mktemp("run") / "search", m=source, d=data)
    quantize.run(spec, job)
    return job.folder, out, spec


def _stored(folder: Path) -> dict[tuple[int, str], tuple[int, int]]:
    """Bits and block of every product in a graph, by layer and group."""
    graph = onnx.load(str(folder / "model.onnx"), load_external_data=False).graph
    found = {}
    for node in graph.node:
        place = re.match(r"/model/layers\.(\d+)/\w+/(\w+)/MatMul", node.name)
        whole = {attribute.name: attribute.i for attribute in node.attribute}
        if place and node.op_type == "MatMulNBits":
            found[int(place[1]), _GROUPS[place[2]]] = (whole["bits"], whole["block_size"])
    return found


def test_every_part_gets_the_bits_that_were_chosen(searched: tuple[Path, io.StringIO, QuantizeSpec]) -> None:
    folder = searched[0] / "out" / "model"
    said = sensitivity.read(folder)

    assert said is not None
    planned = {
        (unit.layer, unit.group): (unit.chosen.bits, unit.chosen.block) for unit in said.units if unit.chosen
    }
    assert len(planned) == 2 * len(plan.GROUPS)
    assert {bits for bits, _ in planned.values()} == {4, 8}
    assert _stored(folder) == planned
    assert records.receipt_status(folder) == "green"


def test_it_stays_under_the_limit_and_takes_the_best_that_was_measured(
    searched: tuple[Path, io.StringIO, QuantizeSpec],
) -> None:
    folder = searched[0] / "out" / "model"
    said = sensitivity.read(folder)

    assert said is not None
    assert records.bytes_on_disk(folder) <= said.limit_bytes == 160_000
    (taken,) = [item for item in said.tried if item.taken]
    assert taken.kl == min(item.kl for item in said.tried if item.bytes <= said.limit_bytes)
    assert {item.algorithm for item in said.tried} == {"rtn", "k_quant", "gptq"}
    assert said.judging_rows == 5


def test_damages_become_more_exact_and_the_mixture_at_the_end(
    searched: tuple[Path, io.StringIO, QuantizeSpec],
) -> None:
    events = [json.loads(line) for line in searched[1].getvalue().splitlines()]
    damages = [event for event in events if event["ev"] == "damage"][-10:]
    (mixture,) = [event for event in events if event["ev"] == "mixture"]

    assert [(event["layer"], event["group"]) for event in damages] == [
        (unit["layer"], unit["group"]) for unit in mixture["units"]
    ]
    assert all(event["value"] > 0 for event in damages)


@pytest.mark.parametrize(
    ("recipe", "rounded_by"), [("int8", "rtn"), ("int4-edges", "gptq"), ("int4-gptq", "gptq")]
)
def test_the_weights_file_has_the_predicted_size(
    source: Path, data: Path, tmp_path: Path, recipe: Any, rounded_by: str
) -> None:
    job, _ = tiny.job(tmp_path / "run", m=source, d=data)
    block = 16 if recipe == "int8" else 32

    quantize.run(QuantizeSpec(model="m", recipe=recipe, data="d", block=block), job)

    assert job.final_result["rounded_by"] == rounded_by
    found = sizes.read(source)
    folder = job.folder / "out" / "model"
    planned = RECIPES[recipe].planned(found, "rtn", block)
    assert (folder / "model.onnx.data").stat().st_size == sizes.weight_bytes(found, planned)
    assert records.bytes_on_disk(folder) <= sizes.folder_bytes(found, planned)
    assert {block for _, block in _stored(folder).values()} == {block}


def test_a_limit_that_nothing_fits_under_is_refused_before_anything_is_measured(
    source: Path, tmp_path: Path
) -> None:
    job, out = tiny.job(tmp_path / "run", m=source)

    with pytest.raises(InputError) as refused:
        quantize.run(QuantizeSpec(model="m", recipe="search", max_mb=0.05), job)

    assert "does not fit" in refused.value.what
    assert '"damage"' not in out.getvalue()


def test_an_answer_s_time_is_measured_first_and_told_at_the_end(
    source: Path, data: Path, tmp_path: Path
) -> None:
    job, out = tiny.job(tmp_path / "run", m=source, d=data)

    quantize.run(QuantizeSpec(model="m", recipe="search", data="d", max_ms=60_000.0, max_length=300), job)

    events = [json.loads(line) for line in out.getvalue().splitlines()]
    phases = [event["name"] for event in events if event["ev"] == "phase"]
    said = sensitivity.read(job.folder / "out" / "model")
    assert phases.index("timing") < phases.index("measuring")
    assert said is not None
    assert said.answer_ms == job.final_result["answer_ms"] > 0
    assert all(item.answer_ms is not None for item in said.tried)
    assert {unit.chosen.bits for unit in said.units if unit.chosen} == {8}  # time enough, and any size


def test_a_time_in_which_nothing_answers_is_refused_before_damages_are_measured(
    source: Path, tmp_path: Path
) -> None:
    job, out = tiny.job(tmp_path / "run", m=source)

    with pytest.raises(InputError, match=r"answers in 0\.001 ms") as refused:
        quantize.run(QuantizeSpec(model="m", recipe="search", max_ms=0.001), job)

    assert "Allow at least" in refused.value.fix
    assert '"damage"' not in out.getvalue()


def test_what_gptq_rounded_while_choosing_is_what_is_built(
    searched: tuple[Path, io.StringIO, QuantizeSpec],
) -> None:
    events = [json.loads(line) for line in searched[1].getvalue().splitlines()]
    phases = [event["name"] for event in events if event["ev"] == "phase"]
    said = sensitivity.read(searched[0] / "out" / "model")

    assert said is not None
    (taken,) = [item for item in said.tried if item.taken]
    assert phases.count("rounding") == (1 if taken.algorithm == "gptq" else 2)


def test_estimated_damages_are_those_of_rounding_each_part_alone(source: Path, data: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(source).eval()
    drawn = samples.draw(AutoTokenizer.from_pretrained(source), data).measuring
    names = list(sizes.read(source).layers)
    modules = dict(model.named_modules())
    dice = torch.Generator().manual_seed(1)
    changes = {name: 0.02 * torch.randn(modules[name].weight.shape, generator=dice) for name in names}
    *_, last = damage.estimate(model, modules, changes, [[name] for name in names], drawn * 6)
    found = last.damages
    meter = Meter(model, drawn)
    assert meter.damage() == pytest.approx(0, abs=1e-6)

    measured = []
    for name in names:
        changed = modules[name].weight.data + changes[name]
        with damage.rounded_as(modules, {name: changed}):
            measured.append(meter.damage())

    close = torch.corrcoef(torch.tensor([found, measured]).log())[0, 1]
    assert close > 0.9
    assert sum(found) == pytest.approx(sum(measured), rel=0.4)
    assert meter.damage() == pytest.approx(0, abs=1e-6)


def test_rows_that_judge_are_not_those_that_calibrate(source: Path, data: Path) -> None:
    from transformers import AutoTokenizer

    drawn = samples.draw(AutoTokenizer.from_pretrained(source), data)

    judging = {sample.ids for sample in drawn.judging}
    assert not judging & set(drawn.calibrating)
    assert drawn.rows == 5
    assert all(sample.first > 10 for sample in drawn.judging[:5])  # the template's opening is the same in all


def test_data_without_validation_rows_are_refused(source: Path, tmp_path: Path) -> None:
    bare = tiny.data_folder(tmp_path / "bare", 12)
    (bare / "validation.jsonl").write_text("")
    job, _ = tiny.job(tmp_path / "run", m=source, d=bare)

    with pytest.raises(InputError, match="rounding costs"):
        quantize.run(QuantizeSpec(model="m", recipe="int4-gptq", data="d"), job)
