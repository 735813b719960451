"""Alembic's entry: migrates on the connection that `core.workspace.schema` hands over."""

from __future__ import annotations

from alembic import context

from core.workspace.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
