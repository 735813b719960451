"""The main job by command, end to end, on the starter model and data: `demo --quick`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.core.cli.terminal import Terminal

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]  # whichever comes first waits for the demo
NAMES = ["starter", "demo-tuned-quick", "demo-int8-quick"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> tuple[Terminal, dict]:
    terminal = Terminal(tmp_path_factory.mktemp("demo") / "work")
    answer = terminal.run("demo", "--quick", "--json", timeout=1100)
    assert answer.code == 0, answer.err
    return terminal, answer.json


def test_the_report_measures_all_on_the_same_rows(demo):
    _, report = demo
    assert [item["model"] for item in report["models"]] == NAMES
    assert len({item["quality"]["n"] for item in report["models"]}) == 1
    for item in report["models"]:
        low, high = item["quality"]["ci95"]
        assert 0 <= low <= item["quality"]["accuracy"] <= high <= 1
        latency = item["latency_ms"]
        assert 0 < latency["ttft_p50"] <= latency["total_p50"] <= latency["total_p95"]
        assert item["tokens_per_s"] > 0
        assert item["peak_rss_bytes"] > item["bytes_on_disk"] / 4


def test_training_made_it_right_far_more_often(demo):
    terminal, report = demo
    run = terminal.must("runs", "show", report["finetuning"]["run"], "--json").json
    assert run["state"] == "succeeded"
    tuned, base = (next(m for m in report["models"] if m["model"] == name) for name in (NAMES[1], NAMES[0]))
    assert tuned["quality"]["perplexity"] < base["quality"]["perplexity"] / 2
    assert tuned["quality"]["accuracy"] >= base["quality"]["accuracy"] + 0.3


def test_the_quantized_models_are_small_and_their_receipts_are_not_red(demo):
    terminal, _report = demo
    fp32_bytes = 4 * terminal.must("models", "show", "starter", "--json").json["parameters"]
    terminal.must("quantize", NAMES[1], "--recipe", "int4-mixed", "--name", "mixed")
    for name, most in ((NAMES[2], 0.52), ("mixed", 0.25)):
        shown = terminal.must("models", "show", name, "--json").json
        assert shown["bytes"] <= most * fp32_bytes
        folder = Path(shown["folder"])
        assert json.loads((folder / "receipt.json").read_text())["status"] in ("green", "amber")


def test_the_page_stands_alone_and_names_what_was_measured(demo):
    _, report = demo
    page = Path(report["report"]).read_text(encoding="utf-8")
    assert page.count("<svg") == 3, "accuracy, time, and which labels were confused"
    assert "src=" not in page
    for name in NAMES:
        assert name in page
    assert json.loads(Path(report["report_json"]).read_text())["sentence"] == report["sentence"]


def test_a_second_demo_makes_nothing_again(demo):
    terminal, report = demo
    before = terminal.must("runs", "list", "--json").json
    again = terminal.must("demo", "--quick", "--json")
    assert again.err.count("done before") == 5
    assert terminal.must("runs", "list", "--json").json == before
    assert again.json["models"] == report["models"]


def test_the_small_model_answers_in_a_chat(demo):
    terminal, _ = demo
    answer = terminal.must("chat", NAMES[2], "--prompt", "My card has not arrived", "--json").json
    assert answer["text"].strip()
    assert answer["tokens"] >= 1
    assert answer["ttft_ms"] > 0
    spoken = terminal.must(
        "chat", NAMES[2], stdin="Why was I charged twice?\n/new\nHow do I change my PIN?\n\n"
    )
    assert spoken.out.count("> ") >= 3


def test_where_a_model_comes_from_is_one_walk_back(demo):
    terminal, _ = demo
    lineage = terminal.must("models", "show", NAMES[2], "--json").json["lineage"]
    names = [item["name"] for item in lineage]
    assert names[0] == NAMES[1]
    assert set(names[1:]) == {"starter", "starter-banking-quick"}


def test_a_base_in_use_cannot_be_removed_from_under_its_adapter(demo):
    terminal, _ = demo
    refused = terminal.run("models", "remove", "starter")
    assert refused.code == 2
    assert NAMES[1] in refused.err
