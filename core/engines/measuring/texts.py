"""How near an answer comes to the expected text, and which number it ends with."""

from __future__ import annotations

import collections
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from core.models.report import right as right

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
#: A number as people write it, with a currency sign at most: `1,000`, `$18`, `-3.50`, `.5`.
_NUMBER = re.compile(r"(?<!\w)([-−+]?)(?:[$€£]\s?)?([-−]?)(\d{1,3}(?:,\d{2,3})*,\d{3}(?!\d)|\d+)?(\.\d+)?")
_FINAL = "####"


def normalized(text: str) -> str:
    """Lower case, without punctuation, articles and extra space (SQuAD, Rajpurkar et al. 2016)."""
    kept = "".join(letter for letter in text.lower() if not unicodedata.category(letter).startswith("P"))
    return " ".join(_ARTICLES.sub(" ", kept).split())


def token_f1(answer: str, expected: str) -> float:
    """Overlap of the normalized words, 0 to 1; two empty texts agree."""
    said, wanted = normalized(answer).split(), normalized(expected).split()
    if not said or not wanted:
        return float(said == wanted)
    shared = sum((collections.Counter(said) & collections.Counter(wanted)).values())
    return 2 * shared / (len(said) + len(wanted))


def final_number(text: str) -> Decimal | None:
    """The first number after the last `####`; without one, the last number of the text."""
    before, mark, after = text.rpartition(_FINAL)
    found = _numbers(after) if mark else []
    if found:
        return found[0]
    found = _numbers(before + after)
    return found[-1] if found else None


def has_final_number(expected: str) -> bool:
    """Whether an expected answer names its result as `#### N`, as GSM8K does."""
    _, mark, after = expected.rpartition(_FINAL)
    return bool(mark) and bool(_numbers(after))


def numeric_match(answer: str, expected: str) -> bool:
    """Whether both end with the same number: `1,000`, `$1000` and `1000.0` are one."""
    wanted = final_number(expected)
    return wanted is not None and final_number(answer) == wanted


def _numbers(text: str) -> list[Decimal]:
    found = []
    for match in _NUMBER.finditer(text):
        sign, inner, whole, fraction = match.groups()
        if whole is None and fraction is None:
            continue
        try:
            number = Decimal(f"{(whole or '0').replace(',', '')}{fraction or ''}")
        except InvalidOperation:  # more digits than decimal arithmetic takes
            continue
        found.append(-number if (sign or inner) in ("-", "−") else number)
    return found


def words(text: str) -> list[str]:
    """Words of any script in lower case; a Chinese or Japanese sign is a word of its own.

    rouge-score's own tokenizer keeps a-z and 0-9 only: text in other scripts would score nothing.
    """
    spaced = []
    for letter in unicodedata.normalize("NFKC", text).lower():
        if "\u3040" <= letter <= "\u30ff" or "\u3400" <= letter <= "\u9fff":
            spaced.append(f" {letter} ")
        else:
            spaced.append(letter if unicodedata.category(letter)[0] in "LMN" else " ")
    return "".join(spaced).split()


class _Words:
    """The tokenizer that rouge-score is given."""

    def tokenize(self, text: str) -> list[str]:
        """Its interface."""
        return words(text)


@lru_cache(maxsize=1)
def _scorer() -> Any:
    from rouge_score import rouge_scorer  # imports nltk: half a second

    return rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=_Words())


def rouge(answer: str, expected: str) -> tuple[float, float, float]:
    """F-measures of ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004), 0 to 1, without stemming."""
    found = _scorer().score(expected, answer)
    return tuple(float(found[key].fmeasure) for key in ("rouge1", "rouge2", "rougeL"))  # type: ignore[return-value]


@dataclass(frozen=True)
class Overlap:
    """BLEU (Papineni et al. 2002) and chrF (Popović 2015) over all rows, 0 to 1, and BLEU's settings."""

    bleu: float
    chrf: float
    signature: str


def overlap(answers: Sequence[str], expected: Sequence[str]) -> Overlap:
    """As sacrebleu counts them (Post 2018), so that they can stand beside published figures."""
    from sacrebleu.metrics import BLEU, CHRF

    bleu = BLEU()
    found = bleu.corpus_score(list(answers), [list(expected)]).score
    chrf = CHRF().corpus_score(list(answers), [list(expected)]).score
    return Overlap(found / 100, chrf / 100, str(bleu.get_signature()))


def typical_words(texts: Iterable[str]) -> float:
    """Median number of words."""
    counts = sorted(len(text.split()) for text in texts)
    return counts[len(counts) // 2] if counts else 0
