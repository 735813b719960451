"""The workspace's SQLite store: runs, artifacts, lineage, metrics and requests.

WAL mode. Job state is written with `synchronous=FULL`, metric points with `NORMAL`: FULL made about 190 times
fewer commits a second when measured, and a lost curve point hurts nobody.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, delete, event, func, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from core.errors import InputError
from core.workspace.records import ACTIVE, Artifact, Run, State
from core.workspace.tables import ArtifactRow, InputRow, MetricRow, RequestRow, RunRow


def _engine(database: Path, synchronous: str) -> Engine:
    engine = create_engine(f"sqlite:///{database}", connect_args={"timeout": 30.0})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _run(row: RunRow) -> Run:
    state: State = row.state  # type: ignore[assignment]
    return Run(
        number=row.number,
        id=row.id,
        kind=row.kind,
        name=row.name,
        spec=json.loads(row.spec_json),
        state=state,
        resumed=bool(row.resumed),
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        earlier_s=row.earlier_s,
        error=json.loads(row.error_json) if row.error_json else None,
        result=json.loads(row.result_json) if row.result_json else {},
    )


def _artifact(row: ArtifactRow) -> Artifact:
    return Artifact(
        id=row.id,
        type=row.type,
        name=row.name,
        digest=row.digest,
        bytes=row.bytes,
        created_at=row.created_at,
        run_id=row.run_id,
        meta=json.loads(row.meta_json),
    )


class Store:
    """Reads and writes the tables; safe from several threads and processes."""

    def __init__(self, database: Path) -> None:
        self._engine = _engine(database, "FULL")
        self._metric_engine = _engine(database, "NORMAL")
        self._session = sessionmaker(self._engine, expire_on_commit=False)

    def close(self) -> None:
        """Gives back all connections."""
        self._engine.dispose()
        self._metric_engine.dispose()

    # --- runs ---

    def add_run(
        self,
        kind: str,
        name: str,
        spec: dict[str, Any],
        inputs: Iterable[str],
        prepare: Callable[[str], None] | None = None,
    ) -> Run:
        """Queues a run. Its id is the kind and a number that is never used again, such as `finetune-3`.

        `prepare` is told the id before anyone else can see the run, and so before it can begin.
        """
        with self._session.begin() as session:
            row = RunRow(
                id=f"new-{time.time_ns()}",
                kind=kind,
                name=name,
                spec_json=json.dumps(spec),
                state="queued",
                queue_order=self._next_in_queue(session),
                resumed=0,
                created_at=time.time(),
            )
            session.add(row)
            session.flush()
            row.id = f"{kind.replace('_', '-')}-{row.number}"
            session.flush()
            session.add_all(InputRow(run_id=row.id, artifact_id=item) for item in dict.fromkeys(inputs))
            if prepare is not None:
                prepare(row.id)
            return _run(row)

    @staticmethod
    def _next_in_queue(session: Session) -> int:
        return (session.scalar(select(func.max(RunRow.queue_order))) or 0) + 1

    def run(self, ref: str) -> Run:
        """A run by id or by name (the newest of that name).

        Raises:
            InputError: There is none.
        """
        with self._session() as session:
            row = session.scalar(
                select(RunRow)
                .where((RunRow.id == ref) | (RunRow.name == ref))
                .order_by((RunRow.id == ref).desc(), RunRow.number.desc())
            )
        if row is None:
            raise InputError(
                f"There is no run {ref!r} in this workspace.",
                fix="`slm-workbench runs list` shows the runs.",
                code="run.unknown",
            )
        return _run(row)

    def maker(self, artifact: Artifact) -> Run | None:
        """The run that made an artifact; None once it was removed."""
        with self._session() as session:
            row = session.scalar(select(RunRow).where(RunRow.id == artifact.run_id))
        return _run(row) if row else None

    def runs(self, kind: str | None = None) -> list[Run]:
        """All runs, or those of a kind, newest first."""
        query = select(RunRow).order_by(RunRow.number.desc())
        if kind is not None:
            query = query.where(RunRow.kind == kind)
        with self._session() as session:
            return [_run(row) for row in session.scalars(query)]

    def open_runs(self) -> list[Run]:
        """Those that wait or work, newest first; few, however many there were."""
        with self._session() as session:
            chosen = (
                select(RunRow).where(RunRow.state.in_(("queued", *ACTIVE))).order_by(RunRow.number.desc())
            )
            return [_run(row) for row in session.scalars(chosen.order_by(RunRow.number.desc()))]

    def next_queued(self) -> Run | None:
        """The run that has waited longest."""
        with self._session() as session:
            row = session.scalar(
                select(RunRow).where(RunRow.state == "queued").order_by(RunRow.queue_order, RunRow.number)
            )
        return _run(row) if row else None

    def set_state(
        self,
        run_id: str,
        state: State,
        *,
        error: dict[str, str] | None = None,
        result: dict[str, Any] | None = None,
    ) -> None:
        """Writes a run's state, with the times that go with it."""
        values: dict[str, Any] = {"state": state}
        if state == "starting":
            values |= {"started_at": time.time(), "ended_at": None, "error_json": None}
        elif state not in ACTIVE and state != "queued":
            values["ended_at"] = time.time()
        if error is not None:
            values["error_json"] = json.dumps(error)
        if result is not None:
            values["result_json"] = json.dumps(result)
        with self._session.begin() as session:
            session.execute(update(RunRow).where(RunRow.id == run_id).values(**values))

    def requeue(self, run_id: str) -> None:
        """Puts an ended run at the end of the queue, to go on under the same id."""
        # Cancelled while it waited, it has an end without a start.
        worked = func.coalesce(RunRow.ended_at - RunRow.started_at, 0.0)
        values = {"state": "queued", "resumed": 1, "started_at": None, "ended_at": None}
        values["error_json"] = None
        with self._session.begin() as session:
            values |= {"queue_order": self._next_in_queue(session), "earlier_s": RunRow.earlier_s + worked}
            session.execute(update(RunRow).where(RunRow.id == run_id).values(**values))

    def mark_crashed(
        self, error: Callable[[Run], dict[str, str]], ended_at: Callable[[str], float]
    ) -> list[str]:
        """Turns every run that claims to be active into `crashed`; the caller holds the execution lock.

        Args:
            error: What is said about one of them.
            ended_at: When a run, by its id, gave its last sign of life.
        """
        with self._session.begin() as session:
            rows = list(session.scalars(select(RunRow).where(RunRow.state.in_(ACTIVE))))
            for row in rows:
                row.state, row.error_json = "crashed", json.dumps(error(_run(row)))
                row.ended_at = max(ended_at(row.id), row.started_at or 0.0)
            return [row.id for row in rows]

    def remove_run(self, run_id: str) -> None:
        """Forgets a run, its metrics and requests; its artifacts stay."""
        with self._session.begin() as session:
            session.execute(delete(MetricRow).where(MetricRow.run_id == run_id))
            session.execute(delete(RequestRow).where(RequestRow.run_id == run_id))
            session.execute(delete(InputRow).where(InputRow.run_id == run_id))
            session.execute(delete(RunRow).where(RunRow.id == run_id))

    def inputs(self, run_id: str) -> list[str]:
        """Ids of the artifacts a run read."""
        with self._session() as session:
            return list(session.scalars(select(InputRow.artifact_id).where(InputRow.run_id == run_id)))

    def readers(self, artifact_id: str) -> list[Run]:
        """The runs that read an artifact, newest first."""
        with self._session() as session:
            rows = session.scalars(
                select(RunRow)
                .join(InputRow, InputRow.run_id == RunRow.id)
                .where(InputRow.artifact_id == artifact_id)
                .order_by(RunRow.number.desc())
            )
            return [_run(row) for row in rows]

    # --- artifacts ---

    def add_artifact(self, artifact: Artifact) -> None:
        """Lists a finished artifact; its folder is already in place."""
        with self._session.begin() as session:
            session.add(
                ArtifactRow(
                    id=artifact.id,
                    type=artifact.type,
                    name=artifact.name,
                    digest=artifact.digest,
                    bytes=artifact.bytes,
                    created_at=artifact.created_at,
                    run_id=artifact.run_id,
                    meta_json=json.dumps(artifact.meta),
                )
            )

    def rename_artifact(self, artifact_id: str, name: str) -> None:
        """Gives an artifact another name; its content stays."""
        with self._session.begin() as session:
            session.execute(update(ArtifactRow).where(ArtifactRow.id == artifact_id).values(name=name))

    def artifacts(self, type: str | None = None, run_id: str | None = None) -> list[Artifact]:
        """Artifacts, newest first, of a type or of a run."""
        query = select(ArtifactRow).order_by(ArtifactRow.number.desc())
        if type is not None:
            query = query.where(ArtifactRow.type == type)
        if run_id is not None:
            query = query.where(ArtifactRow.run_id == run_id)
        with self._session() as session:
            return [_artifact(row) for row in session.scalars(query)]

    def find_artifact(self, ref: str, type: str | None = None) -> Artifact | None:
        """An artifact by id or name."""
        query = select(ArtifactRow).where((ArtifactRow.id == ref) | (ArtifactRow.name == ref))
        if type is not None:
            query = query.where(ArtifactRow.type == type)
        with self._session() as session:
            row = session.scalar(query.order_by((ArtifactRow.id == ref).desc(), ArtifactRow.number.desc()))
        return _artifact(row) if row else None

    def remove_artifact(self, artifact_id: str) -> None:
        """Forgets an artifact; the caller deletes its folder."""
        with self._session.begin() as session:
            session.execute(delete(ArtifactRow).where(ArtifactRow.id == artifact_id))

    # --- metrics ---

    def add_metrics(self, run_id: str, points: Sequence[tuple[int, str, float]]) -> None:
        """Appends `(step, name, value)` points."""
        if not points:
            return
        rows = [
            {"run_id": run_id, "step": step, "name": name, "value": value} for step, name, value in points
        ]
        with self._metric_engine.begin() as connection:
            connection.execute(insert(MetricRow), rows)

    def metrics(self, run_id: str) -> dict[str, list[tuple[int, float]]]:
        """Every curve of a run as `(step, value)` points in the order written."""
        curves: dict[str, list[tuple[int, float]]] = {}
        query = select(MetricRow.name, MetricRow.step, MetricRow.value)
        with self._metric_engine.connect() as connection:
            for name, step, value in connection.execute(
                query.where(MetricRow.run_id == run_id).order_by(MetricRow.number)
            ):
                curves.setdefault(name, []).append((step, value))
        return curves

    # --- requests from other processes ---

    def add_request(self, run_id: str, verb: str) -> None:
        """Leaves a request for whoever executes."""
        with self._session.begin() as session:
            session.add(RequestRow(run_id=run_id, verb=verb, handled=0))

    def take_requests(self) -> list[tuple[str, str]]:
        """Open requests as `(run id, verb)`, oldest first; they count as handled from now on."""
        with self._session() as session:
            if session.scalar(select(func.count()).where(RequestRow.handled == 0)) == 0:
                return []
        with self._session.begin() as session:
            rows = list(
                session.scalars(select(RequestRow).where(RequestRow.handled == 0).order_by(RequestRow.number))
            )
            for row in rows:
                row.handled = 1
            return [(row.run_id, row.verb) for row in rows]
