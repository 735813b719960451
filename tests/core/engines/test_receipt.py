"""Faults that people met with other programs, planted one by one into a real export: each turns it red."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.engines import receipt
from core.engines.checking import behaviour
from core.engines.quantization import building, folding, rounding, serving
from core.errors import IntegrityError
from core.models import records
from core.models.quantizing import sizes
from core.models.quantizing.recipes import RECIPES, Recipe
from core.workspace import manifest
from tests.core.engines import tiny
from tests.core.engines.faults import FAULTS

_LENGTH = 256


class Exports:
    """A source, what it says, and its exports, each built once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.source = tiny.model_folder(root / "source")
        self.wanted = receipt.reference(self.source, (), 1)

    def of(self, name: str) -> Path:
        """A good export by a recipe's name."""
        folder = self.root / name
        if not folder.exists():
            recipe, plain = RECIPES[name], self.source
            if recipe.algorithm not in ("builder", ""):
                (self.root / f"{name}-rounded").mkdir()
                plan = recipe.planned(sizes.read(self.source), recipe.algorithm)
                rows = self.wanted.prompts
                plain = rounding.round_weights(self.source, self.root / f"{name}-rounded", plan, rows)
            self.build(plain, folder, name)
        return folder

    def recipe(self, name: str) -> Recipe:
        """A recipe as it must show in a graph of this source."""
        recipe = RECIPES[name]
        if recipe.algorithm in ("builder", ""):
            return recipe
        return recipe.of(recipe.planned(sizes.read(self.source), recipe.algorithm))

    def build(self, plain: Path, folder: Path, name: str, *more: str) -> Path:
        """Any export."""
        building.build(plain, folder, self.recipe(name), self.root / "cache", more)
        building.settle(
            folder,
            template=self.source / "chat_template.jinja",
            max_length=_LENGTH,
            stop_ids=self.wanted.stop_ids,
            pad_id=self.wanted.pad_id,
        )
        return folder

    def judge(self, folder: Path, name: str = "int4", source: receipt.Reference | None = None) -> Any:
        """The receipt, as `quantize` makes it."""
        return receipt.make(
            folder,
            self.recipe(name),
            source or self.wanted,
            1,
            weights_of=self.source,
            folds=folding.read(self.root / f"{name}-rounded"),
            max_length=_LENGTH,
        )


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    return Exports(tmp_path_factory.mktemp("exports"))


