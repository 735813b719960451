"""The hub is asked only after a yes, gives only what is safe, and a broken download goes on."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.engines import download_data, hub_download
from core.errors import InputError, JobError
from core.jobs.child import worker_environment
from core.jobs.registry import KINDS
from core.models import hub
from core.specs import DownloadDataSpec
from tests.core.cli.terminal import Terminal
from tests.core.engines import tiny
from tests.core.models.hub_server import COMMIT, Hub


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one data set of two files, and a model that has only pickles."""
    made = Hub()
    data, pickles = tmp_path / "hub-data", tmp_path / "hub-pickles"
    data.mkdir()
    pickles.mkdir()
    rows = "".join(f"question {n},{'ab'[n % 2]}\n" for n in range(40))
    (data / "train.csv").write_text("text,category\n" + rows)
    (data / "more.csv").write_text("text,category\n" + rows.replace("question", "message"))
    (data / "loader.py").write_text("raise SystemExit")
    (pickles / "pytorch_model.bin").write_bytes(b"\x80\x04")
    (pickles / "config.json").write_text("{}")
    made.repos = {("datasets", "org/data"): data, ("models", "org/pickles"): pickles}
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with made.serve() as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield made


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("hf:org/name", ("org/name", "main", "")),
        ("hf:org/name@v1.0", ("org/name", "v1.0", "")),
        ("hf:org/name@abc:data/train.csv", ("org/name", "abc", "data/train.csv")),
    ],
)
def test_a_reference_is_read_and_written_alike(text: str, parts: tuple[str, str, str]) -> None:
    found = hub.parse(text)
    assert (found.repo, found.revision, found.file) == parts
    assert str(found) == text


@pytest.mark.parametrize(
    "text", ["hf:", "hf:name", "hf:../../etc", "hf:a/b:../secret", "hf:a/b/c", "hf:a b/c"]
)
def test_nonsense_is_no_reference(text: str) -> None:
    with pytest.raises(InputError, match="no name on the hub"):
        hub.parse(text)


def test_pickles_are_never_offered(served: Hub) -> None:
    with pytest.raises(InputError, match="can run any program"):
        hub.model_offer(hub.parse("hf:org/pickles"))


def test_which_file_is_meant_has_to_be_clear(served: Hub) -> None:
    with pytest.raises(InputError) as refused:
        hub.data_offer(hub.parse("hf:org/data"))
    assert "more.csv, train.csv" in refused.value.why
    assert "loader.py" not in refused.value.why


def test_a_gated_one_says_how_to_be_let_in(served: Hub) -> None:
    served.gated.add("org/data")
    with pytest.raises(InputError) as refused:
        hub.data_offer(hub.parse("hf:org/data:train.csv"))
    assert "HF_TOKEN" in refused.value.fix
    assert served.asked == ["GET api/datasets/org/data/revision/main"]


def test_a_hub_that_is_gone_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(JobError, match="does not answer"):
        hub.data_offer(hub.parse("hf:org/data"))


def test_only_a_download_has_the_hub_open() -> None:
    assert {name for name, kind in KINDS.items() if kind.network} == {"download_model", "download_data"}
    assert worker_environment(1)["HF_HUB_OFFLINE"] == "1"
    assert worker_environment(1, network=True)["HF_HUB_OFFLINE"] == "0"


def test_a_file_becomes_a_data_set(served: Hub, tmp_path: Path, online: None) -> None:
    job, out = tiny.job(tmp_path / "run")
    download_data.run(DownloadDataSpec(source="hf:org/data:train.csv", name="bank"), job)
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    (artifact,) = [event for event in events if event["ev"] == "artifact"]
    assert artifact["meta"]["task"] == "classification"
    assert any("apache-2.0" in event.get("text", "") for event in events)
    assert not (job.folder / "download").exists()
    assert not any("loader.py" in request or "more.csv" in request for request in served.asked)


def test_a_download_that_broke_off_goes_on_where_it_was(served: Hub, tmp_path: Path, online: None) -> None:
    big = served.repos["datasets", "org/data"] / "big.csv"
    big.write_bytes(b"text,category\n" + b"x,y\n" * 6_000_000)
    offer = hub.data_offer(hub.parse("hf:org/data:big.csv"))
    job, _ = tiny.job(tmp_path / "run")
    served.breaks_after = 12_000_000  # the client writes pieces of 10 MiB
    with contextlib.suppress(JobError):  # the hub's client may try again by itself
        hub_download.fetch(offer, job, data=True)
    folder = hub_download.fetch(offer, job, data=True)
    assert (folder / "big.csv").read_bytes() == big.read_bytes()
    assert served.begun_at
    assert served.begun_at[0] > 0


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's client as a download's own process has it."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)


@pytest.mark.timeout(200)
def test_a_model_comes_by_command_after_a_yes(served: Hub, tmp_path: Path) -> None:
    source = tiny.model_folder(tmp_path / "hub-model")
    for own in ("model.json", "manifest.json"):
        (source / own).unlink()
    (source / "training.py").write_text("raise SystemExit")
    served.repos["models", "org/tiny"] = source
    terminal = Terminal(tmp_path / "work")

    unasked = terminal.run("models", "add", "hf:org/tiny")
    assert unasked.code == 2
    assert "127.0.0.1" in unasked.err
    assert "model.safetensors" in unasked.err
    assert "--yes" in unasked.err
    assert not any("resolve" in request for request in served.asked)

    added = terminal.must("models", "add", "hf:org/tiny", "--yes", "--json").json
    assert added["name"] == "tiny"
    assert added["licence"] == "apache-2.0"
    assert added["source"] == f"hf:org/tiny@{COMMIT}"
    assert not any("training.py" in request for request in served.asked)
