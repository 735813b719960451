"""The models page, by clicks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.dialogs.confirm import ConfirmDialog
from app.job_bridge import JobBridge
from app.pages.models.export_dialog import ExportDialog
from app.pages.models.merge_dialog import MergeDialog
from app.pages.models.page import ModelsPage
from app.pages.models.view_model import ModelsViewModel
from core.specs import AddModelSpec, MergeSpec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(qtbot: QtBot, bridge: JobBridge) -> ModelsPage:
    page = ModelsPage(ModelsViewModel(bridge))
    qtbot.addWidget(page)
    page.resize(1232, 854)
    page.show()
    return page


def test_empty_page_adds_the_starter_model_with_one_click(page: ModelsPage, workspace: Workspace) -> None:
    QTest.mouseClick(page.empty.action_button, LEFT)
    run = workspace.store.runs()[0]
    assert run.kind == "add_model"
    assert run.spec == {"source": "starter", "name": "SmolLM2-135M-Instruct"}
    assert page.jobs_card.isVisible()
    assert not page.empty.isVisible()


def test_adding_a_folder_says_what_blocks_it(page: ModelsPage, tmp_path: Path, workspace: Workspace) -> None:
    QTest.mouseClick(page.empty.second_button, LEFT)
    page.add_card.sources.choose("folder")
    assert page.add_card.add_button.text() == "Choose a folder first"
    line = page.add_card.path.line
    line.setFocus()
    QTest.keyClicks(line, str(tmp_path / "nowhere"))
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert page.add_card.path.problem.isVisible()
    folder = tmp_path / "my model"
    folder.mkdir()
    line.clear()
    QTest.keyClicks(line, str(folder))
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert page.add_card.name.line.text() == "my model"
    QTest.mouseClick(page.add_card.add_button, LEFT)
    assert workspace.store.runs()[0].spec == {"source": str(folder), "name": "my model"}


def test_list_shows_what_a_model_is(
    page: ModelsPage, add_model: Callable[..., Artifact], qtbot: QtBot
) -> None:
    base = add_model("SmolLM2")
    add_model("tuned", format="adapter", base=base.id, parameters=4_884_480)
    page.open_with(base.id)
    rows = page.list.model()
    shown = {
        rows.index(row, 0).data(): [rows.index(row, column).data() for column in range(6)] for row in range(2)
    }
    assert shown["SmolLM2"][1:3] == ["full weights", "135 M"]
    assert shown["└ tuned"][1] == "LoRA add-on"
    assert page.details.title_label.text() == "SmolLM2"


def test_a_cut_model_wants_to_be_taught(page: ModelsPage, add_model: Callable[..., Artifact]) -> None:
    remark = {"name": "taught", "status": "amber", "text": "Cut, not taught yet"}
    receipt = {"status": "amber", "reasons": [remark["text"]], "checks": [remark]}
    page.open_with(add_model("cut", receipt=receipt, untaught=True).id)
    assert page.details.receipt.text() == "⚠ Untaught"
    assert "Its files are sound; teach it" in page.details.untaught.text()
    assert page.details.untaught.isVisible()
    assert not page.details.reasons.isVisible()
    page.open_with(add_model("merged", receipt={"status": "amber", "reasons": ["It is slow"]}).id)
    assert page.details.receipt.text() == "⚠ Look first"
    assert page.details.reasons.text().startswith("It is slow. Measure it")
    assert not page.details.untaught.isVisible()


def test_a_model_without_a_rank_has_no_line_for_it(
    page: ModelsPage, add_model: Callable[..., Artifact]
) -> None:
    base = add_model("base")
    addon = add_model("addon", format="adapter", base=base.id, rank=8)
    page.open_with(addon.id)
    assert "Rank" in page.details.facts.names
    page.open_with(base.id)
    assert "Rank" not in page.details.facts.names


def test_the_heading_that_sorts_has_the_arrow_beside_it(
    page: ModelsPage, add_model: Callable[..., Artifact]
) -> None:
    add_model("base")
    page.open_with("")
    header = page.list.horizontalHeader()

    def titles() -> list[str]:
        model = page.list.model()
        return [str(model.headerData(at, Qt.Orientation.Horizontal)) for at in range(2)]

    QTest.mouseClick(header.viewport(), LEFT, pos=QPoint(header.sectionViewportPosition(0) + 20, 15))
    assert titles()[0] in ("Name ↑", "Name ↓")
    before = titles()[0]
    QTest.mouseClick(header.viewport(), LEFT, pos=QPoint(header.sectionViewportPosition(0) + 20, 15))
    assert titles()[0] in ("Name ↑", "Name ↓")
    assert titles()[0] != before
    assert not titles()[1].endswith(("↑", "↓"))


def test_add_ons_stand_below_their_base(page: ModelsPage, add_model: Callable[..., Artifact]) -> None:
    base = add_model("base")
    first = add_model("first", format="adapter", base=base.id, method="dora", rank=8)
    add_model("other")
    add_model("second", format="adapter", base=first.id)
    page.open_with(first.id)
    rows = page.list.model()
    names = [rows.index(row, 0).data() for row in range(rows.rowCount())]
    assert names == ["other", "base", "└ first", "\u2003└ second"]
    assert page.details.facts._values["Rank"].text() == "8"
    assert page.details.facts._values["Kind"].text() == "DoRA add-on"


def merge_dialog(page: ModelsPage) -> MergeDialog:
    QTest.mouseClick(page.details.merge_button, LEFT)
    return next(child for child in page.window().findChildren(MergeDialog) if child.isVisible())


def test_one_add_on_is_merged_into_a_whole_model(
    page: ModelsPage, add_model: Callable[..., Artifact], workspace: Workspace
) -> None:
    base = add_model("base")
    tuned = add_model("tuned", format="adapter", base=base.id, method="dora")
    page.open_with(base.id)
    assert not page.details.merge_button.isVisible()
    page.open_with(tuned.id)
    dialog = merge_dialog(page)
    assert len(dialog.rows) == 1
    QTest.mouseClick(dialog.merge_button, LEFT)
    run = workspace.store.runs()[0]
    assert (run.kind, run.name) == ("merge", "tuned-merged")
    assert MergeSpec.model_validate(run.spec).makes_model
    assert page.jobs_card.isVisible()


def test_several_add_ons_are_merged_with_weights(
    page: ModelsPage, add_model: Callable[..., Artifact], workspace: Workspace
) -> None:
    base, other_base = add_model("base"), add_model("other base")
    first = add_model("first", format="adapter", base=base.id, method="lora")
    second = add_model("second", format="adapter", base=base.id, method="lora")
    add_model("foreign", format="adapter", base=other_base.id, method="lora")
    add_model("scales", format="adapter", base=base.id, method="ia3")
    page.open_with(first.id)
    dialog = merge_dialog(page)
    assert [row.item.name for row in dialog.rows] == ["first", "second"]
    assert not dialog.how.isVisible()
    dialog.rows[1].box.click()
    assert dialog.how.isVisible()
    QTest.keyClick(dialog.rows[1].slider, Qt.Key.Key_Right)
    dialog.how.setFocus()
    QTest.keyClick(dialog.how, Qt.Key.Key_Down)
    QTest.mouseClick(dialog.merge_button, LEFT)
    spec = MergeSpec.model_validate(workspace.store.runs()[0].spec)
    assert spec.models == (first.id, second.id)
    assert spec.weights == (0.5, 0.55)
    assert (spec.how, spec.into) == ("svd", "adapter")


def test_details_lead_to_the_next_page(
    page: ModelsPage, add_model: Callable[..., Artifact], qtbot: QtBot
) -> None:
    item = add_model()
    page.open_with(item.id)
    with qtbot.waitSignal(page.page_requested) as asked:
        QTest.mouseClick(page.details.finetune_button, LEFT)
    assert asked.args == ["finetune", item.id]


def test_lineage_walks_back_to_what_it_was_made_from(
    bridge: JobBridge, add_model: Callable[..., Artifact], workspace: Workspace, qtbot: QtBot
) -> None:
    run = bridge.submit(AddModelSpec(source="/somewhere/base.gguf", name="base"), "base")
    base = add_model("base", run_id=run.id)
    tuning = workspace.store.add_run("finetune", "tuned", {}, [base.id])
    tuned = add_model("tuned", run_id=tuning.id)
    model = ModelsViewModel(bridge)
    model.refresh()
    model.select(tuned.id)
    found = [(origin.depth, origin.name, origin.title) for origin in model.origins()]
    assert found == [(0, "tuned", "Fine-tune"), (1, "base", "Add model")]
    assert model.origins()[1].source == "/somewhere/base.gguf"


def test_an_export_says_why_its_conversations_are_shorter(
    page: ModelsPage, add_model: Callable[..., Artifact], workspace: Workspace
) -> None:
    base = add_model("base", context=8192)
    run = workspace.store.add_run("quantize", "small", {"model": base.id}, [base.id])
    small = add_model("small", format="onnx", context=2048, run_id=run.id)
    page.open_with(base.id)
    assert not page.details.room.isVisible()
    page.open_with(small.id)
    assert page.details.room.isVisible()
    assert "up to 2,048 tokens" in page.details.room.text()
    assert "Its source holds 8,192" in page.details.room.text()


def test_a_model_that_another_stands_on_is_not_removed(
    page: ModelsPage, add_model: Callable[..., Artifact], workspace: Workspace, qtbot: QtBot
) -> None:
    base = add_model("base")
    add_model("tuned", format="adapter", base=base.id)
    page.open_with(base.id)
    QTest.mouseClick(page.details.remove_button, LEFT)
    QTest.mouseClick(page.findChild(ConfirmDialog).act_button, LEFT)
    qtbot.waitUntil(page.error_panel.isVisible)
    assert "tuned" in page.error_panel.note_label.text()
    assert workspace.store.find_artifact(base.id) is not None


def test_failed_job_shows_its_error_here(
    page: ModelsPage, bridge: JobBridge, workspace: Workspace, qtbot: QtBot
) -> None:
    QTest.mouseClick(page.empty.action_button, LEFT)
    run = workspace.store.runs()[0]
    error = {"kind": "input", "what": "The starter model is not installed.", "why": "", "fix": "Install it."}
    workspace.store.set_state(run.id, "failed", error=error)
    bridge.run_changed.emit(run.id)
    assert page.error_panel.isVisible()
    assert page.error_panel.title_label.text() == "The starter model is not installed."
    assert page.empty.isVisible()


def test_columns_without_room_stay_away_when_measured_again(
    page: ModelsPage, add_model: Callable[..., Artifact], qtbot: QtBot
) -> None:
    add_model()
    page.open_with(None)
    table = page.list
    for width in (820, 860, 820):  # the second look has the same answer as the first
        page.resize(width, 700)
        qtbot.wait(20)
        assert table.columnWidth(0) >= 160
    page.resize(1400, 700)
    columns = range(page.table.columnCount())
    qtbot.waitUntil(lambda: not any(table.isColumnHidden(column) for column in columns))


def export_dialog(page: ModelsPage) -> ExportDialog:
    QTest.mouseClick(page.details.export_button, LEFT)
    return next(dialog for dialog in page.window().findChildren(ExportDialog) if dialog.isVisible())


def test_a_model_is_exported_into_a_folder(
    page: ModelsPage, add_model: Callable[..., Artifact], workspace: Workspace, tmp_path: Path
) -> None:
    model = add_model("plain")
    folder = workspace.artifact_folder(model.id)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "architectures": ["LlamaForCausalLM"]}))
    words = {"model": {"type": "BPE"}, "pre_tokenizer": {"type": "ByteLevel"}}
    (folder / "tokenizer.json").write_text(json.dumps(words))
    page.open_with(model.id)
    dialog = export_dialog(page)
    assert dialog.export_button.text() == "Choose a new or empty folder first"

    dialog.numbers.choose("q4_1")
    QTest.keyClicks(dialog.folder.line, str(tmp_path / "out"))
    QTest.mouseClick(dialog.export_button, LEFT)

    run = workspace.store.runs()[0]
    assert (run.kind, run.name) == ("export", "plain-q4_1")
    assert (run.spec["numbers"], run.spec["out"]) == ("q4_1", str(tmp_path / "out"))
    assert page.jobs_card.isVisible()


def test_what_cannot_be_written_says_why(
    page: ModelsPage, add_model: Callable[..., Artifact], tmp_path: Path
) -> None:
    page.open_with(add_model("odd").id)
    dialog = export_dialog(page)
    QTest.keyClicks(dialog.folder.line, str(tmp_path / "out"))
    QTest.mouseClick(dialog.export_button, LEFT)

    assert page.error_panel.isVisible()
    assert page.error_panel.title_label.text() == "odd cannot be written as GGUF."


def test_an_amber_or_red_receipt_stands_before_the_name_in_the_list_and_is_read_aloud(
    page: ModelsPage, add_model: Callable[..., Artifact]
) -> None:
    for colour in ("green", "amber", "red"):
        add_model(f"a {colour} one", receipt=colour)
    page.open_with(None)
    cells = [page.table.index(row, 0) for row in range(page.table.rowCount())]
    spoken = {str(cell.data()): str(cell.data(Qt.ItemDataRole.AccessibleTextRole)) for cell in cells}
    assert spoken == {
        "a green one": "a green one",
        "⚠ a amber one": "a amber one, amber receipt",
        "✗ a red one": "a red one, red receipt",
    }
    tips = {str(cell.data(Qt.ItemDataRole.ToolTipRole)) for cell in cells}
    assert tips == set(spoken.values())
