"""Calls onnxruntime-genai's builder, and sets right what it leaves open."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from core.errors import JobError
from core.models import records
from core.models.quantizing.recipes import Recipe
from core.models.targets import TARGETS
from core.workspace import durable

GRAPH = "model.onnx"
SETTINGS = "genai_config.json"
#: Layers with a window (Gemma 2 and 3) keep the whole conversation: a shorter memory of theirs is refused by
#: the runtime as soon as a conversation is opened that is shorter than the window.
#: Of a prompt the output layer reads the last position: answers need no other, and a prompt is read a quarter
#: faster in half the memory.
_ALWAYS = ("windowed_kv_cache=false", "prune_lm_head=true", "hf_remote=false", "hf_token=false")


def build(
    source: Path,
    folder: Path,
    recipe: Recipe,
    cache: Path,
    more: Sequence[str] = (),
    *,
    target: str = "cpu",
) -> None:
    """Builds the ONNX folder from a transformers folder.

    Args:
        source: The transformers folder.
        folder: Where the export goes.
        recipe: How small it becomes.
        cache: An empty folder for the builder.
        more: Options beside the recipe's.
        target: Where it will run.

    Raises:
        JobError: The builder refused or failed.
    """
    from onnxruntime_genai.models import builder

    from core.engines.quantization.gemma3 import Gemma3

    given = ("", str(source), str(folder), recipe.precision, TARGETS[target].builder, str(cache))
    try:
        with (
            mock.patch.object(builder, "Gemma3Model", Gemma3),
            contextlib.redirect_stdout(sys.stderr),
        ):  # it reports layer by layer with print
            said = [*recipe.options, *more, *_ALWAYS]
            options = builder.parse_extra_options(*given, said)
            builder.create_model(*given, **options)
    except Exception as error:  # a builder of 6,768 lines raises whatever happens to it
        raise JobError(
            f"The model cannot be built as {recipe.name}.",
            why=f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}",
            fix="Try another recipe; fp32 works for every supported model.",
            details=repr(error),
        ) from error


def settle(
    folder: Path,
    *,
    template: Path,
    max_length: int,
    stop_ids: Sequence[int],
    pad_id: int | None,
    one_buffer: bool = False,
) -> int:
    """Sets what the builder leaves at its defaults. Returns the longest conversation.

    The default `max_length` is the whole context, for which the runtime reserves memory at once: 602 MB
    instead of 231 MB on a 135M model.

    Args:
        folder: The export.
        template: The source's chat template.
        max_length: Longest conversation that was asked for.
        stop_ids: Tokens that end an answer.
        pad_id: Token that fills up; None takes the first that ends.
        one_buffer: Keys and values stay where they are, and new ones are written behind them. Of 8-bit ones
            the builder would have a copy made for every token on the processor.
    """
    settings: dict[str, Any] = records.read_json(folder / SETTINGS)
    length = min(max_length, int(settings["model"]["context_length"]))
    settings["search"]["max_length"] = length
    if one_buffer:
        settings["search"]["past_present_share_buffer"] = True
    settings["model"]["eos_token_id"] = stop_ids[0] if len(stop_ids) == 1 else list(stop_ids)
    settings["model"]["pad_token_id"] = stop_ids[0] if pad_id is None else pad_id
    durable.write_json(folder / SETTINGS, settings)
    if template.exists():
        shutil.copyfile(template, folder / records.TEMPLATE)
    return length
