"""A search for bits that is killed anywhere ends, after a resume, with the same numbers to the bit."""

from __future__ import annotations

import os

import pytest

from tests.crash.lab import Lab

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the harness forks"),
    pytest.mark.timeout(280),
]
SPEC = {"model": "m", "data": "d", "recipe": "search", "max_mb": 0.16, "max_length": 300}
#: Points of writing until each kill: among estimates, then among plans, then every few figures and layers.
_KILLS = (20, 30, *[12] * 10)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"), what={"kind": "quantize", "spec": SPEC})
    yield lab
    lab.close()


def kept(lab: Lab, run: str) -> set[str]:
    """Names of what the run has found so far; a file that was being written does not count."""
    files = (lab.folder / run).glob("kept/*/*")
    return {path.name.split("-")[0] for path in files if not path.name.startswith(".")}


def test_it_goes_on_after_kills_while_it_measures_tries_and_rounds(lab):
    run, found = "killed", []
    for number, at in enumerate(_KILLS):
        assert lab.ask(run, kill_at=at, resumed=number > 0) == {"signal": 9}
        found.append(kept(lab, run))
        if "gptq" in found[-1]:
            break

    assert lab.finish(run, resumed=True) == lab.reference
    assert found[0] == {"damage"}
    assert found[-1] >= {"damage", "head", "kl", "gptq"}
    assert any("Takes over" in event["text"] for event in lab.events(run, "log"))
    assert not (lab.folder / run / "kept").exists()
    assert not list((lab.folder / run).glob("work-*"))
