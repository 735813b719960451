"""The workspace: what survives, what is refused, what is one walk back."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError, IntegrityError, InUseError
from core.jobs import submission
from core.specs import AddModelSpec, FinetuneSpec
from core.workspace import durable, manifest, schema
from core.workspace.workspace import Workspace, check_name


@pytest.fixture
def workspace(tmp_path: Path):
    workspace = Workspace(tmp_path / "work")
    yield workspace
    workspace.close()


@pytest.fixture(scope="module")
def one_workspace(tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("names") / "w")
    yield workspace
    workspace.close()


def make_artifact(
    workspace: Workspace, run_id: str, name: str, content: bytes = b"weights", type: str = "model"
):
    staged = workspace.run_folder(run_id) / "out" / name
    staged.mkdir(parents=True)
    (staged / "model.bin").write_bytes(content)
    manifest.write(staged)
    return workspace.take_artifact(run_id, staged, type, name, {"format": "hf"})


def queue_model(workspace: Workspace, name: str = "m"):
    return submission.submit(workspace, AddModelSpec(source="starter", name=name), name)


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_a_new_workspace_belongs_to_its_user_alone(workspace):
    assert stat.S_IMODE(workspace.root.stat().st_mode) == 0o700


def test_state_commits_are_full_and_metrics_are_not(workspace):
    with workspace.store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    with workspace.store._metric_engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1


def test_a_workspace_of_a_newer_program_is_refused_and_not_touched(tmp_path):
    Workspace(tmp_path / "w").close()
    database = tmp_path / "w" / "workbench.db"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(InputError, match="newer version"):
        Workspace(tmp_path / "w")
    assert schema.version(database) == "9999"


def test_a_workspace_of_the_first_version_keeps_its_runs(tmp_path):
    first = Workspace(tmp_path / "w")
    run = queue_model(first)
    first.close()
    with sqlite3.connect(tmp_path / "w" / "workbench.db") as connection:
        connection.execute("ALTER TABLE run DROP COLUMN earlier_s")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    second = Workspace(tmp_path / "w")
    assert second.store.run(run.id) == run
    second.close()


def test_the_tables_are_what_the_migrations_make(workspace):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from core.workspace.tables import Base

    with workspace.store._engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []


def test_run_ids_count_up_and_are_never_used_again(workspace):
    first = queue_model(workspace, "a")
    workspace.store.set_state(first.id, "cancelled")
    submission.remove_run(workspace, first.id)
    assert queue_model(workspace, "b").number == first.number + 1


def test_the_queue_is_first_in_first_out_and_a_resumed_run_goes_to_its_end(workspace):
    a, b = queue_model(workspace, "a"), queue_model(workspace, "b")
    assert workspace.store.next_queued().id == a.id
    workspace.store.set_state(a.id, "stopped")
    submission.resume(workspace, a.id)
    assert workspace.store.next_queued().id == b.id
    assert workspace.store.run(a.id).resumed


def test_an_artifact_is_verified_taken_and_listed(workspace):
    run = queue_model(workspace)
    artifact = make_artifact(workspace, run.id, "m")
    assert workspace.artifact("m", "model") == artifact
    assert workspace.artifact(artifact.id, "model") == artifact
    assert (workspace.verified_folder(artifact) / "model.bin").read_bytes() == b"weights"


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "add", "swap_manifest"])
def test_every_kind_of_damage_to_an_artifact_is_noticed(workspace, damage):
    artifact = make_artifact(workspace, queue_model(workspace).id, "m", os.urandom(4096))
    folder = workspace.artifact_folder(artifact.id)
    payload = folder / "model.bin"
    if damage == "flip":
        data = bytearray(payload.read_bytes())
        data[1234] ^= 1
        payload.write_bytes(data)
    elif damage == "cut":
        payload.write_bytes(payload.read_bytes()[:-1])
    elif damage == "remove":
        payload.unlink()
    elif damage == "add":
        (folder / "extra.py").write_text("print('hello')")
    else:
        payload.write_bytes(b"other")
        manifest.write(folder)
    with pytest.raises(IntegrityError):
        workspace.verified_folder(artifact)


def test_what_is_damaged_is_called_by_its_name_with_the_file_and_the_commands(workspace):
    run = queue_model(workspace)
    artifact = make_artifact(workspace, run.id, "bank model")
    (workspace.artifact_folder(artifact.id) / "model.bin").write_bytes(b"wEights")
    with pytest.raises(IntegrityError) as damaged:
        workspace.verified_folder(artifact)
    assert damaged.value.what == "bank model is not what it was when it was made."
    assert "model.bin" in damaged.value.why
    assert "`slm-workbench models remove 'bank model'`" in damaged.value.fix
    assert f"`slm-workbench runs repeat {run.id}`" in damaged.value.fix


def test_a_second_artifact_of_a_resumed_run_takes_the_name_and_the_partial_one_stays(workspace):
    run = queue_model(workspace)
    partial = make_artifact(workspace, run.id, "m", b"half")
    whole = make_artifact(workspace, run.id, "m", b"whole")
    assert workspace.artifact("m", "model").id == whole.id
    assert workspace.artifact("m-partial", "model").id == partial.id


def test_lineage_is_one_walk_back(workspace):
    made = make_artifact(workspace, queue_model(workspace).id, "base")
    data = make_artifact(workspace, queue_model(workspace, "d").id, "rows", type="dataset")
    run = submission.submit(workspace, FinetuneSpec(model=made.id, data=data.id), "tuned")
    assert set(workspace.store.inputs(run.id)) == {made.id, data.id}
    assert [reader.id for reader in workspace.store.readers(made.id)] == [run.id]


def test_what_a_run_reads_cannot_be_removed(workspace):
    made = make_artifact(workspace, queue_model(workspace).id, "base")
    data = make_artifact(workspace, queue_model(workspace, "d").id, "rows", type="dataset")
    submission.submit(workspace, FinetuneSpec(model=made.id, data=data.id), "tuned")
    with pytest.raises(InputError, match="cannot be removed"):
        submission.remove_artifact(workspace, "base", "model")


def test_a_taken_name_is_refused_for_artifacts_and_waiting_runs(workspace):
    run = queue_model(workspace, "taken")
    with pytest.raises(InputError, match="which waits or works"):
        queue_model(workspace, "taken")
    make_artifact(workspace, run.id, "taken")
    with pytest.raises(InputError, match="already taken"):
        queue_model(workspace, "taken")


def test_a_suggested_name_is_none_that_a_waiting_run_will_give(workspace):
    run = queue_model(workspace, "small")
    assert workspace.free_name("small", "model") == "small-2"
    assert workspace.free_name("small", "model", run.id) == "small"
    workspace.store.set_state(run.id, "cancelled")
    assert workspace.free_name("small", "model") == "small"


def test_a_succeeded_run_cannot_be_resumed(workspace):
    run = queue_model(workspace)
    workspace.store.set_state(run.id, "succeeded")
    with pytest.raises(InputError, match="cannot be resumed"):
        submission.resume(workspace, run.id)


def test_a_second_process_cannot_execute_but_can_read_and_ask(workspace):
    script = (
        "import sys; from pathlib import Path; from core.errors import InUseError\n"
        "from core.workspace.workspace import Workspace\n"
        f"w = Workspace(Path({str(workspace.root)!r}))\n"
        "print(len(w.store.runs()))\n"
        "try:\n    w.execution_lock().__enter__()\nexcept InUseError: sys.exit(3)\n"
    )
    queue_model(workspace)
    with workspace.execution_lock():
        second = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (second.returncode, second.stdout.strip()) == (3, "1"), second.stderr
    with workspace.execution_lock():
        pass


def test_of_many_that_start_at_once_one_owns_the_lock(workspace):
    script = (
        "import sys, time; from pathlib import Path; from core.errors import InUseError\n"
        "from core.workspace.workspace import Workspace\n"
        f"w = Workspace(Path({str(workspace.root)!r}))\n"
        "try:\n    held = w.execution_lock(); held.__enter__(); sys.stdin.read()\n"
        "except InUseError: sys.exit(3)\n"
    )
    started = [subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) for _ in range(5)]
    end = time.monotonic() + 60
    while sum(process.poll() is not None for process in started) < 4:
        assert time.monotonic() < end
        time.sleep(0.05)
    for process in started:
        process.stdin.close()
    assert sorted(process.wait() for process in started) == [0, 3, 3, 3, 3]


def test_a_request_for_a_running_run_waits_for_its_owner(workspace):
    run = queue_model(workspace)
    with workspace.execution_lock():
        workspace.store.set_state(run.id, "running")
        submission.ask(workspace, run.id, "stop")
        assert workspace.store.take_requests() == [(run.id, "stop")]
        assert workspace.store.take_requests() == []


def test_a_run_left_running_by_a_dead_process_shows_as_crashed(workspace):
    run = queue_model(workspace)
    workspace.store.set_state(run.id, "running")
    assert submission.recover(workspace) == [run.id]
    assert workspace.store.run(run.id).state == "crashed"


def test_a_crashed_run_ended_when_it_last_said_something(workspace):
    run = queue_model(workspace)
    workspace.store.set_state(run.id, "starting")
    began = workspace.store.run(run.id).started_at
    log = workspace.run_folder(run.id) / "events.jsonl"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    os.utime(log, (began + 30, began + 30))
    submission.recover(workspace)
    assert workspace.store.run(run.id).worked_s() == pytest.approx(30, abs=0.1)


def test_the_pause_before_a_resume_is_no_work(workspace, monkeypatch):
    clock = iter([1000.0, 1040.0, 5000.0, 9000.0, 9015.0])
    run = queue_model(workspace)
    monkeypatch.setattr("core.workspace.store.time.time", lambda: next(clock))

    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, "stopped")  # 40 s
    workspace.store.requeue(run.id)
    assert workspace.store.run(run.id).worked_s() == 40
    workspace.store.set_state(run.id, "cancelled")  # at 5000, while it waited
    assert workspace.store.run(run.id).worked_s() == 40
    workspace.store.requeue(run.id)
    workspace.store.set_state(run.id, "starting")
    workspace.store.set_state(run.id, "succeeded")  # 15 s more
    assert workspace.store.run(run.id).worked_s() == 55


def test_the_lock_is_refused_inside_this_process_to_another_workspace_object(workspace):
    other = Workspace(workspace.root)
    with workspace.execution_lock(), pytest.raises(InUseError), other.execution_lock():
        pass
    other.close()


@pytest.mark.parametrize("name", ["", " ", "../up", "a/b", "-x", "a\nb", "x" * 101, ".hidden", "con\0"])
def test_names_that_could_do_harm_are_refused(name):
    with pytest.raises(InputError):
        check_name(name)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_wish_becomes_a_usable_name(one_workspace, wish):
    assert check_name(one_workspace.free_name(wish, "model"))


def test_a_durable_write_is_old_or_new_at_every_kill(tmp_path):
    script = (
        "import sys; from pathlib import Path; from core.workspace import durable\n"
        "durable.write_text(Path(sys.argv[1]), 'new' * 1000)"
    )
    target, kills = tmp_path / "file", 0
    for at in range(1, 20):
        target.write_text("old")
        code = subprocess.run(
            [sys.executable, "-c", script, str(target)],
            check=False,
            env={**os.environ, "SLM_WORKBENCH_KILL_AT": str(at)},
            stderr=subprocess.DEVNULL,
        ).returncode
        assert target.read_text() in ("old", "new" * 1000)
        if code == 0:
            break
        kills += 1
    assert kills == 3


def test_a_full_disk_leaves_the_old_content_and_no_litter(tmp_path, monkeypatch):
    target = tmp_path / "file"
    target.write_text("old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        durable.write_text(target, "new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8})?", fullmatch=True), st.binary(max_size=300), max_size=6
    )
)
@settings(max_examples=60, deadline=None)
def test_a_manifest_verifies_what_it_was_written_for(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("m")
    for name, content in files.items():
        path = folder / name
        if path.exists() or path.parent.is_file():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    written = manifest.write(folder)
    assert manifest.verify(folder) == written
