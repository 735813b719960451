"""Answers that say that there will be no answer."""

from __future__ import annotations

import re

#: How much of an answer is looked at: a refusal comes first, and a long answer may quote one.
_LOOKED_AT = 240

_SORRY = r"(?:i(?:['’]m| am)(?: very| really| so)? sorry|i apologi[sz]e|sorry|my apologies|unfortunately)"
_CANNOT = (
    r"i (?:cannot|can not|can['’]?t|could(?: not|n['’]t)|will not|won['’]t|am not able to|am unable to"
    r"|am not allowed to|do(?: not|n['’]t) feel comfortable)|i['’]m (?:not able|unable|not allowed) to"
)
_HELPING = (
    r"(?:help|assist|answer|provide|fulfil+|comply|generate|create|produce|discuss|engage|write|give|share"
    r"|support|complete|respond|offer|do (?:that|this|so)|with that)"
)
_A_MODEL = r"as an? (?:ai|artificial intelligence|(?:large )?language model|assistant|chatbot)"
_PATTERNS = tuple(
    re.compile(rf"^\W*(?:{pattern})", re.IGNORECASE)
    for pattern in (
        # I cannot help with that; I'm sorry, but I am unable to answer
        rf"(?:{_SORRY}\W+(?:but )?)?(?:{_CANNOT}) (?:\w+ )?{_HELPING}",
        rf"{_SORRY}\W+(?:but )?(?:{_CANNOT}|i do(?: not|n['’]t) (?:know|have)|there is no|no information)",
        rf"(?:{_SORRY}\W+(?:but )?)?i (?:must|have to|need to) (?:decline|refuse)",
        # As an AI language model, I do not …
        rf"(?:{_SORRY}\W+(?:but )?)?{_A_MODEL}\b.{{0,120}}?(?:n['’]t|\b(?:not|cannot|unable))\b",
        r"i do(?: not|n['’]t) have (?:enough|access|the (?:information|context))",
        r"i do(?: not|n['’]t) know(?: the answer)?\W*$",
        r"(?:this|that|your) (?:request|question|content|topic) .{0,60}"
        r"(?:violat|against (?:my|our|the) (?:polic|guideline)|inappropriate|not appropriate)",
        r"there(?: is|['’]s) not enough (?:information|context)|not enough (?:information|context)",
    )
)


def is_refusal(answer: str) -> bool:
    """Whether the answer begins by declining: English only, by its usual forms. A help, no promise."""
    beginning = " ".join(answer[:_LOOKED_AT].split())
    return any(pattern.search(beginning) for pattern in _PATTERNS)
