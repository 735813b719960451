"""Time and memory to the same retention against TRL's GKDTrainer, off-policy (`lmbda=0`).

The teacher is the starter model after a short full fine-tuning on the eight-intent rows; the student is ten
of its thirty layers, as `prune` cuts them. Both sides start from these two folders in a process of their own
and get the same token ids, labels, order, batch, learning rate, schedule, threads and fp32, and make the same
thing small: forward KL at temperature 1, no share of the labels. Retention is the share of the answers'
tokens of the validation rows at which the student's first choice is the teacher's; both sides look at it by
the same code after the same steps, and the clock stands still meanwhile. The clock runs from before the
models are loaded, so this program's asking of its teacher counts. Neither side saves anything.

TRL recomputes activations by default, which takes time and spares memory. So a second GKD that keeps them
runs for a few steps: its time to the target is its start and that many of its median steps. This program must
beat the faster of the two in time and the leaner of the two in memory.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from core.data import starter
from core.data.dataset import Dataset, build
from core.engines import add_model, finetune, prune, tokenizing
from core.engines.training import examples
from core.engines.training.templates import IGNORED
from core.jobs.sampling import cores
from core.specs import AddModelSpec, FinetuneSpec, ImportDataSpec, PruneSpec
from core.workspace import manifest
from tests.bench.distill_contender import Lab
from tests.core.cli.terminal import ROOT
from tests.core.engines import tiny

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]
CONTENDER = Path(__file__).with_name("distill_contender.py")
LAYERS, TEACHER_STEPS = 10, 24
BATCH, EPOCHS, RATE, WARMUP, SEED = 16, 6, 3e-4, 0.05, 17
LOOK_EVERY, TARGET, SHORT = 4, 0.9, 6
FASTER, MEMORY_SHARE = 3.0, 0.5


@dataclass(frozen=True)
class Learnt:
    """What a contender said at its end."""

    seconds: float
    cpu_seconds: float
    ends: list[float]
    steps: int
    losses: list[float]
    curve: list[list[float]]
    peak_rss_bytes: int

    @property
    def step_s(self) -> float:
        """Median of the steps but the first, which warms up."""
        later = zip(self.ends[1:], self.ends[2:], strict=False)
        return statistics.median(second - first for first, second in later)


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Path:
    """Teacher, student, rows and what the teacher says on the judged ones, as a file for the contenders."""
    pytest.importorskip("trl")
    folder = tmp_path_factory.mktemp("distill")
    torch.set_num_threads(cores())
    job, _out = tiny.job(folder / "add")
    add_model.run(AddModelSpec(source="starter", name="starter"), job)
    base, data = folder / "add" / "out" / "model", folder / "d"
    data.mkdir()
    build(
        ImportDataSpec(
            source=str(starter.quick_train()),
            name="b",
            test_source=str(starter.quick_test()),
            validation_fraction=0.2,
        ),
        data,
    )
    manifest.write(data)
    job, _out = tiny.job(folder / "teach", b=base, d=data)
    finetune.run(
        FinetuneSpec(
            model="b",
            data="d",
            method="full",
            epochs=10,
            max_steps=TEACHER_STEPS,
            precision="fp32",
            default_system=True,
            sample_prompts=0,
            keep_best=False,
            threads=cores(),
            checkpoint_every=10_000,
        ),
        job,
    )
    teacher = folder / "teach" / "out" / "model"
    job, _out = tiny.job(folder / "cut", t=teacher, b=base, d=data)
    prune.run(PruneSpec(model="t", data="d", keep_layers=LAYERS, threads=cores()), job)
    student = folder / "cut" / "out" / "model"
    tokenizer = tokenizing.load(student)
    *_, train = examples.encode(Dataset(data), "train", tokenizer, 512)
    *_, validation = examples.encode(Dataset(data), "validation", tokenizer, 512)
    given = Lab(
        student=str(student),
        teacher=str(teacher),
        base=str(base),
        data=str(data),
        rows=[(row.ids, row.labels) for row in train.usable],
        judged=judged(teacher, validation.usable),
        batch=BATCH,
        epochs=EPOCHS,
        rate=RATE,
        warmup=WARMUP,
        seed=SEED,
        look_every=LOOK_EVERY,
        target=TARGET,
        short=SHORT,
    )
    path = folder / "lab.json"
    path.write_text(json.dumps(asdict(given)), encoding="utf-8")
    return path


def judged(folder: Path, rows: list[examples.Example]) -> list[tuple[list[int], list[int], list[int]]]:
    """The rows, where their answers' tokens are said, and the teacher's first choice there."""
    teacher = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    found = []
    for row in rows:
        places = [at - 1 for at, label in enumerate(row.labels) if at and label != IGNORED]
        with torch.no_grad():
            said = teacher(input_ids=torch.tensor([row.ids])).logits[0, places].argmax(-1).tolist()
        found.append((row.ids, places, said))
    return found


def _right(lab: Path) -> float:
    """Share of the judged tokens at which the teacher's first choice is the answer's."""
    pairs = [
        (said, ids[place + 1])
        for ids, places, choices in json.loads(lab.read_text(encoding="utf-8"))["judged"]
        for place, said in zip(places, choices, strict=True)
    ]
    return sum(said == right for said, right in pairs) / len(pairs)


def learn(lab: Path, contender: str) -> Learnt:
    """Runs a contender to its end."""
    done = subprocess.run(
        [sys.executable, str(CONTENDER), str(lab), contender],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return Learnt(**json.loads(done.stdout.splitlines()[-1]))


def test_the_same_retention_in_a_third_of_the_time_and_half_the_memory(lab: Path, capsys) -> None:
    mine, peer, kept = (learn(lab, contender) for contender in ("ours", "gkd", "gkd-kept"))
    kept_s = kept.ends[0] + (peer.steps - 1) * kept.step_s
    lines = [
        f"{cores()} threads, fp32; the teacher's first choice is right at {_right(lab):.1%} of the tokens; "
        f"retention before {mine.curve[0][1]:.1%}, to reach {TARGET:.0%}",
        f"{'':<34}{'time':>9}{'of cores':>10}{'steps':>7}{'a step':>8}{'retention':>11}{'peak':>9}",
    ]
    for name, learnt, seconds in (
        ("this program", mine, mine.seconds),
        ("TRL GKD, activations recomputed", peer, peer.seconds),
        ("TRL GKD, activations kept", kept, kept_s),
    ):
        reached = f"{learnt.curve[-1][1]:.1%}" if learnt.curve else "(as above)"
        steps = learnt.steps if learnt.curve else peer.steps
        cpu = learnt.cpu_seconds * seconds / learnt.seconds
        lines.append(
            f"{name:<34}{seconds:>7.0f} s{cpu:>8.0f} s{steps:>7}{learnt.step_s:>6.2f} s{reached:>11}"
            f"{learnt.peak_rss_bytes / 1e9:>6.2f} GB"
        )
    faster = min(peer.seconds, kept_s) / mine.seconds
    share = mine.peak_rss_bytes / min(peer.peak_rss_bytes, kept.peak_rss_bytes)
    lines.append(f"this program: {faster:.2f}× as fast as the faster, {share:.0%} of the leaner's memory")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert abs(mine.losses[0] - peer.losses[0]) < 0.05 * peer.losses[0], "not the same loss"
    assert mine.curve[-1][1] >= TARGET
    assert peer.curve[-1][1] >= TARGET
    assert faster >= FASTER
    assert share <= MEMORY_SHARE
