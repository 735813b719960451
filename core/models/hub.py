"""What the Hugging Face hub offers under a name: asked by one plain request, before anybody agrees.

Only safetensors, tokenizer and settings are ever wanted of a model; pickles and programs stay where they are.
"""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from core.errors import InputError, JobError
from core.models import foreign

PREFIX = "hf:"
#: The revision where none is named: whatever the publisher has put there last.
NEWEST = "main"
_REFERENCE = re.compile(
    r"^hf:(?P<repo>[A-Za-z0-9][\w.\-]*/[A-Za-z0-9][\w.\-]*)(@(?P<revision>[\w.\-/]+))?(:(?P<file>[^\x00-\x1f]+))?$"
)
_WEIGHTS = re.compile(r"^model[\w.\-]*\.safetensors$")
_DATA_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xlsx", ".parquet")
_LARGEST_ANSWER_BYTES = 16 << 20
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Reference:
    """`hf:OWNER/NAME@REVISION:FILE` in its parts; a file only for data."""

    repo: str
    revision: str = NEWEST
    file: str = ""

    def __str__(self) -> str:
        """As it is written."""
        revision = "" if self.revision == NEWEST else f"@{self.revision}"
        return f"{PREFIX}{self.repo}{revision}{f':{self.file}' if self.file else ''}"

    @property
    def name(self) -> str:
        """The part after the owner."""
        return self.repo.partition("/")[2]


@dataclass(frozen=True)
class Offer:
    """What would be downloaded: `files` are names with their bytes, of exactly this commit."""

    reference: Reference
    host: str
    licence: str
    files: tuple[tuple[str, int], ...]

    @property
    def bytes(self) -> int:
        """All files together."""
        return sum(size for _name, size in self.files)


def is_reference(text: str) -> bool:
    """Whether a source means the hub."""
    return text.startswith(PREFIX)


def parse(text: str) -> Reference:
    """The parts of a reference.

    Raises:
        InputError: It is none.
    """
    found = _REFERENCE.match(text)
    if found is None or ".." in text:
        raise InputError(
            f"{text!r} is no name on the hub.",
            why="It is written hf:OWNER/NAME, with @REVISION and, for data, :FILE where wanted.",
            fix="Copy OWNER/NAME from the page of the model or data set.",
            code="hub.name",
        )
    return Reference(found["repo"], found["revision"] or NEWEST, found["file"] or "")


def endpoint() -> str:
    """The hub's address; `HF_ENDPOINT` is the hub client's own setting for a mirror."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def host() -> str:
    """The hub's name on the network."""
    return urllib.parse.urlsplit(endpoint()).netloc


def token() -> str | None:
    """The person's token, from the environment of this session only."""
    return os.environ.get("HF_TOKEN") or None


def model_offer(reference: Reference) -> Offer:
    """The files of a model that would be downloaded.

    Raises:
        InputError: There is no such model, it has no safetensors, or its publisher must let you in first.
        JobError: The hub does not answer.
    """
    said = _ask("models", reference)
    sizes = _sizes(said)
    wanted = [name for name in (*foreign.KNOWN, foreign.INDEX) if name in sizes]
    weights = [name for name in sizes if _WEIGHTS.match(name)]
    if not weights:
        kinds = sorted({PurePosixPath(name).suffix for name in sizes if PurePosixPath(name).suffix})
        raise InputError(
            f"{reference.repo} cannot be downloaded.",
            why=f"It has no model*.safetensors; its files are {', '.join(kinds) or 'none'}. "
            "Pickles (.bin, .pt) can run any program when opened, so they are never taken.",
            fix="Look for a version of the model in safetensors.",
            code="hub.no_safetensors",
        )
    return _offer(said, reference, [*wanted, *weights], sizes)


