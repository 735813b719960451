"""What is refused before a run exists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import offers
from core.errors import InputError
from core.jobs import submission
from core.models import records
from core.specs import (
    AugmentSpec,
    DistillSpec,
    EvaluateSpec,
    FinetuneSpec,
    FitSpec,
    GenerateSpec,
    ImportDataSpec,
    MergeSpec,
    PruneSpec,
    QuantizeSpec,
    Spec,
)
from core.workspace import manifest, taught
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path / "work")
    yield workspace
    workspace.close()


def made(workspace: Workspace, spec: Spec, name: str, type: str, format: str = "", task: str = "") -> str:
    """A run of `spec` and what it left; returns the artifact's id."""
    run = workspace.store.add_run(spec.kind, name, spec.model_dump(mode="json"), spec.inputs())
    folder = workspace.run_folder(run.id) / "out"
    folder.mkdir(parents=True)
    (folder / "file.bin").write_bytes(name.encode())
    manifest.write(folder)
    artifact = workspace.take_artifact(run.id, folder, type, name, {"format": format, "task": task})
    workspace.store.set_state(run.id, "succeeded")
    return artifact.id


@pytest.fixture
def ids(workspace: Workspace) -> dict[str, str]:
    data = made(workspace, EvaluateSpec(models=("x",), data="x"), "rows", "dataset")
    tuned = made(workspace, FinetuneSpec(model="x", data=data), "tuned", "model", "hf")
    small = made(workspace, QuantizeSpec(model=tuned, recipe="int8"), "small", "model", "onnx")
    return {"data": data, "tuned": tuned, "small": small}


@pytest.mark.parametrize(
    "make",
    [
        lambda model, data: FinetuneSpec(model=model, data=data),
        lambda model, data: FitSpec(spec=FinetuneSpec(model=model, data=data)),
        lambda model, data: QuantizeSpec(model=model, recipe="int8"),
        lambda model, data: PruneSpec(model=model, data=data, keep_layers=2),
        lambda model, data: DistillSpec(model=model, data=data, teachers=("other",)),
    ],
    ids=["finetune", "fit", "quantize", "prune", "distill"],
)
def test_an_exported_model_is_refused_where_weights_are_needed(
    workspace: Workspace, ids: dict[str, str], make: Callable[[str, str], Spec]
) -> None:
    spec = make(ids["small"], ids["data"])
    if isinstance(spec, DistillSpec):
        spec = spec.model_copy(update={"teachers": (ids["tuned"],)})
    before = len(workspace.store.runs())

    with pytest.raises(InputError, match=f"{spec.title} cannot use small") as caught:
        submission.submit(workspace, spec, "next")

    assert caught.value.fix == "Choose tuned, which it was made from."
    assert len(workspace.store.runs()) == before


def test_an_exported_model_may_teach_and_be_measured(workspace: Workspace, ids: dict[str, str]) -> None:
    teaching = DistillSpec(model=ids["tuned"], data=ids["data"], teachers=(ids["small"],))
    submission.submit(workspace, teaching, "student")
    submission.submit(workspace, EvaluateSpec(models=(ids["small"],), data=ids["data"]), "figures")


def test_the_source_may_be_gone(workspace: Workspace, ids: dict[str, str]) -> None:
    workspace.remove_artifact(workspace.artifact(ids["tuned"], "model"))
    with pytest.raises(InputError) as caught:
        submission.submit(workspace, QuantizeSpec(model=ids["small"], recipe="int8"), "next")
    assert caught.value.fix == "Choose the model that it was made from."


@pytest.mark.parametrize(
    "make",
    [
        lambda model, data: FinetuneSpec(model=model, data=data),
        lambda model, data: FitSpec(spec=FinetuneSpec(model=model, data=data)),
        lambda model, data: PruneSpec(model=model, data=data, keep_layers=2),
        lambda model, data: DistillSpec(model=model, data=data, teachers=("other",)),
        lambda model, data: EvaluateSpec(models=(model,), data=data),
    ],
    ids=["finetune", "fit", "prune", "distill", "evaluate"],
)
def test_questions_without_answers_are_refused_where_answers_are_needed(
    workspace: Workspace, ids: dict[str, str], make: Callable[[str, str], Spec]
) -> None:
    asked = made(workspace, ImportDataSpec(source="x", name="x"), "open ones", "dataset", task="questions")
    with pytest.raises(InputError) as refused:
        submission.require_suitable(workspace, make(ids["tuned"], asked))
    assert refused.value.code == "data.unanswered"
    assert "generate --teacher MODEL --data 'open ones'" in refused.value.fix
    submission.require_suitable(workspace, GenerateSpec(teacher=ids["tuned"], data=asked))


