"""Stored figures side by side: the newest of each, compared only on rows that both have answered."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from core.models.board import axes, board, choice, export, sentence, usefulness
from core.models.board.axes import Limits
from core.workspace.workspace import Workspace
from tests.core.models import boards
from tests.core.models.board.conftest import ReadBoard
from tests.core.models.boards import SEVEN


def test_figures_and_differences_are_those_of_the_report(workspace: Workspace, read: ReadBoard) -> None:
    boards.add_lineage(workspace)
    made = read()
    assert [item.name for item in made.variants] == [sketch.name for sketch in SEVEN]
    assert [round(item.value, 2) for item in made.variants] == [0.81, 0.81, 0.77, 0.8, 0.79, 0.76, 0.68]
    assert made.same_rows
    assert made.same_machine
    assert sentence.notes(made) == []
    teacher, int4 = made.variants[0], made.variants[-1]
    found = made.compare(int4, teacher)
    assert found is not None
    assert found.rows == 300
    assert found.difference.value == pytest.approx(int4.value - teacher.value)
    assert not found.is_chance
    assert not found.is_better
    back = made.compare(teacher, int4)
    assert back is not None
    assert back.difference.value == pytest.approx(-found.difference.value)
    assert back.is_better


def test_the_newest_figures_count_and_any_two_are_compared_on_rows_that_both_answered(
    workspace: Workspace, read: ReadBoard
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN, data)
    boards.add_report(workspace, SEVEN, models, data, range(300))
    boards.add_report(workspace, SEVEN[:1], models, data, range(250, 350))
    made = read()
    teacher, tuned = made.variants[:2]
    assert (teacher.rows, tuned.rows) == (100, 300)
    found = made.compare(tuned, teacher)
    assert found is not None
    assert found.rows == 50
    assert not made.same_rows
    assert "different rows (Teacher: 100, Tuned: 300" in sentence.notes(made)[0]


def test_an_evaluation_that_was_stopped_half_way_says_so_and_is_never_the_best(
    workspace: Workspace, read: ReadBoard
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN[:3], data)
    boards.add_report(workspace, SEVEN[:2], models, data, range(300))
    lucky = replace(SEVEN[2], share=1.0)
    boards.add_report(workspace, [lucky], models, data, range(40), asked=300)
    made = read()
    found = made.variants[2]
    assert (found.value, found.rows, found.asked, found.is_stopped) == (1.0, 40, 300, True)
    assert [item.is_stopped for item in made.variants] == [False, False, True]
    assert made.best_first()[-1] is found
    assert found.id not in axes.best(made, "right")
    assert "stopped half-way: Distilled, 20 layers (40 of 300 rows)" in sentence.notes(made)[0]
    recommended = choice.recommend(made, Limits())
    assert recommended is made.variants[1], "not the fastest, of which nobody knows the other 260 rows"


def test_the_figures_of_all_rows_count_although_a_newer_evaluation_was_stopped(
    workspace: Workspace, read: ReadBoard
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN[:2], data)
    boards.add_report(workspace, SEVEN[:1], models, data, range(300))
    boards.add_report(workspace, SEVEN[:2], models, data, range(40), asked=300)
    made = read()
    assert [(item.rows, item.is_stopped) for item in made.variants] == [(300, False), (40, True)]


def test_a_model_that_a_stopped_evaluation_never_came_to_is_said_to_be_missing(
    workspace: Workspace, read: ReadBoard
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN[:2], data)
    stopped = boards.add_report(workspace, SEVEN[:1], models, data, range(40), asked=300)
    run = workspace.store.run(stopped.run_id)
    again = workspace.store.add_run("evaluate", "again", {**run.spec, "models": [models["Tuned"].id]}, [])
    workspace.store.add_artifact(replace(stopped, id="again", name="again", run_id=again.id))
    shutil.copytree(workspace.artifact_folder(stopped.id), workspace.artifact_folder("again"))
    assert [member.name for member in read().missing] == ["Tuned"]


def test_what_was_measured_elsewhere_is_said(workspace: Workspace, read: ReadBoard) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN, data)
    faster = boards.MACHINE.model_copy(update={"threads": 16})
    boards.add_report(workspace, SEVEN[:2], models, data, range(30))
    boards.add_report(workspace, SEVEN[2:], models, data, range(30), machine=faster)
    made = read()
    assert made.same_rows
    assert not made.same_machine
    assert "different machines" in sentence.notes(made)[0]


def test_rows_that_a_teacher_answered_measure_agreement_with_it(
    workspace: Workspace, read: ReadBoard
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN, data)
    boards.add_report(workspace, SEVEN, models, data, range(30), answers_by="Teacher")
    made = read()
    assert "those of Teacher: a figure says how often a model agrees" in sentence.notes(made)[0]
    assert export.table(made, Limits()).splitlines()[0].split(",")[3] == "agrees"
    assert "<th>Agrees" in export.page(made, Limits())
    doubt = usefulness.Doubt(0.25, answers_by="Teacher")
    assert sentence.doubtful(doubt) == "agrees with Teacher in 25 %: differs more often than it agrees"


def test_a_split_has_a_board_of_its_own(workspace: Workspace, read: ReadBoard) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN, data)
    boards.add_report(workspace, SEVEN, models, data, range(30))
    boards.add_report(workspace, SEVEN[:3], models, data, range(20), split="validation")
    assert len(read().variants) == 7
    assert len(read("validation").variants) == 3


def test_a_report_of_before_is_judged_anew_by_its_answers(workspace: Workspace, read: ReadBoard) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN, data)
    boards.add_report(workspace, SEVEN, models, data, range(100), scores=False)
    made = read()
    assert not made.lacks_scores
    assert made.compare(made.variants[0], made.variants[-1]) is not None
    first = made.variants[0]
    assert sum(score[0] for score in first.scores.values()) / 100 == first.value


def test_a_perplexity_of_before_has_no_scores_and_says_so(workspace: Workspace, read: ReadBoard) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN[:2], data)
    boards.add_report(workspace, SEVEN[:2], models, data, range(20), scores=False, measure="perplexity")
    made = read()
    assert made.measure == "perplexity"
    assert made.compare(*made.variants) is None
    assert "no paired test" in sentence.notes(made)[0]


def test_less_perplexity_is_better_and_rows_are_compared_by_their_scores(
    workspace: Workspace, read: ReadBoard
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN, data)
    boards.add_report(workspace, SEVEN, models, data, range(60), measure="perplexity")
    made = read()
    assert made.best_first()[0].name == "Teacher"
    found = made.compare(made.variants[-1], made.variants[0])
    assert found is not None
    assert found.difference.value > 0
    assert not found.is_better


def test_a_changed_report_is_left_out_and_named(workspace: Workspace, read: ReadBoard) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN, data)
    boards.add_report(workspace, SEVEN, models, data, range(30))
    damaged = boards.add_report(workspace, SEVEN[:2], models, data, range(40))
    with open(workspace.artifact_folder(damaged.id) / "answers.jsonl", "a") as file:
        file.write("{}\n")
    made = read()
    assert {item.rows for item in made.variants} == {30}, "the whole one is used"
    assert made.left_out == (damaged.name,)


def test_rows_on_which_they_disagree_come_worst_first(workspace: Workspace, read: ReadBoard) -> None:
    boards.add_lineage(workspace)
    made = read()
    found = list(board.disagreements(made))
    assert found == sorted(found, key=lambda item: item[1])
    for key, mean in found:
        assert 0 < mean < 1
        assert len({item.scores[key][0] for item in made.variants}) == 2
    focus = made.variants[4]
    focused = [key for key, _mean in board.disagreements(made, focus)]
    right = [focus.scores[key][0] for key in focused]
    assert right == sorted(right), "those that it got wrong come first"
    assert set(focused) == {key for key, _mean in found}
