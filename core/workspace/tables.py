"""The store's tables, as SQLAlchemy sees them. A change here needs a migration in `migrations/versions`."""

from __future__ import annotations

from sqlalchemy import Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Root of the tables."""


class RunRow(Base):
    """One execution of a spec. Times are Unix seconds; order comes from `number`, never from a clock."""

    __tablename__ = "run"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(200))
    spec_json: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), index=True)
    queue_order: Mapped[int] = mapped_column(Integer, default=0)
    resumed: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[float] = mapped_column(Float)
    started_at: Mapped[float | None] = mapped_column(Float, default=None)
    ended_at: Mapped[float | None] = mapped_column(Float, default=None)
    #: What it worked before it was interrupted and resumed; `started_at` is the newest start.
    earlier_s: Mapped[float] = mapped_column(Float, default=0.0)
    error_json: Mapped[str | None] = mapped_column(Text, default=None)
    result_json: Mapped[str | None] = mapped_column(Text, default=None)


class ArtifactRow(Base):
    """What a run left. Its folder is `artifacts/<id>`; `digest` is its manifest's."""

    __tablename__ = "artifact"
    __table_args__ = (UniqueConstraint("type", "name"),)

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    type: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[float] = mapped_column(Float)
    run_id: Mapped[str] = mapped_column(String(64), index=True)
    meta_json: Mapped[str] = mapped_column(Text)


class InputRow(Base):
    """Lineage: this run read that artifact."""

    __tablename__ = "run_input"

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    artifact_id: Mapped[str] = mapped_column(String(64), primary_key=True)


class MetricRow(Base):
    """One number at one step of a run."""

    __tablename__ = "metric"
    __table_args__ = (Index("metric_by_run", "run_id", "name"),)

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(64))
    step: Mapped[int] = mapped_column(Integer)
    value: Mapped[float] = mapped_column(Float)


class RequestRow(Base):
    """What another process asks of the one that executes: stop, cancel or resume a run."""

    __tablename__ = "request"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(String(64))
    verb: Mapped[str] = mapped_column(String(16))
    handled: Mapped[int] = mapped_column(Integer, default=0)
