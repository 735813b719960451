"""Comparing, repeating and exporting runs, in this process."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from core.cli.main import main
from core.jobs.events import Event, encode
from core.workspace.workspace import Workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two runs that differ in their passes; the second one was resumed and learnt by heart."""
    workspace = Workspace(tmp_path / "work")
    for name, epochs, rise in (("first", 3.0, 0.0), ("second", 6.0, 0.08)):
        run = workspace.store.add_run("finetune", name, {"model": "m", "data": "d", "epochs": epochs}, [])
        workspace.store.set_state(run.id, "starting")
        said = [("metrics", {"step": 1, "values": {"loss": 9.0}})]  # repeated after a resume
        for step in range(1, 81):
            said.append(("metrics", {"step": step, "values": {"loss": 2 - step / 50, "tokens_per_s": 500.0}}))
            said.append(("resources", {"rss_bytes": 1_000_000 + step}))
            if step % 10 == 0:
                loss = 1.0 - step / 400 if step <= 40 else 0.9 + rise * (step - 40) / 10
                said.append(("metrics", {"step": step, "values": {"validation_loss": loss}}))
        said.append(("sample", {"step": 80, "prompt": "hi", "answer": "<b>", "expected": "x"}))
        events = [Event(ev, seq, 1000.0 + seq, fields) for seq, (ev, fields) in enumerate(said)]
        folder = workspace.run_folder(run.id)
        folder.mkdir(parents=True)
        (folder / "events.jsonl").write_text("\n".join(map(encode, events)) + "\n")
        workspace.store.set_state(run.id, "succeeded", result={"best_step": 40, "steps": 80})
    workspace.close()
    return workspace.root


def ask(capsys: pytest.CaptureFixture[str], root: Path, *arguments: str) -> dict:
    assert main(["--workspace", str(root), "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_compare_names_what_differs_and_what_came_of_it(capsys, root):
    found = ask(capsys, root, "runs", "compare", "first", "second")
    assert [(item["field"], item["values"]) for item in found["differences"]] == [("epochs", [3.0, 6.0])]
    assert found["figures"][1]["best_step"] == 40
    assert found["figures"][0]["peak_rss_bytes"] == 1_000_080
    assert main(["--workspace", str(root), "runs", "compare", "first", "second"]) == 0
    assert "Passes" in capsys.readouterr().out


def test_a_run_s_figures_have_units(capsys, root):
    workspace = Workspace(root)
    result = {"peak_rss_bytes": 1_348_169_728, "seconds": 588.0, "train_loss": 0.0028654283582, "steps": 40}
    workspace.store.set_state("finetune-1", "succeeded", result=result)
    workspace.close()
    assert main(["--workspace", str(root), "runs", "show", "first"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[1:] if line.strip()]
    said = {line[0]: line[1] for line in lines if len(line) == 2}
    assert said["peak_rss_bytes"] == "1.3 GB"
    assert said["seconds"] == "9 min 48 s"
    assert said["train_loss"] == "0.002865"
    assert said["steps"] == "40"


def test_what_a_run_decided_stands_where_its_spec_leaves_it_open(capsys, root):
    workspace = Workspace(root)
    for name, rate in (("taught", 3e-4), ("tuned", 5e-5)):
        spec = {"model": "m", "data": "d", "teachers": ["t"], "learning_rate": None, "precision": "auto"}
        run = workspace.store.add_run("distill", name, spec, [])
        folder = workspace.run_folder(run.id)
        folder.mkdir(parents=True)
        (folder / "resolved.json").write_text(json.dumps({"learning_rate": rate, "precision": "bf16"}))
    workspace.close()
    shown = ask(capsys, root, "runs", "show", "taught")
    assert shown["decided"] == {"learning_rate": 3e-4, "precision": "bf16"}
    found = ask(capsys, root, "runs", "compare", "taught", "tuned")["differences"]
    assert [(item["field"], item["values"]) for item in found] == [("learning_rate", [3e-4, 5e-5])]
    assert main(["--workspace", str(root), "runs", "show", "taught"]) == 0
    assert "0.0003" in capsys.readouterr().out


def test_one_run_cannot_be_compared(capsys, root):
    assert main(["--workspace", str(root), "runs", "compare", "first", "first"]) == 2


def test_show_says_that_a_run_learnt_by_heart_and_what_was_kept(capsys, root):
    assert ask(capsys, root, "runs", "show", "second")["overfitting"]["since_step"] == 40
    assert ask(capsys, root, "runs", "show", "first")["overfitting"] is None
    main(["--workspace", str(root), "runs", "show", "second"])
    assert "The result is the model of step 40." in capsys.readouterr().out


def test_tensorboard_reads_back_what_was_recorded(capsys, root, tmp_path):
    made = Path(ask(capsys, root, "runs", "export", "first", "--out", str(tmp_path / "tb"))["path"])
    from tensorboardX.proto.event_pb2 import Event as Record

    data = next(made.glob("events.out.tfevents.*")).read_bytes()
    values: dict[str, list[tuple[int, float]]] = {}
    while data:  # length (8), its checksum (4), record, its checksum (4)
        length = int.from_bytes(data[:8], "little")
        record = Record.FromString(data[12 : 12 + length])
        data = data[16 + length :]
        for value in record.summary.value:
            values.setdefault(value.tag, []).append((record.step, value.simple_value))
    assert len(values["loss/training"]) == 80
    assert values["loss/training"][0] == (1, pytest.approx(1.98))
    assert [step for step, _loss in values["loss/validation"]] == list(range(10, 81, 10))
    assert any(tag.startswith("answers/1") for tag in values)


def test_csv_and_json_hold_every_point_and_nothing_is_written_over(capsys, root, tmp_path):
    out = str(tmp_path / "out")
    made = Path(ask(capsys, root, "runs", "export", "first", "--format", "csv", "--out", out)["path"])
    rows = list(csv.DictReader(made.open()))
    assert len(rows) == 80
    assert rows[9]["validation_loss"]
    again = ask(capsys, root, "runs", "export", "first", "--format", "csv", "--out", out)["path"]
    assert Path(again).name == "first-2.csv"
    made = Path(ask(capsys, root, "runs", "export", "first", "--format", "json", "--out", out)["path"])
    assert json.loads(made.read_text())["metrics"]["loss"][0][:2] == [1, 1.98]


def test_repeat_refuses_a_wrong_setting_before_anything_runs(capsys, root):
    assert main(["--workspace", str(root), "runs", "repeat", "first", "--set", "epochs=-1"]) == 2
    assert "epochs" in capsys.readouterr().err
