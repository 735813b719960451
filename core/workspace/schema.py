"""Brings a workspace's database to this program's schema, on a copy, so that a kill leaves old or new."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from core.errors import InputError

HEAD = "0002"
_KNOWN = ("0001", "0002")


def version(database: Path) -> str | None:
    """The database's schema version, or None where there is no database yet."""
    if not database.exists():
        return None
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return None
    finally:
        connection.close()
    return str(row[0]) if row else None


def is_current(database: Path) -> bool:
    """Whether nothing needs migrating.

    Raises:
        InputError: A newer program wrote this workspace; it is not touched.
    """
    found = version(database)
    if found is not None and found not in _KNOWN:
        raise InputError(
            f"The workspace {database.parent} was written by a newer version of SLM Workbench.",
            why=f"Its database has version {found}; this program knows up to {HEAD}.",
            fix="Open it with the newer program, or choose another workspace with --workspace.",
            code="workspace.newer",
        )
    return found == HEAD


def migrate(database: Path) -> None:
    """Upgrades `database` to HEAD; the caller holds the execution lock."""
    # Imported here: alembic costs 0.2 s, and almost every start needs no migration.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    work = database.with_suffix(".migrating")
    work.unlink(missing_ok=True)
    if database.exists():
        source, target = sqlite3.connect(database), sqlite3.connect(work)
        with source, target:
            source.backup(target)
        source.close()
        target.close()
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{work}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
    for suffix in ("-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    os.replace(work, database)
