"""The doctor of a teacher and its student."""

from __future__ import annotations

import json

import pytest

from core.models import records
from core.models.compatibility import BY_TOKEN, diagnose
from core.workspace.workspace import Workspace
from tests.core.engines import tiny

FREE = 8_000_000_000


class Pair:
    """A workspace that knows the folders it is given, as the library does."""

    def __init__(self, folder):
        self.workspace = Workspace(folder / "work")
        self.folder = folder
        self.made = {}

    def model(self, name, *, change=lambda folder: None, hidden=64, **said):
        folder = tiny.model_folder(self.folder / name, hidden=hidden)
        described = records.describe(folder)
        records.write(folder, described.model_copy(update={"name": name, **said}))
        change(folder)
        self.made[name] = folder
        return type("Artifact", (), {"id": name, "name": name})()

    def diagnose(self, monkeypatch, teacher, student, free=FREE):
        monkeypatch.setattr(type(self.workspace), "artifact_folder", lambda _self, name: self.made[name])
        return diagnose(self.workspace, teacher, student, free)


@pytest.fixture
def pair(tmp_path):
    made = Pair(tmp_path)
    yield made
    made.workspace.close()


def stops(found):
    return [finding.what for finding in found.findings if finding.weight == "stop"]


def test_a_good_pair(pair, monkeypatch):
    teacher, student = pair.model("big", parameters=900_000), pair.model("small", parameters=300_000)
    found = pair.diagnose(monkeypatch, teacher, student)
    assert found.possible
    assert found.on_policy
    assert found.divergences == (*BY_TOKEN, "universal")
    assert any("3.0× smaller" in finding.what for finding in found.findings)


def test_a_student_that_cannot_learn_is_stopped_with_what_to_do(pair, monkeypatch):
    found = pair.diagnose(monkeypatch, pair.model("big"), pair.model("small", format="onnx"))
    assert not found.possible
    assert "exported" in stops(found)[0]
    same = pair.model("alone")
    assert stops(pair.diagnose(monkeypatch, same, same)) == ["A model cannot be its own teacher."]


def test_a_teacher_elsewhere_can_write_but_not_teach_by_token(pair, monkeypatch):
    found = pair.diagnose(monkeypatch, pair.model("far", format="endpoint"), pair.model("small"))
    assert "generate --teacher far" in next(f.fix for f in found.findings if f.weight == "stop")
    found = pair.diagnose(monkeypatch, pair.model("near"), pair.model("away", format="endpoint"))
    assert stops(found) == ["away is not on this computer."]


def test_a_teacher_too_large_for_memory_is_stopped(pair, monkeypatch):
    teacher, student = pair.model("big", parameters=70_000_000_000), pair.model("small", parameters=300_000)
    found = pair.diagnose(monkeypatch, teacher, student)
    assert "280.9 GB" in stops(found)[0]


def _half(folder):
    path = folder / "tokenizer.json"
    said = json.loads(path.read_text())
    vocabulary = said["model"]["vocab"]
    said["model"]["vocab"] = {f"{token}~" if at % 2 else token: at for at, token in enumerate(vocabulary)}
    path.write_text(json.dumps(said))


def test_other_tokens_leave_the_comparison_by_rank(pair, monkeypatch):
    found = pair.diagnose(monkeypatch, pair.model("big"), pair.model("small", change=_half))
    assert found.possible
    assert found.divergences == ("universal",)
    assert not found.on_policy
    assert 0.4 < found.overlap < 0.6


def _fewer(folder):
    path = folder / "tokenizer.json"
    said = json.loads(path.read_text())
    kept = list(said["model"]["vocab"])[:-30]
    said["model"]["vocab"] = {token: at for at, token in enumerate(kept)}
    path.write_text(json.dumps(said))


def test_a_trimmed_student_is_compared_token_by_token(pair, monkeypatch):
    found = pair.diagnose(monkeypatch, pair.model("big"), pair.model("small", change=_fewer))
    assert found.divergences == (*BY_TOKEN, "universal")
    assert not found.on_policy, "its own answers would have other ids"


def _bytes_only(folder):
    path = folder / "tokenizer.json"
    said = json.loads(path.read_text())
    said["model"]["vocab"] = {
        token: at for at, token in enumerate(said["model"]["vocab"]) if len(token) == 1 or token[0] == "<"
    }
    path.write_text(json.dumps(said))


def test_a_teacher_that_was_cut_out_of_its_student_is_to_be_swapped_with_it(pair, monkeypatch):
    teacher = pair.model("small one", change=_bytes_only, parameters=300_000)
    student = pair.model("big", parameters=900_000)
    found = pair.diagnose(monkeypatch, teacher, student)
    assert found.swapped
    said = [finding for finding in found.findings if finding.weight == "note" and "tokens" in finding.what]
    assert [finding.fix for finding in said] == ["Swap the two: `big` teaches, `small one` learns."]
    assert not pair.diagnose(monkeypatch, student, teacher).swapped


def test_what_can_be_matched_inside_depends_on_width_tokens_and_kind(pair, monkeypatch):
    small = pair.model("small")
    assert pair.diagnose(monkeypatch, pair.model("big"), small).inside == {}
    assert pair.diagnose(monkeypatch, pair.model("whole"), pair.model("cut", change=_fewer)).inside == {}
    wide = pair.diagnose(monkeypatch, pair.model("wide", hidden=96), small)
    assert wide.possible
    assert list(wide.inside) == ["hidden_weight"]
    assert "96 numbers wide, the student's 64" in wide.inside["hidden_weight"].what
    foreign = pair.diagnose(monkeypatch, pair.model("other", change=_half), small)
    exported = pair.diagnose(monkeypatch, pair.model("exported", format="onnx"), small)
    for found, word in ((foreign, "tokens"), (exported, "exported")):
        assert list(found.inside) == ["hidden_weight", "attention_weight"]
        for field, finding in found.inside.items():
            assert word in finding.what
            assert f"set {field} to 0" in finding.fix.replace("Set", "set")


@pytest.mark.parametrize(
    ("licence", "word", "weight"),
    [
        ("Apache-2.0", "lets other models learn", "good"),
        ("llama3.2", "must be named Llama", "note"),
        ("gemma", "Gemma's terms", "note"),
        ("", "not known", "note"),
    ],
)
def test_the_licence_of_the_answers_is_said(pair, monkeypatch, licence, word, weight):
    found = pair.diagnose(monkeypatch, pair.model("big", licence=licence), pair.model("small"))
    said = next(finding for finding in found.findings if word in finding.what)
    assert said.weight == weight
