"""A model reads on in plain documents, is measured by perplexity, and no token is lost on the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.data.dataset import Dataset, build
from core.engines import augment, evaluate, finetune
from core.engines.measuring import rows
from core.engines.runtimes import dialect
from core.engines.training import documents, examples
from core.errors import InputError
from core.specs import AugmentSpec, EvaluateSpec, FinetuneSpec, ImportDataSpec
from core.workspace import manifest
from tests.core.engines import tiny


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    text = "\n\n".join(f"Chapter {n}. I lost my card and asked how to top up. " * 50 for n in range(12))
    (folder / "book.txt").write_text(text, encoding="utf-8")
    made = folder / "book"
    made.mkdir()
    build(ImportDataSpec(source=str(folder / "book.txt"), name="book"), made)
    manifest.write(made)
    return made


def test_every_token_of_a_document_is_learnt_exactly_once() -> None:
    words = tiny.tokenizer()
    ids = documents.document_ids(words, "I lost my card <|im_end|> again. " * 20)
    assert ids.count(words.eos_token_id) == 0  # what looks like a control token stays text
    assert ids[-1] == documents.end_of_text_id(words)
    for length in (16, 17, len(ids) - 1, len(ids), len(ids) + 1):
        pieces = documents.chunks(ids, length)
        assert all(len(piece) <= length for piece, _labels in pieces)
        learnt = [label for piece, labels in pieces for label in labels[1:]]
        assert learnt == ids[1:]


def test_documents_are_cut_into_pieces_and_counted_as_rows(book: Path) -> None:
    data = Dataset(book)
    *_, found = examples.encode(data, "train", tiny.tokenizer(), 64)
    assert found.rows == data.count("train")
    assert len(found.usable) > found.rows
    assert found.cut == found.too_long == 0


def test_a_model_reads_on_and_is_measured_by_perplexity(source: Path, book: Path, tmp_path: Path) -> None:
    job, out = tiny.job(tmp_path / "run", m=source, d=book)
    finetune.run(FinetuneSpec(model="m", data="d", max_steps=6, max_length=128, sample_prompts=1), job)
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    losses = [event["values"]["loss"] for event in events if "loss" in event.get("values", {})]
    assert losses[-1] < losses[0]
    assert any(event["ev"] == "sample" and event["expected"] for event in events)

    job, _out = tiny.job(tmp_path / "measured", m=source, d=book)
    evaluate.run(EvaluateSpec(models=("m",), data="d", latency_prompts=1, max_new_tokens=4), job)
    figures = job.final_result["models"][0]["quality"]
    assert figures["perplexity"] > 1
    assert figures["measure"] == "perplexity"
    assert not {"accuracy", "exact_match"} & figures.keys()
    text = sum(  # neither the first token nor the end is foretold
        len(documents.document_ids(dialect.load(source).tokenizer, question.messages[0]["content"])) - 2
        for question in rows.read(Dataset(book), "test", None)
    )
    assert figures["perplexity_tokens"] == text


def test_rows_with_typos_and_other_words_are_added_to_the_training_part_only(
    source: Path, tmp_path: Path
) -> None:
    data = tiny.data_folder(tmp_path / "data")
    job, out = tiny.job(tmp_path / "run", d=data, m=source)

    augment.run(AugmentSpec(data="d", typos=0.5, paraphrase_model="m", paraphrase=0.2), job)

    folder = job.folder / "out" / "dataset"
    for split in ("validation", "test"):
        assert (folder / f"{split}.jsonl").read_bytes() == (data / f"{split}.jsonl").read_bytes()
    before, after = Dataset(data), Dataset(folder)
    lines = (folder / "train.jsonl").read_text(encoding="utf-8").splitlines()
    old = (data / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines[: len(old)] == old
    added = [json.loads(line) for line in lines[len(old) :]]
    assert len(added) == sum(after.info.added.values()) == job.final_result["counts"]["train"] - len(old)
    assert after.info.added["typos"] >= 14
    labels = {row.row: row.values["category"] for row in before.rows("train")}
    kept = {row.values["text"] for split in ("validation", "test") for row in before.rows(split)}  # type: ignore[arg-type]
    for row in added:
        assert row["values"]["category"] == labels[row["made"]["row"]]
        assert row["values"]["text"] not in kept
    phases = [json.loads(line).get("name") for line in out.getvalue().splitlines()]
    assert "rewriting" in phases


def test_documents_are_not_varied(book: Path, tmp_path: Path) -> None:
    job, _out = tiny.job(tmp_path / "run", d=book)
    with pytest.raises(InputError, match="cannot be varied"):
        augment.run(AugmentSpec(data="d"), job)
