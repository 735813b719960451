"""Every engine's first import: no hub, no telemetry, no surprise threads, before any library is loaded."""

from __future__ import annotations

import os
import sys

#: Set before the first import of the library that reads it. Olive sends a heartbeat when its telemetry object
#: is made, *before* it looks at OLIVE_DISABLE_TELEMETRY; only a CI variable stops that one, so both are set.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "OLIVE_DISABLE_TELEMETRY": "1",
    "TF_BUILD": "True",  # one of the names by which Olive recognizes CI
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
}


def seal() -> None:
    """Puts the values in place for this process and its children."""
    os.environ.update(ENVIRONMENT)


def without_four_bit() -> None:
    """PEFT loads an installed bitsandbytes: 1.3 s and 45 MB, in vain where nothing is in 4 bits."""
    sys.modules.setdefault("bitsandbytes", None)  # type: ignore[arg-type]  # None is the documented way
