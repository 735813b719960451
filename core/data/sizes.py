"""How long the rows of a data set are and how much of them is learnt, for a forecast."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.data.dataset import Dataset
from core.data.lengths import Lengths

_DRAWN = 1000
_LOOKED_AT = 200
_CHARACTERS_A_TOKEN = 4.0
_MARKS = 5  # tokens of the template around a message


@dataclass(frozen=True)
class RowSizes:
    """Sizes of a data set's rows.

    Attributes:
        lengths: Tokens of up to 1000 rows, sorted, as the check's histogram has them.
        train: Rows to learn from.
        validation: Rows to look at along the way.
        answer_share: Share of a row's tokens that are learnt.
    """

    lengths: tuple[int, ...]
    train: int
    validation: int
    answer_share: float


def read(folder: Path) -> RowSizes:
    """Reads the description and the first 200 rows of a data set's folder.

    Raises:
        IntegrityError: It cannot be read.
    """
    data = Dataset(folder)
    tokens: list[float] = []
    learnt = 0.0
    for row in islice(data.rows("train"), _LOOKED_AT):
        messages = data.messages(row)
        sizes = [len(message["content"]) / _CHARACTERS_A_TOKEN for message in messages]
        tokens.append(sum(sizes) + _MARKS * len(sizes))
        learnt += sum(
            size + 1 for size, message in zip(sizes, messages, strict=True) if message["role"] == "assistant"
        )
    lengths = data.info.check.lengths
    return RowSizes(
        lengths=drawn(lengths) if lengths else tuple(sorted(round(count) for count in tokens)),
        train=data.count("train"),
        validation=data.count("validation"),
        answer_share=min(1.0, learnt / sum(tokens)) if tokens else 0.0,
    )


def drawn(lengths: Lengths) -> tuple[int, ...]:
    """Up to 1000 lengths that are spread as the histogram says, the longest one among them."""
    borders, counts = list(lengths.edges), [float(count) for count in lengths.counts]
    if lengths.maximum > borders[-1]:  # the last bin holds the longer ones too: at most a hundredth
        tail = min(counts[-1], max(1.0, 0.005 * lengths.rows))
        counts = [*counts[:-1], counts[-1] - tail, tail]
        borders.append(lengths.maximum)
    wanted = min(_DRAWN, lengths.rows)
    found: list[int] = []
    below, place = 0.0, 0
    for number in range(wanted):
        at = (number + 0.5) / wanted * lengths.rows
        while place < len(counts) - 1 and below + counts[place] < at:
            below += counts[place]
            place += 1
        share = (at - below) / counts[place] if counts[place] else 0.5
        found.append(int(borders[place] + share * (borders[place + 1] - borders[place])))
    found = [min(max(item, lengths.minimum), lengths.maximum) for item in found]
    return tuple(sorted([*found[:-1], lengths.maximum]))
