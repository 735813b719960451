"""A run is saved as a file, read again, and gives the same jobs; a bad file is refused where it is bad."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.recipes import reading, saving
from core.recipes.recipe import Cooking, references
from core.specs import AddModelSpec, EvaluateSpec, FinetuneSpec, ImportDataSpec, Spec
from core.workspace import manifest
from core.workspace.manifest import hash_file
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace(tmp_path / "work")
    yield opened
    opened.close()


def ran(workspace: Workspace, spec: Spec, type: str, name: str) -> tuple[Run, Artifact]:
    """A run that has succeeded, with what it made."""
    run = workspace.store.add_run(spec.kind, name, spec.model_dump(mode="json"), spec.inputs())
    staged = workspace.root / f"staged-{name}-{type}"
    staged.mkdir()
    (staged / "file").write_text(name)
    manifest.write(staged)
    artifact = workspace.take_artifact(run.id, staged, type, name, {})
    workspace.store.set_state(run.id, "succeeded")
    return workspace.store.run(run.id), artifact


@pytest.fixture
def tuned(workspace: Workspace, tmp_path: Path) -> Run:
    """A model and data of the same name, a fine-tuning of both, in files below `tmp_path`."""
    table = tmp_path / "table.csv"
    table.write_text("text,category\n")
    (tmp_path / "folder").mkdir()
    _, model = ran(workspace, AddModelSpec(source=str(tmp_path / "folder"), name="bank"), "model", "bank")
    imported = ImportDataSpec(source=str(table), source_sha256=hash_file(table), name="bank")
    _, data = ran(workspace, imported, "dataset", "bank")
    spec = FinetuneSpec(model=model.id, data=data.id, epochs=2, gradient_checkpointing="on")
    return ran(workspace, spec, "model", "tuned")[0]


def test_a_saved_run_with_its_inputs_is_three_steps_that_are_here_already(
    workspace: Workspace, tuned: Run, tmp_path: Path
) -> None:
    file = tmp_path / "recipe.yaml"
    assert saving.save(workspace, tuned, file, with_inputs=True) == ["bank", "bank", "tuned"]

    recipe = reading.read(file)
    assert [(job.kind, job.name) for job in recipe.jobs] == [
        ("add_model", "bank"),
        ("import_data", "bank"),
        ("finetune", "tuned"),
    ]
    assert recipe.jobs[1].values["source"] == "table.csv"  # from the file's own folder
    assert references(recipe.jobs[2]) == [("model", "model", "bank"), ("data", "dataset", "bank")]
    plan = Cooking(workspace, recipe, folder=tmp_path).plan()
    assert [step.status for step in plan] == ["ready"] * 3

    again = Cooking(workspace, recipe, suffix="-2", folder=tmp_path)
    assert [step.status for step in again.plan()] == ["to_do"] * 3
    step, found = again.advance()  # type: ignore[misc]
    assert found is None
    assert (step.name, step.spec.name) == ("bank-2", "bank-2")  # type: ignore[attr-defined]


def test_every_field_of_a_spec_comes_back_as_it_was(workspace: Workspace, tuned: Run, tmp_path: Path) -> None:
    saving.save(workspace, tuned, tmp_path / "one.yaml")
    cooking = Cooking(workspace, reading.read(tmp_path / "one.yaml"), folder=tmp_path)
    step, found = cooking.advance()  # type: ignore[misc]
    assert step.spec == FinetuneSpec.model_validate(tuned.spec)
    assert found is not None
    assert cooking.advance() is None


def test_an_input_of_another_content_is_said(workspace: Workspace, tuned: Run, tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    saving.save(workspace, tuned, file)
    document = yaml.safe_load(file.read_text())
    document["inputs"][0]["digest"] = "0" * 64
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(InputError, match="bank is not what the recipe was made with"):
        Cooking(workspace, reading.read(file), folder=tmp_path)


def test_several_models_are_named_one_by_one(workspace: Workspace, tuned: Run, tmp_path: Path) -> None:
    models = [workspace.artifact(name, "model").id for name in ("bank", "tuned")]
    data = workspace.artifact("bank", "dataset").id
    run, _ = ran(workspace, EvaluateSpec(models=models, data=data), "report", "figures")
    described = saving.describe(workspace, run, with_inputs=True)
    assert described["steps"][-1]["set"]["models"] == ["bank", "tuned"]
    assert [step["name"] for step in described["steps"]] == ["bank", "bank", "tuned", "figures"]


def test_a_name_of_something_else_is_not_written_over(
    workspace: Workspace, tuned: Run, tmp_path: Path
) -> None:
    file = tmp_path / "one.yaml"
    saving.save(workspace, tuned, file)
    file.write_text(file.read_text().replace("epochs: 2.0", "epochs: 3.0"))
    with pytest.raises(InputError) as refused:
        Cooking(workspace, reading.read(file), folder=tmp_path).plan()
    assert "--name-suffix" in refused.value.fix
    with pytest.raises(InputError, match="exists already"):
        saving.save(workspace, tuned, file)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("hf:org/data:a.csv", "hub.example: org/data, file a.csv, revision main (its newest state);"),
        ("hf:org/data@v2:a.csv", "hub.example: org/data, file a.csv, revision v2;"),
    ],
)
def test_what_is_asked_before_a_download_names_host_repository_and_revision(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example")
    text = f"steps:\n- name: fetched\n  kind: download_data\n  set:\n    source: '{source}'\n"
    (step,) = Cooking(workspace, reading.parse(text, "r.yaml"), folder=tmp_path).plan()
    assert step.asks.startswith(f"fetched is downloaded from {said}")


STEP = "steps:\n- name: tuned\n  kind: finetune\n  set:\n    model: m\n    data: d\n"


def test_what_yaml_calls_true_stays_the_word_that_was_written() -> None:
    (job,) = reading.parse(STEP + "    gradient_checkpointing: on\n    learning_rate: 1e-3\n", "r.yaml").jobs
    assert job.values["gradient_checkpointing"] == "on"


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        (STEP + "    epoch: 2\n", "line 7, epoch", "Did you mean epochs?"),
        (STEP + "    epochs: -1\n", "line 7, epochs", "-1 is not possible here"),
        (STEP + "    epochs: 1\n    epochs: 2\n", "line 8, epochs", "stands here twice"),
        ("steps:\n- name: a\n  kind: finetun\n", "line 3, kind", "Did you mean finetune?"),
        ("steps:\n- name: a\n  kind: chat\n  set: {model: m}\n", "line 3, kind", "no job kind 'chat'"),
        (
            "steps:\n- name: a\n  kind: finetune\n  set:\n    model: m\n",
            "line 5, data",
            "needs the setting data",
        ),
        ("step: []\n", "line 1, step", "Did you mean steps?"),
        ("version: 9\nsteps: []\n", "line 1, version", "Update"),
        ("a: &a [1]\nb: *a\n", "line 2", "alias"),
        ("[" * 50 + "]" * 50, "line 1", "nested too deep"),
        ("steps: [\n", "line 2", ""),
        ("a: !!python/object/apply:os.system ['x']\n", "line 1", "no 'a'"),
        (STEP + "    seed: !!python/object/apply:os.system ['x']\n", "line 7", ""),
        ("", "r.yaml", "empty"),
    ],
)
def test_a_bad_recipe_is_refused_where_it_is_bad(text: str, place: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        reading.parse(text, "r.yaml")
    assert place in refused.value.what
    assert said in f"{refused.value.why} {refused.value.fix}"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["steps", "name", "kind", "set", "x"]), inner, max_size=3)
        ),
    )
)
def test_nonsense_is_refused_and_never_more(value: Any) -> None:
    with contextlib.suppress(InputError):
        reading.parse(yaml.safe_dump(value), "r.yaml")
