"""What an export's small files say, against its source and against its own graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.engines import tokenizing
from core.engines.checking.asking import Reference, rendered
from core.engines.checking.check import Check, check
from core.engines.quantization.building import GRAPH, SETTINGS
from core.engines.quantization.graph import Shape
from core.models import records


def stop_tokens(folder: Path, source: Reference) -> Check:
    """The exported settings end an answer where the source does."""
    try:
        said = records.read_json(folder / SETTINGS)["model"]
        stops = said["eos_token_id"]
        stops = set(stops) if isinstance(stops, list) else {stops}
        padding = said["pad_token_id"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        fault = f"{SETTINGS} cannot be read ({type(error).__name__})"
        return check("stop tokens", False, "", fault)
    wanted = set(source.stop_ids)
    good = stops == wanted and padding in ({source.pad_id} if source.pad_id is not None else wanted)
    fault = f"Answers end at the tokens {_listed(stops)} (padding {padding}) instead of {_listed(wanted)}"
    return check("stop tokens", good, f"Answers end at {_listed(wanted)}", fault)


def _listed(tokens: set[Any]) -> str:
    return ", ".join(map(str, sorted(tokens, key=str))) or "none"


def template(folder: Path, source: Reference) -> Check:
    """Same bytes on disk, and the same text when the exported tokenizer renders it."""
    path = folder / records.TEMPLATE
    if not path.exists():
        return check("chat template", False, "", "The chat template is missing")
    if path.read_bytes() != source.template:
        return check("chat template", False, "", "The chat template is not the source's, byte for byte")
    try:
        tokenizer = tokenizing.load(folder)
        texts = rendered(tokenizer)
        ids = tuple(tuple(tokenizer.encode(text, add_special_tokens=False)) for text in texts)
    except Exception as error:  # a damaged tokenizer file raises whatever its reader raises
        fault = f"The exported tokenizer does not load ({type(error).__name__})"
        return check("chat template", False, "", fault)
    good = texts == source.rendered and ids == source.prompts
    return check(
        "chat template",
        good,
        "Rendered byte for byte like the source's",
        "The exported tokenizer renders or splits a conversation differently from the source's",
    )


def settings(
    folder: Path, source: Reference, shape: Shape, max_length: int | None, cache_bits: int | None = None
) -> Check:
    """The runtime's settings describe this graph, this source, and the length that was asked for.

    Args:
        folder: The export.
        source: What it was made from.
        shape: What its graph takes and gives.
        max_length: Longest conversation that was asked for.
        cache_bits: Bits in which what was read was to be kept.
    """
    try:
        said = records.read_json(folder / SETTINGS)
        faults = _misfits(said["model"], source.config, shape)
        length, context = int(said["search"]["max_length"]), int(said["model"]["context_length"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        return check("settings", False, "", f"{SETTINGS} cannot be read ({type(error).__name__})")
    if cache_bits is not None and shape.cache_bits != cache_bits:
        faults.append(f"It keeps a conversation in {shape.cache_bits} bits a number instead of {cache_bits}")
    cache = 2 * shape.cache_bits // 8 * shape.layers * shape.key_heads * shape.head_size
    known = source.config.get("max_position_embeddings")
    if isinstance(known, int) and max(length, context) > known:
        faults.append(
            f"It opens conversations of {max(length, context):,} tokens; the model knows {known:,} places"
        )
    elif max_length is not None and length > max_length:
        more = (length - max_length) * cache / 1e6
        faults.append(
            f"It reserves memory for {length:,} tokens instead of the {max_length:,} that were asked for: "
            f"{more:,.0f} MB more at every start"
        )
    return check("settings", not faults, f"Up to {length:,} tokens", "; ".join(faults))


def _misfits(said: dict[str, Any], config: dict[str, Any], shape: Shape) -> list[str]:
    decoder, faults = said["decoder"], []
    if decoder["filename"] != GRAPH:
        faults.append(f"{SETTINGS} opens {decoder['filename']!r}, which is not the exported graph")
    family = str((config.get("architectures") or [""])[0]).partition("For")[0].lower()
    if family and said["type"].removesuffix("_text") != family:
        faults.append(f"{SETTINGS} calls the model {said['type']}; its source is {family}")
    of_graph = {
        "num_hidden_layers": ("layers", shape.layers),
        "num_attention_heads": ("heads", shape.heads),
        "num_key_value_heads": ("key heads", shape.key_heads),
        "head_size": ("numbers a head", shape.head_size),
    }
    for key, (noun, found) in of_graph.items():
        if found and decoder[key] != found:
            faults.append(f"{SETTINGS} promises {decoder[key]} {noun}; the graph has {found}")
    of_source = (
        ("layers", shape.layers, config.get("num_hidden_layers")),
        ("tokens in its vocabulary", said["vocab_size"], config.get("vocab_size")),
        ("heads", shape.heads, config.get("num_attention_heads")),
    )
    for noun, found, wanted in of_source:
        if wanted is not None and found != wanted:
            faults.append(f"The export has {found} {noun}, its source {wanted}")
    return faults
