"""Two hundred kills at random moments over training, saving and evaluation; `make campaign`.

What was done is kept in `.campaign/kills.jsonl`: a campaign that was interrupted goes on where it was, and a
failed kill stays in the record until someone removes it.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter

import pytest

from tests.crash.lab import ROOT, SPEC, Lab

WANTED = 200
RECORD = ROOT / ".campaign" / "kills.jsonl"
#: Ways to train that are killed in turn: an add-on, every weight, with early stopping and best step.
SPECS = [
    SPEC,
    {**SPEC, "method": "full", "learning_rate": 0.001},
    {**SPEC, "lora_dropout": 0.0, "early_stopping": 2, "validate_every": 2, "learning_rate": 0.05},
]
EVALUATION = {"models": ["m"], "data": "d", "latency_prompts": 2, "max_new_tokens": 4}

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.timeout(4 * 3600),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the harness forks"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("campaign"))
    yield lab
    lab.close()


def kill_until_done(lab: Lab, run: str, chance: random.Random, longest_s: float, **more: object) -> int:
    """Kills the run up to three times, then lets it end. Returns how many kills met it alive."""
    kills = 0
    for _ in range(chance.randint(1, 3)):
        if lab.ask(run, resumed=kills > 0, kill_after_s=chance.uniform(0.05, longest_s), **more) == {
            "exit": 0
        }:
            return kills
        kills += 1
    assert lab.ask(run, resumed=True, **more) == {"exit": 0}, lab.said[-2000:]
    return kills


def test_two_hundred_kills_lose_nothing(lab, capsys):
    RECORD.parent.mkdir(exist_ok=True)
    done = [json.loads(line) for line in RECORD.read_text().splitlines()] if RECORD.exists() else []
    references = [lab.finish(f"reference-{at}", spec=spec) for at, spec in enumerate(SPECS)]
    evaluation = lab.finish("reference-e", kind="evaluate", spec=EVALUATION)
    number = len(done)
    while sum(entry["kills"] for entry in done) < WANTED:
        chance = random.Random(1000 + number)
        at = number % 8
        if at == 7:
            what, wanted, longest = {"kind": "evaluate", "spec": EVALUATION}, evaluation, 12.0
        else:
            what, wanted, longest = {"spec": SPECS[at % 3]}, references[at % 3], 3.0
        kills = kill_until_done(lab, f"run-{number}", chance, longest, **what)
        entry = {"run": number, "what": at, "kills": kills, "same": lab.made == wanted}
        with open(RECORD, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        done.append(entry)
        number += 1
    total = Counter({"runs": len(done)})
    for entry in done:
        total["kills"] += entry["kills"]
        total["to the bit"] += entry["same"]
    with capsys.disabled():
        print(f"\n{dict(total)}")
    assert all(entry["same"] for entry in done), [entry for entry in done if not entry["same"]]
