"""The user's own settings: a small JSON file, in which one bad key never blocks the start."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.workspace import durable

_log = logging.getLogger(__name__)
_VERSION = 1


class Settings(BaseModel):
    """What the window remembers between two starts."""

    model_config = ConfigDict(validate_assignment=True, extra="ignore")

    version: int = _VERSION
    theme: Literal["system", "light", "dark"] = "system"
    language: str = "en"
    threads: int | None = Field(default=None, ge=1, le=1024)
    last_page: str = "home"
    geometry: str = ""
    workspace: str = ""


class SettingsFile:
    """Reads and writes the settings.

    Args:
        path: The file; the platform's place for settings when left out.
    """

    def __init__(self, path: Path | None = None) -> None:
        folder = platformdirs.user_config_path("slm-workbench", appauthor=False)
        self.path = path or folder / "settings.json"
        self.values = self._read()

    def update(self, **changes: Any) -> None:
        """Changes settings and saves them when something is different.

        Raises:
            ValidationError: A value is not allowed; nothing was changed.
        """
        fresh = Settings.model_validate({**self.values.model_dump(), **changes})
        if fresh != self.values:
            self.values = fresh
            self._write()

    def _read(self) -> Settings:
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Settings()
        except (OSError, ValueError) as error:
            _log.warning("settings not readable, defaults are used: %s", error)
            return Settings()
        if not isinstance(data, dict):
            return Settings()
        try:
            return Settings.model_validate(data)
        except ValidationError as error:
            bad = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
            _log.warning("settings dropped: %s", ", ".join(sorted(bad)))
            return Settings.model_validate({key: value for key, value in data.items() if key not in bad})

    def _write(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            durable.write_json(self.path, self.values.model_dump())
        except OSError as error:
            _log.warning("settings not saved: %s", error)
