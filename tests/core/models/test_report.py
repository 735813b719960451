"""Reports of this version and of earlier ones are read alike."""

from __future__ import annotations

import copy
import json
from typing import Any

from core.cli import evaluation_text
from core.cli.commands.jobs import show_report
from core.cli.console import Output
from core.models.report import EvaluationReport

#: As version 0.2.0 wrote it.
OLD: dict[str, Any] = json.loads("""
{
 "version": 1,
 "machine": {"system": "Linux x86_64", "processor": "p", "cores": 2, "threads": 2, "memory_bytes": 8},
 "versions": {"python": "3.11.9"}, "data": "d", "split": "test", "task": "classification", "rows": 20,
 "max_new_tokens": 16, "batch_size": 16, "complete": true,
 "models": [
  {"model": "base", "id": "m1", "kind": "hf", "bytes_on_disk": 270000000, "seconds": 60.5,
   "quality": {"measure": "accuracy", "accuracy": 0.5, "macro_f1": 0.4, "unknown_answers": 3, "n": 20,
               "ci95": [0.3, 0.7], "perplexity": 3.5, "perplexity_tokens": 80},
   "latency_ms": {"ttft_p50": 80.0, "ttft_p95": 90.0, "total_p50": 240.0, "total_p95": 300.0},
   "tokens_per_s": 43.2, "peak_rss_bytes": 1100000000}
 ],
 "comparisons": [], "worst": []
}
""")

MEASURED: dict[str, Any] = copy.deepcopy(OLD)
MEASURED["models"][0] |= {
    "model": "tuned",
    "timing": {
        "prompts": 20, "repeats": 2, "warm_up": 1, "spread": 0.021, "answers_an_hour": 14_321.4,
        "by_length": [
            {
                "length": "long", "prompts": 7, "tokens_least": 53, "tokens_most": 97, "ttft_p50": 97,
                "ttft_p95": 99, "total_p50": 194, "total_p95": 200,
            }
        ],
        "energy": {"joules_an_answer": 7.2, "is_measured": False, "watts_a_core": 8, "watts_rest": 15},
        "ceilings": {"read_gb_s": 21.3, "gflops": 155.2},
        "weight_bytes_a_token": 134_000_000, "bandwidth_share": 0.71,
    },
}  # fmt: skip
MEASURED["models"][0]["quality"] |= {
    "labels": [{"label": "<b>arrival", "precision": 0.5, "recall": 0.25, "f1": 0.33, "rows": 12}],
    "confusion": [
        {"expected": "<b>arrival", "said": "<b>arrival", "rows": 3},
        {"expected": "<b>arrival", "said": "card_delivery_estimate", "rows": 7},
        {"expected": "<b>arrival", "said": "", "rows": 2},
    ],
}


def test_a_report_of_an_earlier_version_is_read() -> None:
    report = EvaluationReport.model_validate(OLD)
    (model,) = report.models
    assert model.timing is None
    assert model.quality.confusion is None
    assert model.latency_ms is not None
    assert model.latency_ms.token_p50 is None


def test_a_report_is_written_and_read_back() -> None:
    report = EvaluationReport.model_validate(MEASURED)
    assert EvaluationReport.model_validate(report.model_dump(mode="json", exclude_none=True)) == report


def test_where_passes_differed_a_lot_it_stands_beside_the_time(capsys: Any) -> None:
    uneven = copy.deepcopy(MEASURED)
    uneven["models"][0]["timing"]["spread"] = 0.44
    show_report(MEASURED, Output())
    even = capsys.readouterr().out
    assert "answer (median)" in even
    assert "apart" not in even

    show_report(uneven, Output())

    assert "240 ms (passes 44% apart)" in capsys.readouterr().out


def test_the_terminal_says_what_there_is(capsys: Any) -> None:
    evaluation_text.show(OLD, Output())
    old = capsys.readouterr().out
    assert "80 / 90 ms" in old
    assert "Energy" not in old

    evaluation_text.show(MEASURED, Output())

    said = capsys.readouterr().out
    for text in (
        "Timed alone: 20 prompts, each 2 times after 1 to warm up; the passes' medians differ by 2.1%.",
        "<b>arrival was taken for card_delivery_estimate 7 times",
        "reads 21.3 GB/s, multiplies 155 GFLOP/s",
        "14,321 (251 ms)",
        "71%",
        "long, 53 to 97 tokens",
        "97 + 97 ms",
    ):
        assert text in said, text
