"""Personal data by its form: mails, phone numbers, cards, IBANs, IP addresses.

A help, never a promise: names, addresses and much else have no form that a program could check. Where there
is a checksum it decides, so that an order number is not taken for a card.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from core.counts import counted
from core.data.dataset import SPLITS, Dataset, Example
from core.data.quality.findings import (
    SHOWN,
    ExampleRow,
    Finding,
    FixOffer,
    Mark,
    share_text,
    shorten,
)
from core.data.roles import messages_of
from core.data.table import Value
from core.specs.quality import PERSONAL_KINDS, PersonalFix, PersonalKind

PROMISE = (
    "This is a help and no promise: it finds what has a known form and, for cards and IBANs, a right "
    "checksum. Names, addresses and much else it cannot see."
)
WORDS: dict[PersonalKind, tuple[str, str]] = {
    "mail": ("mail address", "mail addresses"),
    "phone": ("phone number", "phone numbers"),
    "card": ("card number", "card numbers"),
    "iban": ("IBAN", "IBANs"),
    "ip": ("IP address", "IP addresses"),
}
#: Countries whose national way of writing phone numbers is tried; `+` and a country code work for all.
REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "IL", "EE")

_DIGIT = re.compile(r"[0-9]")
_MAIL = re.compile(
    r"(?<![\w.+%-])[A-Za-z0-9][A-Za-z0-9._%+'-]{0,63}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}(?![\w-])"
)
_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.,+-])\d(?:[ -]?\d){12,18}(?![\w-]|[.,]\d)")
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_VERSION = re.compile(r"(?:\bv|\bversion|\brelease|\bver\.?)\s*$", re.IGNORECASE)
_PHONE_LIKE = re.compile(r"[+(]?\d(?:[\s().\-/]{0,3}\d){6,14}")
_DATE = re.compile(r"^\D?(?:\d{4}[./ -]\d{1,2}[./ -]\d{1,2}|\d{1,2}[./ -]\d{1,2}[./ -]\d{2,4})(?!\d)")
_PHONE_WORD = re.compile(
    r"(?:phone|call(?: me| us)?|tel|telephone|mobile|cell|fax|whats ?app|sms|text me|dial|ring|reach me|handy"
    r"|telefon|mobil|rufnummer|numéro|teléfono|telefono)\b[^\d\n]{0,24}$",
    re.IGNORECASE,
)
#: Beginnings of card numbers with the lengths that go with them (ISO/IEC 7812, as the issuers publish them).
_ISSUERS: tuple[tuple[int, int, frozenset[int]], ...] = (
    (4, 4, frozenset({13, 16, 19})),
    (51, 55, frozenset({16})),
    (2221, 2720, frozenset({16})),
    (34, 34, frozenset({15})),
    (37, 37, frozenset({15})),
    (300, 305, frozenset({14, 16})),
    (36, 36, frozenset({14})),
    (38, 39, frozenset({14, 16})),
    (6011, 6011, frozenset({16, 19})),
    (644, 659, frozenset({16, 19})),
    (3528, 3589, frozenset({16})),
    (62, 62, frozenset({16, 17, 18, 19})),
    (50, 50, frozenset({13, 14, 15, 16, 17, 18, 19})),
    (56, 58, frozenset({13, 14, 15, 16, 17, 18, 19})),
    (67, 67, frozenset({13, 14, 15, 16, 17, 18, 19})),
)


class Hit(NamedTuple):
    """Personal data in a text, from character `start` up to, not including, `end`."""

    kind: PersonalKind
    start: int
    end: int


def hits(text: str, kinds: tuple[PersonalKind, ...] = PERSONAL_KINDS) -> list[Hit]:
    """What is found in a text, in order, nothing twice."""
    found: list[Hit] = []
    if "@" in text:
        found += [Hit("mail", *match.span()) for match in _MAIL.finditer(text)]
    if _DIGIT.search(text):
        for search in (_ibans, _cards, _addresses, _phones):
            for hit in search(text):
                if all(hit.end <= other.start or hit.start >= other.end for other in found):
                    found.append(hit)
    return sorted((hit for hit in found if hit.kind in kinds), key=lambda hit: hit.start)


def masked(text: str, found: list[Hit]) -> tuple[str, tuple[Mark, ...]]:
    """The text with `[mail]`, `[phone]` and so on in place of what was found, and where these stand now."""
    parts: list[str] = []
    marks: list[Mark] = []
    place = length = 0
    for hit in found:
        parts += [text[place : hit.start], f"[{hit.kind}]"]
        length += hit.start - place
        marks.append(Mark(start=length, end=length + len(parts[-1])))
        length += len(parts[-1])
        place = hit.end
    return "".join([*parts, text[place:]]), tuple(marks)


def _ibans(text: str) -> Iterator[Hit]:
    from stdnum import iban

    for match in _IBAN.finditer(text):
        written = match.group()
        for end in range(len(written), 14, -1):
            # a word behind the number looks like a part of it
            if written[end - 1].isalnum() and iban.is_valid(written[:end], check_country=False):
                yield Hit("iban", match.start(), match.start() + end)
                break


def _cards(text: str) -> Iterator[Hit]:
    from stdnum import luhn

    for match in _CARD.finditer(text):
        digits = re.sub(r"[ -]", "", match.group())
        known = any(
            len(digits) in lengths and low <= int(digits[: len(str(low))]) <= high
            for low, high, lengths in _ISSUERS
        )
        if known and len(set(digits)) > 1 and luhn.is_valid(digits):
            yield Hit("card", *match.span())


def _addresses(text: str) -> Iterator[Hit]:
    if text.count(".") >= 3:
        for match in _IPV4.finditer(text):
            if not _VERSION.search(text[max(0, match.start() - 12) : match.start()]) and _is_address(
                match.group()
            ):
                yield Hit("ip", *match.span())
    if text.count(":") >= 2:
        for match in _IPV6.finditer(text):
            if sum(bool(part) for part in match.group().split(":")) >= 3 and _is_address(match.group()):
                yield Hit("ip", *match.span())


def _is_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast or text.endswith(".0"))


def _phones(text: str) -> Iterator[Hit]:
    for match in _PHONE_LIKE.finditer(text):
        before, written = text[: match.start()], match.group()
        if before[-1:].isalnum() or (before[-1:] in "$€£#.,/=_-+" and before) or _DATE.match(written):
            continue
        if text[match.end() : match.end() + 1].isalnum() or text[match.end() : match.end() + 1] in (
            "%",
            "€",
            "$",
        ):
            continue
        if written.startswith("+"):
            if _is_phone(written, None):
                yield Hit("phone", *match.span())
            continue
        asked = bool(_PHONE_WORD.search(before[-60:]))
        grouped = bool(re.search(r"\d[\s().\-/]+\d", written))
        national = written.lstrip("(").startswith("0")
        if not asked and not grouped:
            continue
        regions = [region for region in REGIONS if asked or national or region in ("US", "ES", "IL")]
        if not asked and not national:
            # without a leading zero only the shape of a number tells it: 415-555-2671, (415) 555-2671
            if not re.fullmatch(r"\(?\d{3}\)?[ .-]{1,2}\d{3}[.-]\d{4}", written):
                continue
            regions = ["US"]
        if any(_is_phone(written, region) for region in regions):
            yield Hit("phone", *match.span())


def _is_phone(written: str, region: str | None) -> bool:
    import phonenumbers

    try:
        number: Any = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_valid_number(number))


def mask_example(
    data: Dataset, example: Example, kinds: tuple[PersonalKind, ...]
) -> tuple[Example, Counter[str]]:
    """A row with its personal data masked in every column but the label, and what was masked."""
    counted: Counter[str] = Counter()

    def clean(text: str) -> str:
        found = hits(text, kinds)
        counted.update(hit.kind for hit in found)
        return masked(text, found)[0] if found else text

    label = data.info.roles.get("label")
    values: dict[str, Value] = {}
    for column, value in example.values.items():
        if column == label:
            values[column] = value
        elif isinstance(value, str):
            values[column] = clean(value)
        else:
            values[column] = [
                {key: clean(text) if key == "content" else text for key, text in message.items()}
                for message in value
            ]
    return (Example(example.row, values) if counted else example), counted


def find(data: Dataset, tick: Callable[[int], None] | None = None) -> Finding:
    """What is there, counted by kind over all splits; the examples show it masked."""
    kinds: Counter[str] = Counter()
    by_split: Counter[str] = Counter()
    examples: list[ExampleRow] = []
    shown: Counter[str] = Counter()
    done = 0
    for split in SPLITS:
        for example in data.rows(split):
            done += 1
            if tick is not None and not done % 256:
                tick(done)
            changed, own = mask_example(data, example, PERSONAL_KINDS)
            if not own:
                continue
            kinds.update(own)
            by_split[split] += 1
            rarest = min(own, key=lambda kind: shown[kind])
            if shown[rarest] < SHOWN // len(PERSONAL_KINDS):
                shown[rarest] += 1
                text, marks = _text(data, changed)
                examples.append(
                    ExampleRow(
                        split=split,
                        row=example.row,
                        text=text,
                        marks=marks,
                        group=len(examples),
                        note=", ".join(
                            _counted_text(kind, own[kind]) for kind in PERSONAL_KINDS if own[kind]
                        ),
                    )
                )
    total, count = sum(data.info.counts.values()), sum(by_split.values())
    if not count:
        return Finding(
            id="personal",
            count=0,
            share=0.0,
            severity="fine",
            sentence="Nothing in the form of a mail, phone, card, IBAN or IP address was found.",
            advice=PROMISE,
        )
    listed = ", ".join(_counted_text(kind, kinds[kind]) for kind in PERSONAL_KINDS if kinds[kind])
    dropped = by_split["train"] + by_split["validation"]
    fixes = [
        FixOffer(
            fix=PersonalFix(action="mask"),
            text="Write [mail], [phone] and so on over it, in all three splits alike.",
            rows=count,
        )
    ]
    if dropped:
        held = " Test rows are masked instead: the test keeps all of its rows." if by_split["test"] else ""
        fixes.append(
            FixOffer(fix=PersonalFix(action="drop"), text=f"Drop the rows with it.{held}", rows=dropped)
        )
    return Finding(
        id="personal",
        count=count,
        share=count / total if total else 0.0,
        severity="warn",
        sentence=f"{counted(count)} ({share_text(count / total)}) hold what looks like personal data: "
        f"{listed}. A model may learn it by heart and say it to others.",
        advice=PROMISE,
        figures={kind: kinds[kind] for kind in PERSONAL_KINDS if kinds[kind]},
        examples=tuple(examples),
        fixes=tuple(fixes),
    )


def _counted_text(kind: PersonalKind, count: int) -> str:
    return f"{count:,} {WORDS[kind][count != 1]}"


_MASK = re.compile("|".join(re.escape(f"[{kind}]") for kind in PERSONAL_KINDS))


def _text(data: Dataset, example: Example) -> tuple[str, tuple[Mark, ...]]:
    """A masked row's text, shortened, with its masks marked."""
    text = "\n".join(message["content"] for message in messages_of(example.values, data.info.roles))
    if not _MASK.search(text):  # it stands in a column that is not learnt from
        text = " · ".join(value for value in example.values.values() if isinstance(value, str))
    marks = tuple(Mark(start=match.start(), end=match.end()) for match in _MASK.finditer(text))
    return shorten(text, marks)