def data_offer(reference: Reference) -> Offer:
    """The one file of a data set that would be downloaded.

    Raises:
        InputError: There is no such data set or file, or which file is meant is unclear.
        JobError: The hub does not answer.
    """
    said = _ask("datasets", reference)
    sizes = _sizes(said)
    tables = sorted(name for name in sizes if name.lower().endswith(_DATA_SUFFIXES))
    if reference.file and reference.file not in tables:
        raise InputError(
            f"{reference.repo} has no file {reference.file!r} that could be read.",
            why=f"Its readable files are {', '.join(tables[:8]) or 'none'}.",
            fix="Choose one of them.",
            code="hub.file",
        )
    if not reference.file and len(tables) != 1:
        raise InputError(
            f"{reference.repo} has {len(tables)} files that could be read.",
            why=f"They are {', '.join(tables[:8])}."
            if tables
            else f"Readable are {', '.join(_DATA_SUFFIXES)}.",
            fix=f"Write hf:{reference.repo}:FILE." if tables else "Choose another data set.",
            code="hub.file",
        )
    return _offer(said, reference, [reference.file or tables[0]], sizes, file=reference.file or tables[0])


def _offer(
    said: dict[str, Any], reference: Reference, names: list[str], sizes: dict[str, int], file: str = ""
) -> Offer:
    commit = str(said.get("sha") or "")
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise JobError("The hub's answer names no commit.", fix="Try again later.", code="hub.answer")
    found = said.get("cardData")
    card: dict[str, Any] = found if isinstance(found, dict) else {}
    licence = card.get("license_name") or card.get("license") or "not stated"
    return Offer(
        Reference(reference.repo, commit, file),
        host(),
        ", ".join(map(str, licence)) if isinstance(licence, list) else str(licence),
        tuple((name, sizes[name]) for name in dict.fromkeys(names)),
    )


def _sizes(said: dict[str, Any]) -> dict[str, int]:
    """Bytes by name, of files whose names stay inside a folder."""
    found = {}
    for item in said.get("siblings") or ():
        name, size = item.get("rfilename"), item.get("size")
        if not isinstance(name, str) or "\\" in name or ":" in name:
            continue
        if not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts:
            found[name] = size if isinstance(size, int) else 0
    return found


def _ask(kind: Literal["models", "datasets"], reference: Reference) -> dict[str, Any]:
    revision = urllib.parse.quote(reference.revision, safe="")
    url = f"{endpoint()}/api/{kind}/{reference.repo}/revision/{revision}?blobs=true"
    request = urllib.request.Request(url, headers={"User-Agent": "slm-workbench"})
    if key := token():
        request.add_unredirected_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            said = json.loads(answer.read(_LARGEST_ANSWER_BYTES))
    except urllib.error.HTTPError as error:
        raise refusal(reference, error.code, kind) from error
    except (OSError, ValueError) as error:
        raise JobError(
            "The hub does not answer.",
            why=f"{endpoint()}: {getattr(error, 'reason', error)}",
            fix="Check the network; without one, add the files from a folder.",
            code="hub.unreachable",
        ) from error
    if not isinstance(said, dict):
        raise JobError("The hub's answer cannot be read.", fix="Try again later.", code="hub.answer")
    if said.get("gated") and not token():
        raise refusal(reference, 403, kind)
    return said


def refusal(reference: Reference, status: int, kind: str) -> InputError:
    """Why the hub does not give something, in words."""
    page = f"{endpoint()}/{'datasets/' if kind == 'datasets' else ''}{reference.repo}"
    if status == 403:
        return InputError(
            f"{reference.repo} is given only to people who agreed to its publisher's terms.",
            why="It is a gated repository; the hub wants to know who asks.",
            fix=f"Log in at {page}, agree there, make a read token in your settings, and set it as HF_TOKEN "
            "before starting this program.",
            code="hub.gated",
        )
    if status in (401, 404):
        return InputError(
            f"The hub has no {reference.repo} at {reference.revision}, or does not show it to you.",
            why=f"It answered {status}.",
            fix="Check the name; a private one needs your token in HF_TOKEN.",
            code="hub.unknown",
        )
    return InputError(
        f"The hub does not give {reference.repo}.",
        why=f"It answered {status}.",
        fix="Try again later.",
        code="hub.refused",
    )
