"""No good export is red: five families in four recipes, and the starter model in all of them.

`make campaign` runs this: it takes minutes.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, get_args

import pytest

from core.engines import quantize
from core.specs import QuantizeSpec
from tests.core.engines import families, tiny

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(900)]
RECIPES = get_args(QuantizeSpec.model_fields["recipe"].annotation)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {family: families.model_folder(root / family, family) for family in families.FAMILIES}


@pytest.mark.parametrize("family", families.FAMILIES)
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_good_export_is_not_red(models: dict[str, Path], tmp_path: Path, family: str, recipe: Any) -> None:
    said = _receipt(models[family], tmp_path, recipe)

    assert said["status"] != "red", said["reasons"]
    print(f"{family} {recipe}: {said['status']} {said['reasons']}")


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_starter_model_is_not_red(tmp_path: Path, recipe: Any) -> None:
    if "SLM_WORKBENCH_STARTER" not in os.environ:
        pytest.skip("set SLM_WORKBENCH_STARTER to the starter model's folder in a workspace")

    said = _receipt(Path(os.environ["SLM_WORKBENCH_STARTER"]), tmp_path, recipe)

    assert said["status"] != "red", said["reasons"]
    print(f"starter {recipe}: {said['status']} {said['reasons']}, KL {said['kl']:.3f}")


def _receipt(model: Path, tmp_path: Path, recipe: Any) -> dict[str, Any]:
    job, _ = tiny.job(tmp_path / "run", m=model)
    quantize.run(QuantizeSpec(model="m", recipe=recipe), job)
    said: dict[str, Any] = json.loads((job.folder / "out" / "model" / "receipt.json").read_text())
    return said
