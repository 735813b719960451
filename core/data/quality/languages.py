"""Which languages the rows are in, as far as their text is long enough to tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from core.counts import counted
from core.data.dataset import SPLITS
from core.data.quality.findings import SHOWN, ExampleRow, Finding, FixOffer, share_text, shorten
from core.data.quality.rows import Part, Rows
from core.specs.quality import LanguageFix

#: Bytes of letters. Of 1,500 bank customers' English questions the model named another language for four, all
#: of them short; with this length and confidence for none.
_ENOUGH_BYTES = 24
_NO_LETTERS = re.compile(r"[\W\d_]+")
_SURE = 0.9
_READ_CHARACTERS = 1000
#: So many rows are looked at, spread evenly; a language takes 0.1 to 0.2 ms a row.
SAMPLE = 10_000
#: Not a language: figures, code, signs.
_NONE = frozenset({"zxx", "und", "mul"})
_SOME, _HARDLY = 0.05, 0.005
NAMES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nl": "Dutch",
    "no": "Norwegian",
    "nb": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # its model takes a second to unpack

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def known() -> frozenset[str]:
    """Codes of the languages that can be told."""
    return frozenset(_identifier().labels) - _NONE


def language_of(text: str) -> str:
    """The code of the text's language, or an empty text where it is too short or too mixed to say."""
    text = text[:_READ_CHARACTERS]
    if len(_NO_LETTERS.sub("", text).encode("utf-8", "replace")) < _ENOUGH_BYTES:
        return ""
    code, confidence = _identifier().classify(text)
    return str(code) if confidence >= _SURE and code not in _NONE else ""


def strangers(part: Part, keep: str, tick: Callable[[int], None] | None = None) -> list[int]:
    """Living rows of a split whose question is certainly in another language than `keep`."""
    return [place for place, code in _codes(part, part.living(), tick) if code not in ("", keep)]


def _codes(
    part: Part, places: list[int], tick: Callable[[int], None] | None = None, before: int = 0
) -> Iterator[tuple[int, str]]:
    for done, place in enumerate(places):
        if tick is not None and not done % 256:
            tick(before + done)
        yield place, language_of(part.questions[place])


def name(code: str) -> str:
    """A language in words, or its code."""
    return NAMES.get(code, code)


def find(rows: Rows, tick: Callable[[int], None] | None = None) -> Finding:
    """The mix of languages."""
    step = max(1, -(-len(rows) // SAMPLE))
    spoken: Counter[str] = Counter()
    by_code: dict[str, list[tuple[str, int]]] = {}
    looked = 0
    for split in SPLITS:
        part = rows.parts[split]
        places = part.living()[::step]
        for place, code in _codes(part, places, tick, looked):
            if code:
                spoken[code] += 1
                by_code.setdefault(code, []).append((split, place))
        looked += len(places)
    sure = sum(spoken.values())
    sampled = f" of {looked:,} rows spread evenly over the data" if step > 1 else ""
    if not sure:
        return Finding(
            id="language",
            count=0,
            share=0.0,
            severity="fine",
            sentence="The texts are too short to tell their language.",
            figures={"looked_at": looked, "told": 0},
        )
    main, main_rows = spoken.most_common(1)[0]
    others = sure - main_rows
    share = others / sure
    listed = ", ".join(f"{name(code)} {share_text(count / sure)}" for code, count in spoken.most_common(4))
    told = f"Language could be told for {counted(sure)}{sampled or f' of {looked:,}'}"
    figures = {"looked_at": looked, "told": sure, **dict(spoken.most_common(12))}
    if share < _HARDLY:
        return Finding(
            id="language",
            count=others,
            share=share,
            severity="fine",
            sentence=f"{told}: practically all are {name(main)}.",
            figures=figures,
            examples=tuple(_examples(rows, by_code, main)),
        )
    return Finding(
        id="language",
        count=others,
        share=share,
        severity="warn" if share >= _SOME else "note",
        sentence=f"{told}: {listed}. Shorter texts do not tell, and close languages are easily mistaken.",
        advice="If the model is to speak several languages, leave it as it is.",
        figures=figures,
        examples=tuple(_examples(rows, by_code, main)),
        fixes=(
            FixOffer(
                fix=LanguageFix(keep=main),
                text=f"Keep only {name(main)}, and texts too short to tell. The test keeps all of its rows.",
                rows=None,
            ),
        ),
    )


def _examples(rows: Rows, by_code: dict[str, list[tuple[str, int]]], main: str) -> Iterator[ExampleRow]:
    """Rows in the other languages, one of each in turn."""
    others = {code: found for code, found in by_code.items() if code != main}
    turn = shown = 0
    while shown < SHOWN and any(turn < len(found) for found in others.values()):
        for number, (code, found) in enumerate(others.items()):
            if turn < len(found) and shown < SHOWN:
                split, place = found[turn]
                part = rows.parts[split]  # type: ignore[index]
                shown += 1
                yield ExampleRow(
                    split=split,
                    row=part.numbers[place],
                    text=shorten(part.questions[place])[0],
                    answer=shorten(part.answers[place])[0],
                    group=number,
                    note=name(code),
                )
        turn += 1
