"""Why an exported model must not be used, from its receipt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.models import records


def reasons(folder: Path) -> list[str]:
    """What a red receipt says; empty when the model may be used."""
    if records.receipt_status(folder) != "red":
        return []
    try:
        receipt = records.read_json(folder / records.RECEIPT)
    except (OSError, ValueError):
        return ["receipt.json cannot be read"]
    said = [str(text) for text in _list(receipt.get("reasons")) if isinstance(text, str)]
    for check in _list(receipt.get("checks")):
        if isinstance(check, dict) and check.get("status") == "red":
            said.append(str(check.get("text") or check.get("reason") or check.get("name") or ""))
    return [text for text in said if text]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
