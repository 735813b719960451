"""New token ids wherever a model's files name old ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from core.models import records
from core.models.pruning.vocabulary import TOKENIZER, Trimmed
from core.workspace import durable

KEPT = "vocabulary.json"


def always_kept(model: Any, tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """Ids of the tokenizer's added tokens, and of those that the model's settings name."""
    known = set(tokenizer.get_vocab().values())
    named = {
        id
        for settings in _settings_of(model)
        for name, value in settings.to_dict().items()
        if _names_tokens(name)
        for id in (value if isinstance(value, list) else [value])
        if isinstance(id, int)
    }
    return (named & known) | set(tokenizer.added_tokens_decoder)


def renumber_settings(model: Any, new: Mapping[int, int]) -> None:
    """Begin, end and padding in the model's configuration; an id that was no token is taken out."""
    for settings in _settings_of(model):
        for name, value in settings.to_dict().items():
            if _names_tokens(name) and isinstance(value, list):
                setattr(settings, name, [new[id] for id in value if id in new] or None)
            elif _names_tokens(name) and isinstance(value, int):
                setattr(settings, name, new.get(value))


def write_tokenizer(folder: Path, trimmed: Trimmed) -> None:
    """Rewrites the tokenizer's files in a folder and adds the list of old ids."""
    new = trimmed.new
    document = dict(trimmed.document)
    document["added_tokens"] = [
        {**token, "id": new[token["id"]]} for token in document.get("added_tokens") or ()
    ]
    document["post_processor"] = _renumbered(document.get("post_processor"), new)
    if isinstance(padding := document.get("padding"), dict) and "pad_id" in padding:
        document["padding"] = {**padding, "pad_id": new.get(padding["pad_id"], 0)}
    durable.write_json(folder / TOKENIZER, document)

    path = folder / "tokenizer_config.json"
    settings = records.read_json(path) if path.exists() else {}
    if decoder := settings.get("added_tokens_decoder"):
        settings["added_tokens_decoder"] = {
            str(new[int(id)]): token for id, token in decoder.items() if int(id) in new
        }
        durable.write_json(path, settings)
    path = folder / "added_tokens.json"
    if path.exists():
        added = records.read_json(path)
        durable.write_json(path, {text: new[id] for text, id in added.items() if id in new})
    durable.write_json(folder / KEPT, {"kept": trimmed.kept})


def _settings_of(model: Any) -> list[Any]:
    return [model.config, *([model.generation_config] if model.generation_config is not None else [])]


def _names_tokens(name: str) -> bool:
    return name.endswith(("_token_id", "suppress_tokens"))


def _renumbered(step: Any, new: Mapping[int, int]) -> Any:
    """A post-processor with new ids: templates name tokens with `ids`, older kinds as `[text, id]`."""
    if not isinstance(step, dict):
        return step
    changed = dict(step)
    if step.get("type") == "Sequence":
        changed["processors"] = [_renumbered(part, new) for part in step.get("processors") or ()]
    if step.get("type") == "TemplateProcessing":
        changed["special_tokens"] = {
            text: {**token, "ids": [new[id] for id in token["ids"]]}
            for text, token in (step.get("special_tokens") or {}).items()
        }
    for name in ("sep", "cls"):
        if isinstance(pair := step.get(name), list):
            changed[name] = [pair[0], new[pair[1]]]
    return changed
