"""A student by command: cut out of its teacher, taught by it, and what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.models import records
from tests.core.cli.terminal import Terminal, with_tiny

pytestmark = pytest.mark.timeout(600)
STEPS = ("--set", "max_steps=4", "--set", "sample_prompts=0", "--set", "precision=fp32")


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A workspace with a teacher that learnt a little, and a student cut out of it."""
    terminal = with_tiny(tmp_path_factory.mktemp("distill"))
    learning = ("--method", "full", "--set", "learning_rate=0.003")
    terminal.must(
        "finetune", "--model", "tiny", "--data", "questions", *learning, *STEPS, "--name", "teacher"
    )
    terminal.must(
        "prune", "teacher", "--data", "questions", "--set", "vocabulary=data", "--name", "student"
    )  # fmt: skip
    return terminal


def test_a_student_learns_from_its_teacher(terminal: Terminal) -> None:
    made = terminal.must(
        "distill", "--teacher", "teacher", "--student", "student", "--data", "questions", *STEPS,
        "--name", "taught", "--json",
    ).json  # fmt: skip
    assert made["state"] == "succeeded"
    shown = terminal.must("models", "show", "taught", "--json").json
    assert records.describe(Path(shown["folder"])).source == "distilled from student"
    figures = terminal.must("runs", "show", made["id"], "--json").json
    assert figures["kind"] == "distill"


def test_a_run_of_it_can_be_saved_and_repeated(terminal: Terminal) -> None:
    run = next(r for r in terminal.must("runs", "list", "--json").json if r["kind"] == "distill")
    again = terminal.must("runs", "repeat", run["id"], "--set", "temperature=1", "--name", "again", "--json")
    assert again.json["state"] == "succeeded"
    found = terminal.must("runs", "compare", run["id"], again.json["id"], "--json").json
    assert [item["field"] for item in found["differences"]] == ["temperature"]


def test_its_fit_is_told_and_nothing_starts(terminal: Terminal) -> None:
    before = terminal.must("runs", "list", "--json").json
    said = terminal.must(
        "fit", "distill", "--teacher", "teacher", "--student", "student", "--data", "questions", *STEPS,
        "--json",
    ).json  # fmt: skip
    assert said["verdict"] == "fits"
    assert said["seconds"]["asking"] > 0
    assert terminal.must("runs", "list", "--json").json == before


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--teacher", "tiny", "--student", "tiny", "--data", "questions"), "its own teacher"),
        (("--teacher", "nobody", "--student", "student", "--data", "questions"), "nobody"),
        (("--teacher", "tiny", "--student", "student", "--data", "questions", "--set", "top_k=900"), "top_k"),
        (("--teacher", "tiny", "--student", "student", "--data", "questions", "--set", "loss=focal"), "loss"),
        (("--teacher", "tiny", "--data", "questions"), "student"),
        (("--student", "student", "--data", "questions", "--data", "more"), "--data can be given once only"),
    ],
)
def test_what_cannot_be_is_refused_at_once(terminal: Terminal, arguments: tuple[str, ...], word: str) -> None:
    before = terminal.must("runs", "list", "--json").json
    refused = terminal.run("distill", *arguments)
    assert refused.code == 2
    assert word in refused.err
    assert terminal.must("runs", "list", "--json").json == before


def test_data_that_a_cut_vocabulary_does_not_have_is_refused_with_what_to_do(
    terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "book.txt"
    words = "for message in messages if loop.first and messages role content "  # tokens of the template only
    file.write_text("\n\n".join(f"Chapter {n}. {words * 20}" for n in range(12)))
    terminal.must("data", "add", str(file), "--name", "my book")
    runs = terminal.must("runs", "list", "--json").json
    refused = terminal.run("distill", "--teacher", "teacher", "--data", "my book", "--student", "student")
    assert refused.code == 2
    assert "`student` does not have the tokens of `my book`" in refused.err
    assert "prune `teacher` with" in refused.err
    assert "universal" not in refused.err
    assert terminal.must("runs", "list", "--json").json == runs


def test_a_pruning_that_cannot_work_leaves_no_run(terminal: Terminal) -> None:
    refused = terminal.run("prune", "tiny", "--data", "questions", "--set", "keep_layers=9")
    assert refused.code == 2
    assert "It has 2." in refused.err
    assert [run for run in terminal.must("runs", "list", "--json").json if run["state"] == "failed"] == []


def test_a_model_is_cut_in_rounds_and_learns_in_between(terminal: Terminal) -> None:
    learning = [part for setting in STEPS if "=" in setting for part in ("--learn", setting)]
    command = (
        "prune", "teacher", "--data", "questions", "--set", "ffn_share=0.34", "--set", "vocabulary=data",
        "--rounds", "2", *learning, "--name", "little", "--json",
    )  # fmt: skip
    made = terminal.must(*command).json["steps"]
    assert [step["name"] for step in made] == ["little-1-cut", "little-1", "little-cut", "little"]
    shown = terminal.must("models", "show", "little", "--json").json
    assert records.describe(Path(shown["folder"])).source == "distilled from little-cut"
    run = next(r for r in terminal.must("runs", "list", "--json").json if r["name"] == "little")
    spec = terminal.must("runs", "show", run["id"], "--json").json["spec"]
    teacher = terminal.must("models", "show", "teacher", "--json").json
    assert spec["teachers"] == [teacher["id"]]
    again = terminal.must(*command).json["steps"]
    assert all(step["made_before"] for step in again)


def test_rounds_that_cannot_be_are_refused_before_the_first(terminal: Terminal) -> None:
    before = terminal.must("runs", "list", "--json").json
    cut = ("prune", "teacher", "--data", "questions", "--set", "ffn_share=0.34")
    for arguments, word in (
        (("--learn", "epochs=2"), "--rounds"),
        (("--rounds", "2", "--learn", "epoch=2"), "epoch"),
        (("--rounds", "2", "--name", "../x"), "name"),
    ):
        refused = terminal.run(*cut, *arguments)
        assert refused.code == 2
        assert word in refused.err
    assert terminal.must("runs", "list", "--json").json == before
