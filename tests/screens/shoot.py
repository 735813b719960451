"""Makes pictures of the window: `python tests/screens/shoot.py OUT_FOLDER [--size 1440x900] [page …]`.

A made-up workspace in a temporary folder is shown, light and dark. Look at them side by side with the
sketches. A page is named by its key; `run` shows a job at work, `run-done`, `run-failed`, `run-stopped`,
`run-heart` and `run-distilled` ones that ended, `run-measured` an evaluation, `run-generate` a teacher,
`compare-runs` several, `search` what to search and `search-done` what was found, `prune-cut` a model that is
being cut, `run-bits` what rounding costs, `quantize-search` what to search for, `blind-chat` two variants.
`generate-tried` asks a real endpoint on the loopback for a preview.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_TESTS.parent), str(_TESTS / "app")]

import evaluation_recording  # noqa: E402
import generating_preview  # noqa: E402
import quantize_recording  # noqa: E402
import recordings  # noqa: E402
import search_recording  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402

from app.application import Application  # noqa: E402
from app.context import Context  # noqa: E402
from app.job_bridge import JobBridge  # noqa: E402
from app.main_window import MainWindow  # noqa: E402
from app.pages import PAGES  # noqa: E402
from app.pages.runs.confusion_panel import ConfusionPanel  # noqa: E402
from app.pages.runs.times_panel import TimesPanel  # noqa: E402
from app.settings import SettingsFile  # noqa: E402
from app.theme import theme  # noqa: E402
from core.data import dataset, starter  # noqa: E402
from core.jobs import run_folder  # noqa: E402
from core.specs import ImportDataSpec  # noqa: E402
from core.workspace.workspace import Workspace  # noqa: E402
from tests.core.models import boards, hollow  # noqa: E402

_SETTLE_MS = 900  # curves are read in the background, and laid out once they are there
_PAGE_OF = {
    "compare-runs": "compare_runs",
    "blind-chat": "blind_chat",
    "search": "search",
    "search-done": "search_run",
    "prune-cut": "prune",
    "quantize-search": "quantize",
}
_DISK_FULL = {
    "kind": "job",
    "code": "disk.full",
    "what": "The disk became full while a checkpoint was saved.",
    "why": "The checkpoint of step 120 needs 560 MB, 112 MB are free.",
    "fix": "Free some space, then resume: the run goes on after step 90.",
    "details": "OSError: [Errno 28]",
}


def fill(workspace: Workspace) -> dict[str, Any]:
    """Runs and artifacts to look at; returns run ids by the name of their picture."""
    data = recordings.add_artifact(workspace, "dataset", "Banking questions")
    folder = workspace.artifact_folder(data.id)
    folder.mkdir()
    dataset.build(ImportDataSpec(source=str(starter.train()), name=data.name), folder)
    base = recordings.add_artifact(workspace, "model", "SmolLM2-135M-Instruct")
    done = recordings.add_finetune(workspace, "Support mails, LoRA", recordings.STEPS, "succeeded")
    adapter = {"format": "adapter", "base": base.id, "parameters": 4_884_480}
    recordings.add_artifact(workspace, "model", "Support mails, LoRA", done.id, adapter)
    heart = recordings.add_finetune(
        workspace,
        "Support mails, 6 passes",
        recordings.STEPS,
        "succeeded",
        rises_from=112,
        spec={"keep_best": True, "epochs": 6.0, "lora_rank": 64, "learning_rate": 4e-4},
        result={"best_step": 140, "validation_loss": 0.539, "steps": recordings.STEPS, "ended_early": True},
    )
    failed = recordings.add_finetune(workspace, "Support mails, full", 118, "failed", _DISK_FULL)
    distilled = recordings.add_distill(workspace, "Banking questions-student", recordings.STEPS, "succeeded")
    taught = hollow.add(workspace, "Support mails, taught", tokenizer=starter.tokenizer())
    generating = recordings.add_generate(workspace, "Banking questions by large", 212, 400)
    boards.add_lineage(workspace, name="Card questions")
    pair = [
        item for item in workspace.store.artifacts("model") if item.name in ("Tuned, int8", "Tuned, int4")
    ]
    running = recordings.add_finetune(workspace, "Banking questions, LoRA", 174)
    return {
        "run": running.id,
        "run-done": done.id,
        "run-failed": failed.id,
        "run-heart": heart.id,
        "run-distilled": distilled.id,
        "run-generate": generating.id,
        "run-measured": evaluation_recording.add_evaluation(workspace).id,
        "compare-runs": [done.id, heart.id, failed.id, running.id],
        "run-bits": quantize_recording.add_bits_search(workspace, 150, "succeeded").id,
        "run-bits-half": quantize_recording.add_bits_search(workspace, 62, "running").id,
        "quantize-search": taught.id,
        "search": None,
        "blind-chat": [item.id for item in pair],
        "prune-cut": taught.id,
        "search-done": search_recording.add_search(workspace, 30, "succeeded").id,
        "run-stopped": _stopped(workspace),
    }


def _stopped(workspace: Workspace) -> str:
    """A search that was stopped before it had a result, and has kept what it measured."""
    run = quantize_recording.add_bits_search(workspace, 62, "stopped")
    run_folder.mark_kept(workspace.run_folder(run.id), "rows", 9, 16)
    nothing = {"kind": "cancelled", "what": "The job was stopped before it had a result."}
    workspace.store.set_state(run.id, "stopped", error=nothing)
    return run.id


def _open_panels(window: MainWindow) -> None:
    """What stands behind links is the picture."""
    for panel in (*window.findChildren(ConfusionPanel), *window.findChildren(TimesPanel)):
        if panel.details.isHidden():
            panel.link.click()


def main(out: Path, size: tuple[int, int], wanted: list[str]) -> None:
    """Writes `<page>-<theme>.png` for every page, or for those named, and `empty-<page>` without any work."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = SettingsFile(Path(folder) / "settings.json")
        app = Application(sys.argv[:1], settings)
        for prefix in ("", "empty-"):
            workspace = Workspace(Path(folder) / f"{prefix}workspace")
            runs = {} if prefix else fill(workspace)
            bridge = JobBridge(workspace, settings)
            if runs:
                for event in recordings.finetune_events(174, time.time() - 174):
                    bridge.progress(runs["run"]).take(event)
            window = MainWindow(Context(workspace, bridge, settings))
            window.resize(*size)
            window.show()
            window.job_bar.set_memory(3_300_000_000, 23_000_000_000)
            shots = [(record.key, record.key, None) for record in PAGES if not record.parent]
            shots += [(name, _PAGE_OF.get(name, "run"), argument) for name, argument in runs.items()]
            for name in ("light", "dark"):
                theme().apply(name)
                for picture, page, argument in shots:
                    if wanted and picture not in wanted:
                        continue
                    window.show_page(page, argument)
                    if picture == "run-measured":
                        _open_panels(window)
                    if picture == "quantize-search":
                        window.current_page.view_model.choose_recipe("search")
                        window.current_page.view_model.set_timed(True)
                    QTest.qWait(_SETTLE_MS)
                    window.grab().save(str(out / f"{prefix}{picture}-{name}.png"))
            window.close()
            workspace.close()
        if not wanted or "generate-tried" in wanted:
            generating_preview.shoot(out, Path(folder) / "teacher", settings, size)
        app.quit()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", default="1440x900")
    parser.add_argument("pages", nargs="*")
    given = parser.parse_intermixed_args()
    width, height = given.size.split("x")
    main(given.out, (int(width), int(height)), given.pages)
