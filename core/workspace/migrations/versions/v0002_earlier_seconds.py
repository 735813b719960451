"""Runs know how long they worked before they were resumed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the column."""
    op.add_column("run", sa.Column("earlier_s", sa.Float, nullable=False, server_default="0"))
