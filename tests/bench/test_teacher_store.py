"""What the teacher's kept words cost: bytes a token, time to read them back, and what the tail hides.

Reading is held against the rate at which the demo's student learnt from the same words. The gap is that
between the divergence over all 49,152 tokens and the one over the kept tokens and their tail, from the tuned
teacher to the model it came from, on validation rows; the second can only be smaller (data processing).
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest
import torch

from core.data.dataset import Dataset
from core.engines import tokenizing
from core.engines.distilling import divergence, soft, store
from core.engines.distilling.soft import Soft
from core.engines.training import examples, weights
from core.jobs.sampling import cores
from core.workspace.workspace import Workspace
from tests.bench import headline
from tests.core.engines import tiny

pytestmark = [pytest.mark.bench, pytest.mark.timeout(2 * 3600)]
BYTES_A_TOKEN, FASTER, ROWS, TOP_K, TEMPERATURE = 260, 20, 100, 48, 2.0


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    headline.require_demo()
    return Workspace(headline.FOLDER)


def test_words_are_small_and_read_back_faster_than_learnt(workspace: Workspace, capsys) -> None:
    kept = max((headline.FOLDER / "cache" / "teachers").iterdir(), key=lambda path: path.stat().st_mtime)
    parts = [path.name for path in kept.iterdir() if path.is_dir()]
    took = []
    for _ in range(5):
        began = time.perf_counter()
        said = store.read(kept, parts)
        took.append(time.perf_counter() - began)
    tokens = sum(len(row.labels) for row in said.values())
    size = sum(file.stat().st_size for part in parts for file in (kept / part).iterdir())
    run = workspace.store.maker(workspace.artifact("demo-student", "model"))
    assert run is not None
    learnt = statistics.median(value for _, value in workspace.store.metrics(run.id)["tokens_per_s"])
    rate = tokens / statistics.median(took)
    with capsys.disabled():
        print(
            f"\n{tokens} tokens, {size / tokens:.0f} bytes each; read and verified at {rate:.0f} a second, "
            f"learnt from at {learnt:.0f}: {rate / learnt:.0f}×"
        )
    assert size / tokens <= BYTES_A_TOKEN
    assert rate >= FASTER * learnt


def test_the_tail_hides_little(workspace: Workspace, tmp_path: Path, capsys) -> None:
    torch.set_num_threads(cores())
    teacher, base = (workspace.artifact(name, "model") for name in (headline.TEACHER, "starter"))
    folders = {item.id: workspace.artifact_folder(item.id) for item in (teacher, base)}
    job, _out = tiny.job(tmp_path / "job", **folders)
    tokenizer = tokenizing.load(folders[base.id])
    data = Dataset(workspace.artifact_folder(workspace.artifact("starter-banking", "dataset").id))
    *_, found = examples.encode(data, "validation", tokenizer, 512)
    logits = {}
    for item in (teacher, base):
        model = weights.load_model(job, item.id, torch.float32).eval()
        with torch.no_grad():
            logits[item.id] = torch.cat(
                [
                    model(input_ids=torch.tensor([row.ids])).logits[0][_places(row)]
                    for row in found.usable[:ROWS]
                ]
            )
    theirs = torch.log_softmax(logits[teacher.id] / TEMPERATURE, -1)
    ours = torch.log_softmax(logits[base.id] / TEMPERATURE, -1)
    full = (theirs.exp() * (theirs - ours)).sum(-1) * TEMPERATURE**2
    lines = []
    for kept in (8, 24, TOP_K, 63):
        ids, logs, tail = soft.coarsen(logits[teacher.id], kept, TEMPERATURE)
        seen = divergence.distance(
            logits[base.id],
            Soft(ids, logs, tail, torch.ones(len(ids), dtype=torch.bool)),
            "forward_kl",
            TEMPERATURE,
        )
        assert bool((seen <= full + 1e-3).all())
        lines.append(
            f"{kept:>3} kept: {seen.mean():.4f} of {full.mean():.4f} nats, "
            f"{1 - seen.mean() / full.mean():.1%} unseen"
        )
    with capsys.disabled():
        print(f"\nforward KL at temperature {TEMPERATURE:g}, {len(full)} tokens\n" + "\n".join(lines))


def _places(row: examples.Example) -> list[int]:
    return [at - 1 for at, label in enumerate(row.labels) if at and label != -100]
