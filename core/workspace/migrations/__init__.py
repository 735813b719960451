"""Alembic migrations of the store; run by `core.workspace.schema`."""
