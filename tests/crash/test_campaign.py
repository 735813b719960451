"""Kills at random moments: 200 over training, saving and evaluation, 100 over distilling and generating.

`make campaign` runs them. What was done is kept in `.campaign/`: a campaign that was interrupted goes on
where it was, and a failed kill stays in the record until someone removes it.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from tests.core.engines import tiny
from tests.crash.lab import ROOT, SPEC, Lab

RECORDS = ROOT / ".campaign"
#: Ways to train that are killed in turn: an add-on, every weight, with early stopping and best step.
SPECS = [
    SPEC,
    {**SPEC, "method": "full", "learning_rate": 0.001},
    {**SPEC, "lora_dropout": 0.0, "early_stopping": 2, "validate_every": 2, "learning_rate": 0.05},
]
EVALUATION = {"models": ["m"], "data": "d", "latency_prompts": 2, "max_new_tokens": 4}
DISTILL = {
    **{key: value for key, value in SPEC.items() if not key.startswith("lora")},
    "teachers": ["t"],
    "learning_rate": 0.001,
}
GENERATE = {
    "teacher": "t",
    "data": "d",
    "task": "generation",
    "rows": 24,
    "answers_per_prompt": 2,
    "max_new_tokens": 16,
    "drop_near_duplicates": None,
    "drop_refusals": False,
    "drop_cut": False,
}


@dataclass(frozen=True)
class Victim:
    """What is killed, and after how many seconds at most."""

    kind: str
    spec: dict[str, Any]
    longest_s: float


LEARNING = [
    *(Victim("finetune", spec, 3.0) for spec in [*SPECS, *SPECS, SPECS[0]]),
    Victim("evaluate", EVALUATION, 12.0),
]
TEACHING = [
    Victim("distill", DISTILL, 3.0),
    Victim("distill", {**DISTILL, "on_policy": 0.4}, 3.0),
    Victim("generate", GENERATE, 4.0),
]


pytestmark = [
    pytest.mark.campaign,
    pytest.mark.timeout(4 * 3600),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the harness forks"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("campaign"))
    lab.inputs["t"] = str(tiny.model_folder(lab.folder / "t", seed=6))
    yield lab
    lab.close()


def place(name: str) -> str:
    """A workspace of its own, so that no run finds what another's teacher said."""
    return f"{name}/runs/run"


def kill_until_done(lab: Lab, run: str, chance: random.Random, victim: Victim) -> int:
    """Kills the run up to three times, then lets it end. Returns how many kills met it alive."""
    what, kills = {"kind": victim.kind, "spec": victim.spec}, 0
    for _ in range(chance.randint(1, 3)):
        after_s = chance.uniform(0.05, victim.longest_s)
        if lab.ask(run, resumed=kills > 0, kill_after_s=after_s, **what) == {"exit": 0}:
            return kills
        kills += 1
    assert lab.ask(run, resumed=True, **what) == {"exit": 0}, lab.said[-2000:]
    return kills


@pytest.mark.parametrize(
    ("name", "victims", "kills"),
    [("kills", LEARNING, 200), ("kills-teaching", TEACHING, 100)],
    ids=["learning", "teaching"],
)
def test_kills_at_random_moments_lose_nothing(lab, capsys, name, victims, kills):
    RECORDS.mkdir(exist_ok=True)
    record = RECORDS / f"{name}.jsonl"
    done = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
    wanted = [
        lab.finish(place(f"{name}-whole-{at}"), kind=victim.kind, spec=victim.spec)
        for at, victim in enumerate(victims)
    ]
    while sum(entry["kills"] for entry in done) < kills:
        number = len(done)
        at = number % len(victims)
        met = kill_until_done(lab, place(f"{name}-{number}"), random.Random(1000 + number), victims[at])
        entry = {"run": number, "what": at, "kills": met, "same": lab.made == wanted[at]}
        with open(record, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        done.append(entry)
    total = Counter({"runs": len(done)})
    for entry in done:
        total["kills"] += entry["kills"]
        total["to the bit"] += entry["same"]
    with capsys.disabled():
        print(f"\n{name}: {dict(total)}")
    assert all(entry["same"] for entry in done), [entry for entry in done if not entry["same"]]