@pytest.fixture
def copy(exports: Exports, tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: shutil.copytree(exports.of(name), tmp_path / "export")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_red(exports: Exports, copy: Callable[[str], Path], fault: str) -> None:
    recipe, plant, words = FAULTS[fault]
    folder = copy(recipe)
    plant(folder)

    made = exports.judge(folder, recipe)

    assert made.status == "red"
    assert any(words in reason for reason in made.reasons), made.reasons


@pytest.mark.parametrize("recipe", ["int4", "int4-mixed", "int4-awq", "int8"])
def test_nothing_planted_is_not_red(exports: Exports, recipe: str) -> None:
    made = exports.judge(exports.of(recipe), recipe)

    assert (made.status, made.reasons) == ("green", ())
    assert made.mean_bits == {"int4": 4, "int8": 8}.get(recipe, made.mean_bits)
    assert made.operators["MatMulNBits"] > 0
    assert made.kl is not None
    assert made.kl < 0.05
    assert {check.name for check in made.checks} >= {
        "precision",
        "weights",
        "settings",
        "repetition",
        "speed",
    }


def test_full_precision_under_the_name_of_int4_is_red(exports: Exports) -> None:
    made = exports.judge(exports.of("fp32"), "int4")

    assert made.status == "red"
    assert "matrices here have 32" in made.reasons[0]


def test_plain_int4_under_the_name_of_the_mixture_is_red(exports: Exports, tmp_path: Path) -> None:
    export = exports.build(exports.source, tmp_path / "export", "int4", "algo_config=rtn_last")

    made = exports.judge(export, "int4-mixed")

    assert made.status == "red"
    assert made.mean_bits is not None
    assert "keeps qkv_proj of layer" in made.reasons[0]


def test_a_tied_embedding_that_no_runtime_loads_is_red(exports: Exports, tmp_path: Path) -> None:
    export = exports.build(exports.source, tmp_path / "export", "int4", "is_symmetric=false")

    made = exports.judge(export)

    assert made.status == "red"
    assert "The runtime refuses the export" in made.reasons[0]


def test_a_mixture_whose_last_weight_was_never_written_is_red(exports: Exports, tmp_path: Path) -> None:
    export = exports.build(
        exports.source, tmp_path / "export", "int4", "matmul_mixed_precision=last_matmul:int8"
    )

    made = exports.judge(export, "int4-mixed")

    assert made.status == "red"


def test_another_models_weights_are_red(exports: Exports, tmp_path: Path) -> None:
    other = tiny.model_folder(tmp_path / "other", seed=9)
    export = exports.build(other, tmp_path / "export", "int4")

    made = exports.judge(export)

    assert made.status == "red"
    assert "The weights are not the source's" in made.reasons[0]
    assert "more" in made.reasons[0]


def test_answers_that_go_round_in_circles_are_red(exports: Exports, copy: Callable[[str], Path]) -> None:
    """Random weights repeat themselves; a source that does not is played by other answers."""
    varied = tuple(tuple(range(10 + at, 58 + at)) for at in range(len(exports.wanted.answers)))
    sure = _sharpened(replace(exports.wanted, log_probabilities=_longer(exports.wanted, varied)))

    made = exports.judge(copy("int4"), "int4", replace(sure, answers=varied))

    assert made.status == "red"
    assert any("6 of 6 answers repeat themselves" in reason for reason in made.reasons)


def _longer(wanted: receipt.Reference, answers: tuple[tuple[int, ...], ...]) -> tuple[Any, ...]:
    """Distributions of the right length; what they say does not count here."""
    dice = np.random.default_rng(3)
    return tuple(
        dice.standard_normal((len(prompt) + len(answer), scores.shape[-1])).astype(np.float16)
        for prompt, answer, scores in zip(wanted.prompts, answers, wanted.log_probabilities, strict=True)
    )


@pytest.mark.parametrize(
    ("circles", "kl", "status"),
    [(0, 1.0, "green"), (1, 0.1, "amber"), (4, 0.1, "red"), (1, 0.001, "green"), (4, 0.001, "amber")],
)
def test_circles_count_where_the_export_also_says_other_things(circles: int, kl: float, status: str) -> None:
    plain, circle = tuple(range(40)), (5,) * 40
    answers = [circle] * circles + [plain] * (6 - circles)

    assert behaviour.repetition(answers, [plain] * 6, kl).status == status


def test_other_answers_are_red_even_where_no_weight_could_be_compared(
    exports: Exports, tmp_path: Path
) -> None:
    other = tiny.model_folder(tmp_path / "other", seed=9)
    export = exports.build(other, tmp_path / "export", "int4")

    made = receipt.make(export, RECIPES["int4"], _sharpened(exports.wanted), 1)

    assert made.status == "red"
    assert "does not compute" in made.reasons[0]


def _sharpened(wanted: receipt.Reference) -> receipt.Reference:
    """The reference of a model that is sure of itself, as trained models are and random ones are not."""
    sharp = []
    for scores in wanted.log_probabilities:
        values = scores.astype(np.float32) * 200
        values -= values.max(-1, keepdims=True)
        sharp.append((values - np.log(np.exp(values).sum(-1, keepdims=True))).astype(np.float16))
    return replace(wanted, log_probabilities=tuple(sharp))


def test_only_red_blocks(exports: Exports, copy: Callable[[str], Path]) -> None:
    export = copy("int4")
    made = exports.judge(export)
    receipt.write(export, made)
    assert not records.refusal(export)

    receipt.write(export, made.model_copy(update={"status": "red", "reasons": ("because",)}))

    assert records.refusal(export) == ("because",)


@pytest.mark.parametrize(
    ("answer", "circles"),
    [
        ([5] * 30, True),
        ([1, 2, 3] * 12, True),
        ([9, 8, 7, *[4, 6] * 15], True),
        (list(range(40)), False),
        ([5] * 10, False),
        ([*range(30), 5, 5, 5, 5], False),
    ],
)
def test_a_circle_is_the_same_few_tokens_to_the_end(answer: list[int], circles: bool) -> None:
    assert behaviour.loops(answer) is circles


def test_an_export_far_slower_than_its_source_is_red(exports: Exports, copy: Callable[[str], Path]) -> None:
    source = replace(exports.wanted, tokens_per_s=exports.wanted.tokens_per_s * 1e3)

    made = exports.judge(copy("int4"), "int4", source)

    assert made.status == "red"
    assert "slower than its source in fp32" in made.reasons[0]


def test_an_adapter_whose_names_the_graph_does_not_know_is_red(
    exports: Exports, copy: Callable[[str], Path], tmp_path: Path
) -> None:
    file = tmp_path / "adapter.onnx_adapter"
    serving.write({"self_attn.q_proj.lora_A.weight": np.zeros((64, 2), dtype=np.float32)}, file)
    export = copy("int4")
    made = exports.judge(export)

    made = receipt.add_adapter(made, export, file, "mine", exports.wanted, 1)

    assert made.status == "red"
    assert made.reasons[0].startswith("Adapter mine: ")


def test_a_bit_flipped_after_the_receipt_is_noticed_before_use(copy: Callable[[str], Path]) -> None:
    export = copy("int4")
    manifest.write(export)
    data = bytearray((export / "model.onnx.data").read_bytes())
    data[1234] ^= 1
    (export / "model.onnx.data").write_bytes(data)

    with pytest.raises(IntegrityError, match="is not what it was"):
        manifest.verify(export)
