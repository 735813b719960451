"""What a folder holds, file by file, so that a changed byte is noticed.

safetensors carries no checksum: 2,000 of 2,000 single bit flips loaded silently when measured.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import IntegrityError
from core.workspace import durable

NAME = "manifest.json"
_CHUNK_BYTES = 1 << 20


class FileEntry(BaseModel):
    """One file: path relative to the folder with `/`, size in bytes, SHA-256 in hex."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """All files of a folder but the manifest itself, sorted by path."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    files: tuple[FileEntry, ...]

    @property
    def total_bytes(self) -> int:
        """Sum of the file sizes."""
        return sum(entry.bytes for entry in self.files)

    @property
    def digest(self) -> str:
        """SHA-256 over paths and contents; two folders with equal files have equal digests."""
        lines = "".join(f"{entry.sha256}  {entry.path}\n" for entry in self.files)
        return hashlib.sha256(lines.encode()).hexdigest()


def hash_file(path: Path) -> str:
    """SHA-256 of a file, read in 1 MiB pieces."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / NAME)


def write(folder: Path) -> Manifest:
    """Flushes the folder's files, then writes its manifest last. Returns the manifest."""
    durable.sync_tree(folder)
    entries = tuple(
        FileEntry(path=path.relative_to(folder).as_posix(), bytes=path.stat().st_size, sha256=hash_file(path))
        for path in _files_below(folder)
    )
    manifest = Manifest(files=entries)
    durable.write_text(folder / NAME, json.dumps(manifest.model_dump(mode="json"), indent=1) + "\n")
    return manifest


def read(folder: Path) -> Manifest:
    """The manifest as written.

    Raises:
        IntegrityError: It is missing or not readable as one.
    """
    try:
        return Manifest.model_validate_json((folder / NAME).read_bytes())
    except FileNotFoundError as error:
        raise IntegrityError(
            f"{folder.name} was not finished.",
            why="Its manifest, written last, is missing.",
            fix="Make it again, or resume the run that made it.",
        ) from error
    except (ValidationError, OSError) as error:
        raise IntegrityError(
            f"The manifest of {folder.name} cannot be read.",
            why=str(error).splitlines()[0],
            fix="Make it again from the run that made it.",
            details=str(error),
        ) from error


def verify(folder: Path) -> Manifest:
    """Reads every byte and compares it with the manifest.

    Raises:
        IntegrityError: A file is missing, too many, or changed; names the first one.
    """
    manifest = read(folder)
    known = {entry.path: entry for entry in manifest.files}
    present = {path.relative_to(folder).as_posix(): path for path in _files_below(folder)}
    for name in sorted(known.keys() | present.keys()):
        entry, path = known.get(name), present.get(name)
        if entry is None:
            reason = f"{name} was added after it was finished."
        elif path is None:
            reason = f"{name} is missing."
        elif path.stat().st_size != entry.bytes:
            reason = f"{name} has {path.stat().st_size} bytes instead of {entry.bytes}."
        elif hash_file(path) != entry.sha256:
            reason = f"The content of {name} has changed."
        else:
            continue
        raise IntegrityError(
            f"{folder.name} is not what it was when it was made.",
            why=reason,
            fix="Remove it and make it again; its run still holds the spec.",
        )
    return manifest
