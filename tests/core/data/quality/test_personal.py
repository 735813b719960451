"""What counts as personal data, and what only looks like it."""

from __future__ import annotations

import pytest

from core.data.quality.personal import hits, masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to anna.muster+shop@mail.example.com.", "write to [mail]."),
        ("call +49 30 12345678 please", "call [phone] please"),
        ("it is (415) 555-2671", "it is [phone]"),
        ("ring me: 020 7946 0958", "ring me: [phone]"),
        ("card 4111 1111 1111 1111 was declined", "card [card] was declined"),
        ("amex 378282246310005", "amex [card]"),
        ("to DE89 3704 0044 0532 0130 00 today", "to [iban] today"),
        ("to GB82WEST12345698765432", "to [iban]"),
        ("from 84.23.17.9 at night", "from [ip] at night"),
        ("from 2001:4860:4860::8888", "from [ip]"),
    ],
)
def test_personal_data_is_masked(text: str, expected: str) -> None:
    assert masked(text, hits(text))[0] == expected
    assert hits(expected) == [], "a mask is no personal data"


@pytest.mark.parametrize(
    "text",
    [
        "order 4111 1111 1111 1112",  # fails Luhn
        "order 9411111111111113 is late",  # no issuer begins so
        "DE89 3704 0044 0532 0130 01",  # wrong checksum
        "I paid 1,250.00 on 2024-05-17",
        "17.05.2024, 12:30:45, and again on 05/17/2024",
        "transfer 123456789 of 1000000 pounds",
        "version 10.2.3.4 of the app",
        "300.1.2.3 is no address",
        "@home and me@ work",
        "3 times 12.50 and 20 30 40",
        "2 weeks ago, $1 234 567 89",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert hits(text) == []


def test_marks_stand_where_the_masks_are() -> None:
    text, marks = masked("a@b.example or 84.23.17.9", hits("a@b.example or 84.23.17.9"))
    assert [text[mark.start : mark.end] for mark in marks] == ["[mail]", "[ip]"]
