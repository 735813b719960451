"""A model with a red receipt by command: refused, and used after a reason."""

from __future__ import annotations

import json
from pathlib import Path

from core.workspace import manifest, overrides
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace
from tests.core.cli.terminal import Terminal
from tests.core.engines import tiny


def test_a_red_model_talks_only_after_a_reason_and_the_reason_is_kept(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    workspace = Workspace(terminal.workspace)
    folder = tiny.model_folder(workspace.artifact_folder("m1"))
    remark = "Cut, not taught yet: likeliest token equal in 12%"
    checks = [{"name": "taught", "status": "amber", "text": remark}]
    said = {"status": "red", "reasons": ["no stop token"], "checks": checks}
    (folder / "receipt.json").write_text(json.dumps(said))
    sealed = manifest.write(folder)
    meta = {"format": "hf", "receipt": "red"}
    workspace.store.add_artifact(
        Artifact("m1", "model", "small", sealed.digest, sealed.total_bytes, 0.0, "", meta)
    )
    few = ("chat", "small", "--prompt", "hello", "--set", "max_new_tokens=2", "--json")

    short = terminal.run(*few, "--anyway", "ok")
    assert short.code == 2
    assert "no stop token" in short.err

    answer = terminal.must(*few, "--anyway", "I only want to see what it says")
    assert answer.json["tokens"] <= 2
    assert f"Note: {remark}." in answer.err, "what a conversation shows is said before it"
    (kept,) = overrides.listed(workspace)
    assert (kept.artifact, kept.why) == ("m1", "I only want to see what it says")
    assert "used_anyway" in terminal.must("models", "show", "small", "--json").json
    workspace.close()
