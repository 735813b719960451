"""What training rows show of a model's layers and neurons, kept as it is found, so that a resume goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from core.engines.keeping import Kept
from core.engines.pruning.influence import Influence
from core.engines.pruning.width import Activity

if TYPE_CHECKING:
    from core.jobs.context import JobContext

_NAME = "measured"
#: How often what was found so far is kept.
_LOOKS = 8


@dataclass(frozen=True)
class Measured:
    """What decides which layers and neurons stay.

    Attributes:
        influence: Of each layer, from 0 (does nothing) to 2.
        activity: Of each layer, a sum over the tokens for each neuron.
    """

    influence: list[float]
    activity: list[Tensor]


def measure(
    model: Any, layers: Sequence[Any], rows: Sequence[list[int]], job: JobContext, kept: Kept
) -> Measured:
    """Sends the rows through the model; those that an earlier try has measured are not sent again.

    Args:
        model: A causal language model, whole.
        layers: Its layers.
        rows: Token ids of each row.
        job: Whose run it is.
        kept: What its earlier tries have found.

    Raises:
        CancelledError: A stop was requested; what was found stays.
        JobError: It could not be kept.
    """
    job.phase("measuring", total=len(rows), unit="rows")
    influence, activity, begun = Influence(layers), Activity(layers), 0
    if (before := kept.tensors(_NAME)) is not None:
        influence.take(before["changes"], before["tokens"])
        activity.take([before[f"activity-{at}"] for at in range(len(layers))])
        begun = int(before["rows"])
        job.log(f"Takes over what was measured on {begun} of {len(rows)} rows before it was interrupted.")
        job.progress(begun)

    def keep(done: int) -> None:
        changes, tokens = influence.sums
        sums = {f"activity-{at}": found for at, found in enumerate(activity.sums)}
        counted = {"changes": changes, "tokens": tokens, "rows": torch.tensor(done)}
        kept.put_tensors(_NAME, {**sums, **counted})

    every = max(1, len(rows) // _LOOKS)
    for done, ids in enumerate(rows[begun:], start=begun + 1):
        with torch.no_grad():
            model.model(input_ids=torch.tensor([ids]), use_cache=False)
        if done % every == 0 or done == len(rows):
            keep(done)
            job.goes_on_after("rows", done, len(rows))
        job.progress(done)
        job.check_cancelled()
    return Measured(influence.close(), activity.close())
