"""Whole tasks on the starter model, as a person would do them: default settings, by command."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.bench import descriptions
from tests.core.cli.terminal import Terminal

pytestmark = [pytest.mark.bench, pytest.mark.timeout(5400)]
AT_LEAST, AT_MOST_MIN = 0.75, 15


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A workspace with the starter model."""
    made = Terminal(tmp_path_factory.mktemp("tasks") / "work")
    made.must("models", "add", "starter", "--name", "starter")
    return made


def finetune(terminal: Terminal, data: str, *settings: str) -> tuple[str, float]:
    """Fine-tunes the starter model; returns the name of the result and the minutes it took."""
    began = time.monotonic()
    name = f"{data}-tuned"
    answer = terminal.run(
        "finetune", "--model", "starter", "--data", data, "--name", name, *settings, "--json", timeout=5000
    )
    assert answer.code == 0, answer.err
    return name, (time.monotonic() - began) / 60


def test_word_problems_train_and_are_measured_by_their_final_number(terminal: Terminal, capsys) -> None:
    """That it works is the point: 135 M parameters solve hardly any of them."""
    terminal.must("data", "add", "example:gsm8k")
    tuned, minutes = finetune(terminal, "gsm8k", "--set", "max_steps=10", "--set", "sample_prompts=0")
    answer = terminal.run(
        "evaluate", "starter", tuned, "--data", "gsm8k", "--set", "limit=16", "--set", "latency_prompts=1",
        "--json", timeout=3000,
    )  # fmt: skip
    assert answer.code == 0, answer.err
    with capsys.disabled():
        print(f"\ngsm8k, 10 steps in {minutes:.1f} min")
        for item in answer.json["models"]:
            quality = item["quality"]
            assert quality["measure"] == "numeric_match"
            print(
                f"  {item['model']:<14} {quality['numeric_match']:.3f} of {quality['n']}, {quality['ci95']}"
            )
    base, learnt = (item["quality"]["perplexity"] for item in answer.json["models"])
    assert learnt < base


def test_descriptions_fall_into_twelve_classes(terminal: Terminal, tmp_path: Path, capsys) -> None:
    paths = descriptions.build(tmp_path)
    if paths is None:
        pytest.skip("apt's package lists have too few descriptions here")
    train, test = paths
    terminal.must(
        "data", "add", str(train), "--test", str(test), "--map", "user=description", "--map", "label=section",
        "--name", "sections",
    )  # fmt: skip
    tuned, minutes = finetune(terminal, "sections")
    answer = terminal.run("evaluate", tuned, "--data", "sections", "--json", timeout=3000)
    assert answer.code == 0, answer.err
    quality = answer.json["models"][0]["quality"]
    with capsys.disabled():
        print(
            f"\n12 classes from 2,000 rows: {quality['accuracy']:.1%} {quality['ci95']}, macro F1 "
            f"{quality['macro_f1']:.3f}, in {minutes:.1f} min"
        )
    assert quality["accuracy"] >= AT_LEAST
    assert minutes <= AT_MOST_MIN