def test_a_teacher_that_learnt_the_task_answers_questions_as_it_learnt_to(
    workspace: Workspace, ids: dict[str, str]
) -> None:
    asked = made(workspace, ImportDataSpec(source="x", name="x"), "open ones", "dataset", task="questions")
    version = made(workspace, AugmentSpec(data=ids["data"]), "rows-2", "dataset", task="classification")
    stranger = made(workspace, ImportDataSpec(source="x", name="x"), "other", "dataset", task="chat")
    find = workspace.store.find_artifact

    def follows(teacher: str, data: str, **chosen: object) -> dict[str, object]:
        model, rows = find(ids.get(teacher, teacher), "model"), find(data, "dataset")
        assert model is not None
        assert rows is not None
        return offers.asking(workspace, model, rows, chosen)

    assert follows("tuned", asked) == {"like": ids["data"], "as_learnt": True}
    assert follows("small", asked) == {"like": ids["data"], "as_learnt": True}  # quantized, it knows it still
    assert follows("tuned", asked, like=stranger) == {}
    assert follows("tuned", asked, like=version) == {"as_learnt": True}
    assert follows("tuned", asked, task="generation") == {}
    assert follows("tuned", ids["data"]) == {"as_learnt": True}
    assert follows("tuned", version, system="Be brief.") == {}
    assert follows("tuned", stranger) == {}


def test_a_teacher_still_knows_what_it_learnt_when_its_run_is_gone_and_says_when_the_data_is(
    workspace: Workspace, ids: dict[str, str]
) -> None:
    asked = made(workspace, ImportDataSpec(source="x", name="x"), "open ones", "dataset", task="questions")
    run = workspace.store.run(workspace.artifact(ids["tuned"], "model").run_id)
    learnt = taught.left_by(workspace, run)
    assert learnt == {"taught_on": [ids["data"]], "taught_instruction": ""}
    folder = workspace.run_folder(run.id) / "kept"
    folder.mkdir()
    (folder / "file.bin").write_bytes(b"kept")
    manifest.write(folder)
    teacher = workspace.take_artifact(run.id, folder, "model", "kept", {"format": "hf", **learnt})
    workspace.store.remove_run(run.id)
    data = workspace.artifact(asked, "dataset")
    assert offers.asking(workspace, teacher, data, {}) == {"like": ids["data"], "as_learnt": True}

    spec = GenerateSpec(teacher=teacher.id, data=asked)
    offers.require_known(workspace, spec, teacher, data)
    workspace.remove_artifact(workspace.artifact(ids["data"], "dataset"))
    assert offers.asking(workspace, teacher, data, {}) == {}
    with pytest.raises(InputError) as refused:
        offers.require_known(workspace, spec, teacher, data)
    assert "--like" in refused.value.fix
    offers.require_known(workspace, spec.model_copy(update={"task": "generation"}), teacher, data)


def test_a_model_that_is_no_adapter_is_not_merged_and_the_way_to_one_is_said(workspace: Workspace) -> None:
    folder = workspace.artifact_folder("m1")
    folder.mkdir(parents=True)
    records.write(folder, records.Description(format="hf", name="as it was called once"))
    workspace.store.add_artifact(Artifact("m1", "model", "bank teacher", "0" * 64, 5, 0.0, "", {}))

    with pytest.raises(InputError) as refused:
        submission.submit(workspace, MergeSpec(models=("m1",)), "merged")

    assert refused.value.code == "merge.not_adapter"
    assert "`slm-workbench finetune --model 'bank teacher' --data DATA --method lora`" in refused.value.fix
    assert workspace.store.runs() == []
