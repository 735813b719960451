"""How the jobs around teachers are looked at: what an endpoint was asked, and what became of its answers."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

from core.data.dataset import build
from core.engines import add_endpoint, generate
from core.errors import InputError
from core.specs import ImportDataSpec, Spec
from core.workspace import manifest
from tests.core.endpoint_server import EndpointServer, late
from tests.core.engines import tiny
from tests.core.engines.fields.rig import Rig, Seen, Sight, child_threads, events
from tests.core.engines.generating.rooms import endpoint_folder

_ANSWERS = (
    "card_lost",
    '{"intent": "top_up"}',
    "I'm sorry, but I can't help with that.",
    "pin_change",
    "A longer answer of several words, which says the same in more detail.",
)


def answering() -> EndpointServer:
    """An endpoint that answers each prompt its own way, and differently the next time."""
    times: Counter[str] = Counter()

    def answer(messages: list[dict[str, str]]) -> str:
        said = messages[-1]["content"]
        if "Mark from 1 to 5" in said:
            return "2" if "longer" in said or "marvel" in messages[0]["content"] else "5"
        if "Answer with one JSON object" in messages[0]["content"] and "question" in messages[0]["content"]:
            return json.dumps({"question": f"What about {said[:20]}?", "answer": "That."})
        if messages[0]["content"].startswith("You write new questions"):
            return f"Is this a new question{' indeed' * (sum(map(ord, said)) % 11)}?"
        times[said] += 1
        return _ANSWERS[(len(said) + times[said] // 2) % len(_ANSWERS)]

    return EndpointServer(answer=answer)


def generated(rig: Rig, spec: Spec, server: EndpointServer | None = None) -> Seen:
    """What was asked, what was kept, and what was not."""
    server = server or answering()
    _other_data(rig)
    rig.runs += 1
    with server.serve() as url:
        folder = endpoint_folder(rig.root / f"far-{rig.runs}", url, price_in=1000.0, price_out=10_000.0)
        rig.inputs["far"] = folder
        job, out = rig.job()
        job.take({"cmd": "key", "of": "far", "key": None})
        try:
            generate.run(spec, job)
        except InputError as error:
            return {"kept": error.code, "asked": len(server.asked)}
    made = job.folder / "out" / "dataset"
    lines = {split: (made / f"{split}.jsonl").read_text().splitlines() for split in ("train", "validation")}
    info = json.loads((made / "dataset.json").read_text())
    return {
        "asked": len(server.asked),
        "sent": [item["messages"] for item in server.asked],
        "settings": [{k: v for k, v in item.items() if k != "messages"} for item in server.asked],
        "kept": lines,
        "dropped": info["generated"]["dropped"],
        "validation": info["counts"]["validation"],
        "answers": [event["answer"] for event in events(out) if event["ev"] == "sample"],
        "at once": server.most_at_once,
        "quick": server.times[-1] - server.times[0] < 0.5 if server.times else True,
    }


def at_leisure(rig: Rig, spec: Spec) -> Seen:
    """The same with an endpoint that takes its time."""
    server = answering()
    server.delay_s = 0.05
    return generated(rig, spec, server)


def held_up(rig: Rig, spec: Spec) -> Seen:
    """The same with an endpoint whose first answer takes half a second."""
    server = answering()
    server.faults = [late(0.5, "card_lost")]
    return generated(rig, spec, server)


def cut_short(rig: Rig, spec: Spec) -> Seen:
    """The same with an endpoint whose answers all reach the longest length."""
    return generated(rig, spec, replace(answering(), finish="length"))


def labelled(rig: Rig, spec: Spec) -> Seen:
    """The same with an endpoint that always says a label of the data."""
    return generated(rig, spec, EndpointServer(answer=lambda _messages: tiny.rows(1)[0]["category"]))


def noted(rig: Rig, spec: Spec) -> Seen:
    """What is kept of an endpoint."""
    job, out = rig.job()
    add_endpoint.run(spec, job)
    (artifact,) = [event for event in events(out) if event["ev"] == "artifact"]
    said = json.loads((job.folder / "out" / "model" / "endpoint.json").read_text())
    return {**said, "name": artifact["name"]}


def _other_data(rig: Rig) -> None:
    """Plain documents, and questions without answers."""
    if "docs" in rig.inputs:
        return
    asked, folder = rig.root / "open.csv", rig.root / "open"
    asked.write_text("question\n" + "".join(f"where is number {at}\n" for at in range(12)))
    folder.mkdir()
    build(ImportDataSpec(source=str(asked), name="open"), folder)
    manifest.write(folder)
    rig.inputs["open"] = folder
    source = rig.root / "docs.txt"
    paragraph = "The river rises in the hills. It runs through three towns and a wide plain to the sea. "
    source.write_text("\n\n".join(f"Part {at}. {paragraph * 4}" for at in range(12)))
    folder = rig.root / "docs"
    folder.mkdir()
    build(ImportDataSpec(source=str(source), name="docs", test_fraction=0.0, validation_fraction=0.0), folder)
    manifest.write(folder)
    rig.inputs["docs"] = folder


_SEEDS: dict[str, Any] = {"source": "seeds"}
_PIECES: dict[str, Any] = {"data": "docs", "source": "documents", "task": "question_answering"}
_SEVERAL: dict[str, Any] = {"answers_per_prompt": 3}

#: What a spec needs to be one, by kind.
BASES = {
    "add_endpoint": lambda _rig: {"url": "https://api.example.com/v1", "name": "one"},
    "generate": lambda _rig: {
        "teacher": "far",
        "data": "d",
        "rows": 6,
        "task": "generation",
        "max_new_tokens": 16,
        "concurrency": 1,
        "drop_near_duplicates": None,
    },
}

SIGHTS: dict[str, dict[str, Sight]] = {
    "add_endpoint": {
        "url": Sight(noted, "https://api.example.org/v1", "url"),
        "name": Sight(noted, "two", "name"),
        "model": Sight(noted, "big", "model"),
        "price_in": Sight(noted, 2.0, "price_in"),
        "price_out": Sight(noted, 2.0, "price_out"),
    },
    "generate": {
        "teacher": Sight(generated, "b", "answers", {"drop_cut": False}),
        "data": Sight(generated, "e", "sent"),
        "like": Sight(labelled, "d", "sent", {"data": "open", "task": "auto"}),
        "source": Sight(generated, "seeds", "sent"),
        "task": Sight(generated, "summarization", "sent"),
        "rows": Sight(generated, 4, "asked"),
        "answers_per_prompt": Sight(generated, 2, "asked"),
        "turns": Sight(generated, 3, "asked", {"task": "conversation"}),
        "examples": Sight(generated, 2, "sent", _SEEDS),
        "chunk_characters": Sight(generated, 400, "sent", _PIECES),
        "system": Sight(generated, "Be brief.", "sent"),
        "as_learnt": Sight(generated, True, "sent"),
        "temperature": Sight(generated, 0.1, "settings"),
        "top_p": Sight(generated, 0.5, "settings"),
        "max_new_tokens": Sight(generated, 8, "settings"),
        "min_characters": Sight(generated, 12, "dropped"),
        "max_characters": Sight(generated, 15, "dropped"),
        "drop_cut": Sight(cut_short, False, "kept"),
        "drop_refusals": Sight(generated, False, "dropped", {"rows": 12}),
        "drop_near_duplicates": Sight(generated, 0.5, "kept", {"rows": 24}),
        "valid_json": Sight(generated, False, "dropped", {"task": "extraction", "rows": 12}),
        "check_label": Sight(generated, True, "dropped"),
        "agreement": Sight(generated, 0.9, "dropped", {**_SEVERAL, "rows": 12}),
        "judge_at_least": Sight(generated, 3, "asked"),
        "rubric": Sight(generated, "Say how marvellous it is.", "dropped", {"judge_at_least": 3}),
        "concurrency": Sight(at_leisure, 3, "at once"),
        "requests_per_minute": Sight(generated, 300, "quick"),
        "timeout_s": Sight(held_up, 0.2, "asked", {"rows": 2}),
        "budget": Sight(generated, 0.9, "asked"),
        "max_tokens_total": Sight(generated, 400, "asked"),
        "with_rows": Sight(labelled, True, "kept", {"data": "open", "like": "d", "task": "auto"}),
        "validation_fraction": Sight(generated, 0.5, "validation"),
        "seed": Sight(generated, 18, "sent"),
        "threads": Sight(child_threads, 3, "threads"),
    },
}
