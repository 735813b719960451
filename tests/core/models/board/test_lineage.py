"""Which models belong together, what each is, and which of them were never measured."""

from __future__ import annotations

from core.models.board import evidence, lineage
from core.workspace.workspace import Workspace
from tests.core.models import boards
from tests.core.models.boards import SEVEN, Sketch

OTHER = (
    Sketch("Other base", 0.3, 500, 5e8, 1e9),
    Sketch("Other tuned", 0.7, 500, 5e8, 1e9, "finetune", "Other base"),
)


def subjects(workspace: Workspace) -> list[evidence.Subject]:
    found = evidence.evaluations(workspace)
    return evidence.subjects(workspace, found, evidence.members_of(workspace, found))


def test_each_model_has_a_role_and_a_quantized_one_that_of_its_source(workspace: Workspace) -> None:
    data = boards.add_lineage(workspace)
    found = {member.name: member for member in lineage.members(workspace).values()}
    assert found["Teacher"].role == "teacher"
    assert (found["Tuned"].role, found["Tuned"].recipe) == ("tuned", "")
    assert (found["Tuned, int8"].role, found["Tuned, int8"].recipe) == ("tuned", "int8")
    assert found["Distilled, int4-mixed"].role == "distilled"
    assert found["Tuned, int8"].learnt == data.id
    assert {member.family for member in found.values()} == {found["Teacher"].id}


def test_models_that_nothing_links_are_two_lineages_and_can_be_seen_together(workspace: Workspace) -> None:
    data = boards.add_data(workspace)
    sketches = SEVEN + OTHER
    models = boards.add_models(workspace, sketches, data)
    boards.add_report(workspace, sketches, models, data, range(50))
    found = subjects(workspace)
    assert [(item.family_name, len(item.models)) for item in found] == [
        ("", 9),
        ("Teacher", 7),
        ("Other base", 2),
    ]


def test_what_belongs_and_was_never_measured_is_named(workspace: Workspace) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN + OTHER, data)
    boards.add_report(workspace, SEVEN[1:4], models, data, range(50))
    found = evidence.evaluations(workspace)
    members = evidence.members_of(workspace, found)
    (subject,) = evidence.subjects(workspace, found, members)
    names = [member.name for member in evidence.missing(subject, members)]
    assert names == ["Teacher", "Tuned, int4-mixed", "Distilled, int4-mixed", "Tuned, int4"]


def test_a_report_whose_run_was_removed_is_found_by_the_name_of_its_data(workspace: Workspace) -> None:
    boards.add_lineage(workspace, rows=20)
    run = next(run for run in workspace.store.runs() if run.kind == "evaluate")
    workspace.store.remove_run(run.id)
    (subject,) = subjects(workspace)
    assert (subject.data_name, len(subject.models)) == ("Banking questions", 7)


def test_an_adapter_that_an_exported_model_serves_is_a_variant_of_its_own(workspace: Workspace) -> None:
    boards.add_lineage(workspace, rows=20)
    members = lineage.members(workspace)
    served = next(member for member in members.values() if member.name == "Tuned, int8")
    found = lineage.adapter(served, "Tuned", members.values())
    assert (found.id, found.name, found.role) == (f"{served.id}:Tuned", "Tuned, int8:Tuned", "tuned")
    assert found.artifact_id == served.id
    assert found.family == served.family
