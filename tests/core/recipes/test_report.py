"""What the demo's report advises."""

from __future__ import annotations

import pytest

from core.recipes.report import judge


def model(name: str, right: int, n: int, *, bytes_on_disk: int = 100, tokens_per_s: float = 10.0) -> dict:
    return {
        "model": name,
        "recipe": {"int8": "int8", "mixed": "int4-mixed"}.get(name),
        "quality": {"accuracy": right / n, "n": n, "ci95": [0.0, 1.0]},
        "bytes_on_disk": bytes_on_disk,
        "tokens_per_s": tokens_per_s,
    }


@pytest.mark.parametrize(
    ("base", "tuned", "int8", "mixed", "n", "use"),
    [
        (0, 243, 241, 235, 300, "mixed"),  # a small loss that chance explains
        (0, 243, 241, 215, 300, "int8"),  # nine points are no chance
        (0, 243, 200, 190, 300, "tuned"),
        (10, 24, 24, 20, 32, "int8"),  # chance would explain much on 32 rows; twelve points are too many
        (100, 90, 90, 90, 300, "tuned"),
    ],
)
def test_the_smallest_is_advised_that_loses_little(base, tuned, int8, mixed, n, use):
    report = {
        "models": [
            model("base", base, n),
            model("tuned", tuned, n),
            model("int8", int8, n),
            model("mixed", mixed, n, bytes_on_disk=50),
        ]
    }
    assert judge(report).use == use


def test_the_sentence_says_what_was_gained_and_what_it_cost():
    sentence = judge(
        {
            "models": [
                model("base", 0, 300),
                model("tuned", 240, 300, bytes_on_disk=200),
                model("int8", 240, 300),
                model("mixed", 237, 300, bytes_on_disk=50, tokens_per_s=40),
            ]
        }
    ).headline
    for part in ("0.0 % to 80.0 %", "no difference", "1.0 points lower", "25 %", "4.0 times", "Use mixed."):
        assert part in sentence


def test_the_quick_demo_quantizes_one_way():
    models = [model("base", 0, 32), model("tuned", 28, 32, bytes_on_disk=200), model("int8", 27, 32)]
    verdict = judge({"models": models})
    assert verdict.use == "int8"
    assert verdict.cost.startswith("8 bit: 3.1 points lower, within chance, at 50 %")
