"""How long answers of a model take when its parts are stored one way or another: built, and timed in turn.

Time does not depend on what the numbers are, so they are rounded to the nearest step, which is quick.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from core.data.dataset import Dataset
from core.engines import tokenizing
from core.engines.measuring.turns import in_turn
from core.engines.pruning import calibration
from core.engines.quantization import building, rounding
from core.engines.runtimes.runtime import Source, open_runtime
from core.models import records
from core.models.quantizing import sizes
from core.models.quantizing.plan import Plan
from core.models.quantizing.recipes import RECIPES

#: Tokens of a prompt and of an answer where no data say how long they are.
_USUAL_LENGTHS = (32, 32)
#: Rows by which the usual length is found, and the start of their draw; as pruning draws them.
_ROWS, _SEED = 128, 17


class Clock:
    """Times mixtures of one model as they would run.

    Args:
        folder: The whole model in full precision.
        data: Data set whose usual length counts, or None.
        work: Where exports are made; they are removed once they are open.
        threads: Cores to use.
    """

    def __init__(self, folder: Path, data: Path | None, work: Path, threads: int) -> None:
        self._folder, self._work, self._threads = folder, work, threads
        self._tokens = sizes.read(folder).head[0]
        self.lengths = lengths(folder, data)

    def times(self, plans: Sequence[Plan], built: Callable[[int], None]) -> list[float]:
        """Median milliseconds of an answer of each.

        Args:
            plans: What is timed.
            built: Told how many are built; may raise to end it.
        """
        with tempfile.TemporaryDirectory(dir=self._work, prefix="timing-") as place:
            runtimes = {}
            for at, plan in enumerate(plans):
                runtimes[at] = open_runtime(
                    Source("onnx", self._build(plan, Path(place, str(at))), (), (), self._threads)
                )
                built(at + 1)
            found = in_turn(runtimes, self._tokens, self.lengths)
            runtimes.clear()
        return [found[at] for at in range(len(plans))]

    def _build(self, plan: Plan, place: Path) -> Path:
        rounded, built, cache = (place / part for part in ("rounded", "built", "cache"))
        for folder in (rounded, built, cache):
            folder.mkdir(parents=True)
        nearest = plan.model_copy(update={"algorithm": "rtn"})
        rounding.round_weights(self._folder, rounded, nearest)
        building.build(rounded, built, RECIPES["search"].of(nearest), cache)
        shutil.rmtree(rounded)
        return built


def exported(folder: Path, lengths: tuple[int, int], threads: int) -> float:
    """Median milliseconds of an answer of a finished export."""
    runtime = open_runtime(Source("onnx", folder, (), (), threads))
    tokens = int(records.read_json(folder / building.SETTINGS)["model"]["vocab_size"])
    return in_turn({0: runtime}, tokens, lengths)[0]


def lengths(folder: Path, data: Path | None) -> tuple[int, int]:
    """Tokens of the usual prompt and answer: of the training rows where there are data.

    Raises:
        InputError: The data have no training rows.
    """
    if data is None:
        return _USUAL_LENGTHS
    return calibration.lengths(Dataset(data), tokenizing.load(folder), _ROWS, _SEED)
