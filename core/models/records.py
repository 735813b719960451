"""What a model in the library is, read from its small files and headers without loading weights."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import InputError, IntegrityError
from core.models import safetensors_header
from core.models.safetensors_header import Tensor
from core.workspace import durable

if TYPE_CHECKING:
    from core.workspace.workspace import Workspace

Format = Literal["hf", "adapter", "onnx", "endpoint"]
NAME = "model.json"
TEMPLATE = "chat_template.jinja"
RECEIPT = "receipt.json"
#: Name of a receipt's check: whether a cut model has learnt again.
TAUGHT = "taught"
_WEIGHTS = {"hf": "model*.safetensors", "adapter": "adapter_model.safetensors"}


class Description(BaseModel):
    """`model.json`: what the engine that made the folder says about it. Unknown keys are kept, not read."""

    model_config = ConfigDict(frozen=True, extra="allow")

    version: int = 1
    format: Format
    name: str = ""
    architecture: str = ""
    parameters: int = 0
    context: int = 0
    licence: str = ""
    dtype: str = ""
    base: str | None = None
    recipe: str | None = None
    source: str = ""
    note: str = ""
    #: Of an adapter: lora, dora or ia3, and its rank.
    method: str = ""
    rank: int | None = None
    #: Names of the adapters that an exported model serves beside its base.
    adapters: tuple[str, ...] = ()


class ModelRecord(BaseModel):
    """One model as a list shows it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Format
    name: str
    architecture: str
    parameters: int
    bytes: int
    context: int
    licence: str
    dtype: str
    base: str | None
    recipe: str | None
    source: str
    note: str
    template_sha256: str | None
    receipt: Literal["green", "amber", "red"] | None
    adapters: tuple[str, ...] = ()


def describe(folder: Path) -> Description:
    """`model.json` of a folder of the library.

    Raises:
        IntegrityError: It is missing or not readable.
    """
    try:
        return Description.model_validate_json((folder / NAME).read_bytes())
    except (OSError, ValidationError) as error:
        gone = not folder.exists()  # the folder is called by an id, which says nothing to a person
        raise IntegrityError(
            "This needs a model that was removed." if gone else "A folder of this library is not a model.",
            why=_what_is_missing(folder),
            fix="Add the model again, or choose another one.",
            details=str(error),
        ) from error


def describe_stored(workspace: Workspace, artifact_id: str) -> Description:
    """`model.json` of a model by its id; an error calls it as the person does.

    Raises:
        IntegrityError: It is missing or not readable.
    """
    folder = workspace.artifact_folder(artifact_id)
    try:
        return describe(folder)
    except IntegrityError as error:
        artifact = workspace.store.find_artifact(artifact_id, "model")
        if artifact is None or artifact.id != artifact_id:
            raise
        raise workspace.damaged(artifact, _what_is_missing(folder), error.details) from error


def _what_is_missing(folder: Path) -> str:
    return f"Its {NAME} is missing or cannot be read." if folder.exists() else "Its folder is gone."


def write(folder: Path, description: Description) -> None:
    """Writes `model.json`."""
    durable.write_json(folder / NAME, description.model_dump(mode="json"))


def inspect(folder: Path) -> ModelRecord:
    """Everything a list or a details page shows.

    Raises:
        IntegrityError: The folder is no model, or its weights' header is broken.
    """
    said = describe(folder)
    parameters, dtype = said.parameters, said.dtype
    if said.format in _WEIGHTS:
        counted, found = weights(folder, said.format)
        parameters, dtype = counted or parameters, found or dtype
    template = folder / TEMPLATE
    return ModelRecord(
        format=said.format,
        name=said.name or folder.name,
        architecture=said.architecture,
        parameters=parameters,
        bytes=bytes_on_disk(folder),
        context=said.context,
        licence=said.licence,
        dtype=dtype,
        base=said.base,
        recipe=said.recipe,
        source=said.source,
        note=said.note,
        template_sha256=hashlib.sha256(template.read_bytes()).hexdigest() if template.is_file() else None,
        receipt=receipt_status(folder),
        adapters=said.adapters,
    )


def adapter_file(folder: Path, name: str) -> Path:
    """File of an adapter that an exported model serves; its chat template lies beside it as `.jinja`.

    Raises:
        InputError: The model serves none of this name.
    """
    said = describe(folder)
    if name not in said.adapters:
        raise InputError(
            f"{said.name or folder.name} serves no adapter {name!r}.",
            why=f"It serves {', '.join(said.adapters)}." if said.adapters else "It serves none.",
            fix="Name one of them, or none for the base." if said.adapters else "Leave the adapter out.",
            code="adapter.unknown",
        )
    return folder / "adapters" / f"{said.adapters.index(name)}.onnx_adapter"


def weights(folder: Path, format: str) -> tuple[int, str]:
    """Number of stored values and their most common type, from the safetensors headers."""
    elements: Counter[str] = Counter()
    for tensor in tensors(folder, format).values():
        elements[tensor.dtype] += tensor.elements
    return elements.total(), elements.most_common(1)[0][0].lower() if elements else ""


def tensors(folder: Path, format: str) -> dict[str, Tensor]:
    """The stored tensors of a model by name, from the safetensors headers.

    Raises:
        IntegrityError: A header is broken.
    """
    found: dict[str, Tensor] = {}
    for path in sorted(folder.glob(_WEIGHTS[format])):
        try:
            found |= safetensors_header.read(path)
        except safetensors_header.HeaderError as error:
            raise IntegrityError(
                f"{path.name} of {folder.name} is damaged.",
                why=f"In the file, {error}.",
                fix="Add the model again, or make it again from the run that made it.",
            ) from error
    return found


def bytes_on_disk(folder: Path) -> int:
    """Size of all files of a model; what a device would have to store."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def receipt_status(folder: Path) -> Literal["green", "amber", "red"] | None:
    """What the export's receipt says, or None when the folder has none. An unreadable receipt is red."""
    path = folder / RECEIPT
    if not path.is_file():
        return None
    try:
        status = read_json(path).get("status")
    except ValueError:
        return "red"
    return status if status in ("green", "amber") else "red"


def refusal(folder: Path) -> tuple[str, ...]:
    """Why a red receipt says that a model may not be deployed or talked to; empty when it may."""
    if receipt_status(folder) != "red":
        return ()
    try:
        reasons = read_json(folder / RECEIPT).get("reasons")
    except ValueError:
        return ("Its receipt cannot be read.",)
    return tuple(map(str, reasons)) if isinstance(reasons, list) else ("Its receipt gives no reasons.",)


def untaught(folder: Path) -> str:
    """What the receipt of a model says that was cut and has not learnt again; empty for every other."""
    try:
        checks = read_json(folder / RECEIPT).get("checks")
    except (OSError, ValueError):
        return ""
    for item in checks if isinstance(checks, list) else ():
        if isinstance(item, dict) and item.get("name") == TAUGHT and item.get("status") == "amber":
            return str(item.get("text", ""))
    return ""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        ValueError: It is none.
    """
    try:
        value = json.loads(path.read_bytes())
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value
