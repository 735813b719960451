"""An evaluation that has ended, with everything a report can hold, written without running it."""

from __future__ import annotations

import random
from typing import Any

from core.workspace.records import Run
from core.workspace.workspace import Workspace

LABELS = (
    "card_arrival", "card_delivery_estimate", "lost_or_stolen_card", "card_not_working", "top_up_failed",
    "top_up_reverted", "pending_top_up", "transfer_timing", "pending_transfer",
    "transfer_not_received_by_recipient", "cash_withdrawal_charge", "exchange_rate", "declined_transfer",
    "declined_card_payment", "age_limit",
)  # fmt: skip
_NEAR = {
    "card_arrival": "card_delivery_estimate",
    "top_up_failed": "top_up_reverted",
    "pending_transfer": "transfer_timing",
    "transfer_not_received_by_recipient": "pending_transfer",
    "declined_card_payment": "declined_transfer",
}
_ROWS = 20  # a label


def _quality(right: float) -> dict[str, Any]:
    dice = random.Random(3)
    counts: dict[tuple[str, str], int] = {}
    for label in LABELS:
        for _ in range(_ROWS):
            wrong = _NEAR[label] if label in _NEAR and dice.random() < 0.7 else dice.choice(LABELS)
            said = label if dice.random() < right else wrong
            counts[label, said] = counts.get((label, said), 0) + 1
    got = {label: counts.get((label, label), 0) for label in LABELS}
    given = {label: sum(count for (_, said), count in counts.items() if said == label) for label in LABELS}
    share = sum(got.values()) / (_ROWS * len(LABELS))
    return {
        "measure": "accuracy", "accuracy": share, "macro_f1": share, "unknown_answers": 0,
        "n": _ROWS * len(LABELS), "ci95": [share - 0.04, share + 0.04],
        "judge_score": 1 + 4 * share, "judge_ci95": [0.8 + 4 * share, 1.2 + 4 * share], "judge_rows": 100,
        "judge_unread": 2,
        "labels": [
            {
                "label": label, "precision": got[label] / max(1, given[label]), "recall": got[label] / _ROWS,
                "f1": 2 * got[label] / (_ROWS + given[label]), "rows": _ROWS,
            }
            for label in LABELS
        ],
        "confusion": [
            {"expected": expected, "said": said, "rows": count} for (expected, said), count in counts.items()
        ],
    }  # fmt: skip


def _model(name: str, right: float, size: int, token_ms: float) -> dict[str, Any]:
    first, answer = 4 * token_ms, 9 * token_ms
    lengths = (("short", 37, 39, 0.8), ("medium", 39, 44, 1.0), ("long", 45, 97, 1.6))
    return {
        "model": name, "id": name, "kind": "hf", "bytes_on_disk": size, "seconds": 60.0,
        "quality": _quality(right),
        "latency_ms": {
            "ttft_p50": first, "ttft_p95": 1.3 * first, "total_p50": answer, "total_p95": 1.4 * answer,
            "token_p50": token_ms, "token_p95": 1.2 * token_ms,
        },
        "tokens_per_s": 1000 / token_ms, "peak_rss_bytes": 3 * size,
        "timing": {
            "prompts": 20, "repeats": 2, "warm_up": 1, "spread": 0.012, "answers_an_hour": 3_600_000 / answer,
            "by_length": [
                {
                    "length": length, "prompts": 7, "tokens_least": least, "tokens_most": most,
                    "ttft_p50": first * by, "ttft_p95": first * by, "total_p50": answer + first * (by - 1),
                    "total_p95": answer * by,
                }
                for length, least, most, by in lengths
            ],
            "energy": {
                "joules_an_answer": answer * 0.031, "is_measured": False, "watts_a_core": 8, "watts_rest": 15,
            },
            "ceilings": {"read_gb_s": 24.6, "gflops": 187.0},
            "weight_bytes_a_token": size, "bandwidth_share": size / token_ms * 1000 / 24.6e9,
        },
    }  # fmt: skip


def report() -> dict[str, Any]:
    """Three models on fifteen labels."""
    models = [
        _model("SmolLM2-135M-Instruct", 0.06, 538_000_000, 31.0),
        _model("Banking questions, LoRA", 0.81, 557_000_000, 31.4),
        _model("Banking questions, int8", 0.80, 163_000_000, 10.2),
    ]
    changes = [
        {
            "reference": models[0]["model"], "model": model["model"], "measure": "accuracy", "rows": 300,
            "task": {"value": 0.74, "ci95": [0.69, 0.79]}, "task_p_value": 1e-9,
            "judge": {"value": 2.9, "ci95": [2.6, 3.2]},
        }
        for model in models[1:]
    ]  # fmt: skip
    return {
        "machine": {"system": "Linux", "processor": "p", "cores": 2, "threads": 2, "memory_bytes": 8},
        "versions": {}, "data": "Banking questions", "split": "test", "task": "classification", "rows": 300,
        "max_new_tokens": 16, "batch_size": 16, "complete": True, "models": models, "comparisons": changes,
        "judge": {
            "name": "large", "host": "", "rubric": "Is it right?", "tokens_in": 9000, "tokens_out": 200,
            "cost": 0,
        },
        "worst": [
            {
                "row": 3, "prompt": "Where is my card?", "expected": "card_arrival",
                "answers": {models[2]["model"]: "card_delivery_estimate"},
            }
        ],
    }  # fmt: skip


def add_evaluation(workspace: Workspace) -> Run:
    """Its run."""
    run = workspace.store.add_run(
        "evaluate", "Banking questions-evaluation", {"models": ["m"], "data": "d"}, []
    )
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, "succeeded", result=report())
    return workspace.store.run(run.id)
