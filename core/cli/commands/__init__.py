"""The commands, one module a noun. Each has `add(below)`, which puts its parser in place."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from core.cli.commands import (
    chat,
    compare,
    data,
    demo,
    distill,
    doctor,
    export,
    fit,
    generate,
    jobs,
    models,
    quantize,
    recipe,
    runs,
    search,
)

ALL: tuple[Callable[[argparse._SubParsersAction[argparse.ArgumentParser]], None], ...] = (
    demo.add,
    doctor.add,
    models.add,
    data.add,
    generate.add,
    fit.add,
    jobs.add_finetune,
    jobs.add_merge,
    search.add,
    jobs.add_prune,
    distill.add,
    quantize.add,
    jobs.add_evaluate,
    compare.add,
    export.add,
    chat.add,
    runs.add,
    recipe.add,
)
