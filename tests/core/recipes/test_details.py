"""What a report page says of times and confusions, and that earlier reports still make a page."""

from __future__ import annotations

from core.models.report import EvaluationReport
from core.recipes import details
from tests.core.models.test_report import MEASURED, OLD


def test_a_page_says_times_and_shows_the_confusions() -> None:
    page = details.page(MEASURED["models"], "tuned")
    for text in (
        "14,321 (251 ms)",
        "by the mean",
        "about 2 Wh",
        "71 %",
        "long, 53 to 97 tokens",
        "What tuned confused",
        "<svg",
    ):
        assert text in page, text
    assert "&lt;b&gt;arrival was taken for card_delivery_estimate 7 times" in page
    assert "8 W for each busy core" in page


def test_a_report_of_an_earlier_version_makes_a_page_without_them() -> None:
    assert EvaluationReport.model_validate(OLD)
    assert details.page(OLD["models"], "base").strip() == ""
