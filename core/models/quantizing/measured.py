"""What the recipes took and kept where they were measured: one model, one computer, for want of better.

The model is a fully tuned one of 135 million parameters; likeness as the receipts of its exports say, which
ask general questions (on rows of its own task it is higher: 94 % for 90), time on two cores of a small
server. `expected` puts what a workspace's own runs say in their place.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Parameters of the model that was measured.
PARAMETERS = 134_515_008
#: Size of the searched export that was measured.
SEARCHED_MB = 115.0


@dataclass(frozen=True)
class Kept:
    """How near an export stays to its source.

    Attributes:
        agreement: Share of places at which it expects the same next token.
        kl: KL divergence from its source, nats a token; None where it was not kept.
        of: Name of the export whose receipt says so; empty for the model that was measured.
        or_more: Whether the export has more room than what was measured, and so keeps no less.
    """

    agreement: float
    kl: float | None = None
    of: str = ""
    or_more: bool = False


#: By recipe and who rounded. fp32 is its source but for the order in which numbers are added up.
KEPT: dict[tuple[str, str], Kept] = {
    ("fp32", ""): Kept(1.0, 0.0),
    ("int8", "rtn"): Kept(0.98, 0.006),
    ("int4-mixed", "gptq"): Kept(0.90, 0.039),
    ("int4-mixed", "k_quant"): Kept(0.82, 0.094),
    ("search", ""): Kept(0.90, 0.065),
    ("int4-edges", "gptq"): Kept(0.90, 0.060),
    ("int4-edges", "k_quant"): Kept(0.78, 0.135),
    ("int4-gptq", "gptq"): Kept(0.87, 0.136),
    ("int4-awq", "awq"): Kept(0.74, 0.168),
    ("int4-hqq", "hqq"): Kept(0.73, 0.312),
    ("int4-kquant", "k_quant"): Kept(0.74, 0.311),
    ("int4", "builder"): Kept(0.71, 0.384),
}
#: Seconds of what does not grow with the model: int8 of 36, 72 and 135 M parameters took 9, 12 and 16 s.
LOADING_S = 6.5
#: Seconds of the rest, receipt included, by who rounds, or by recipe where nobody or several do.
WORK_S: dict[str, float] = {
    "fp32": 13.0,
    "builder": 10.0,
    "rtn": 10.0,
    "k_quant": 24.0,
    "hqq": 22.0,
    "awq": 72.0,
    "gptq": 60.0,
    "search": 235.0,
}
#: Seconds of healing: to look before and after, and of a step; int4-kquant with 40 steps took 137 s.
HEALING_S, HEALING_STEP_S = 15.0, 2.3
#: Mixtures that are built and timed before a search for a time begins.
PROBES = 4
