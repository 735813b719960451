"""A trimmed byte-level BPE reads what it was trimmed for as before, and any other text without loss."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from core.data import starter
from core.engines.pruning import renumbering
from core.errors import InputError
from core.models.pruning import vocabulary
from tests.core.engines import tiny

WORDS = ["my", "card", "is", "gone", "where", "top", "up", "Zürich", "12", "aaaa"]
TEXTS = ["where is my card?", "my card is gone (12)", "how do I top up my account in Zürich 😀", "no"]


def starter_document() -> dict[str, Any]:
    return json.loads(starter.tokenizer().read_text(encoding="utf-8"))


def tiny_document(**model: Any) -> dict[str, Any]:
    found = json.loads(tiny.tokenizer().backend_tokenizer.to_str())
    found["model"].update(model)
    return found


def loaded(document: dict[str, Any]) -> Tokenizer:
    return Tokenizer.from_str(json.dumps(document))


def trimmed_for(document: dict[str, Any], texts: list[str], folder: Any) -> Tokenizer:
    used = {id for text in texts for id in loaded(document).encode(text).ids}
    renumbering.write_tokenizer(folder, vocabulary.trim(document, used, ()))
    return Tokenizer.from_file(str(folder / vocabulary.TOKENIZER))


@pytest.fixture(scope="module", params=["tiny", "starter"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A tokenizer whole and trimmed for some texts."""
    document = tiny_document() if request.param == "tiny" else starter_document()
    return loaded(document), trimmed_for(document, TEXTS, tmp_path_factory.mktemp("trimmed"))


def test_the_texts_are_read_as_the_same_tokens(pair: Any) -> None:
    whole, trimmed = pair
    assert trimmed.get_vocab_size() < whole.get_vocab_size()
    for text in TEXTS:
        assert trimmed.encode(text).tokens == whole.encode(text).tokens


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=40))
def test_any_text_is_read_and_written_back_as_by_the_whole_one(pair: Any, text: str) -> None:
    whole, trimmed = pair
    assert trimmed.decode(trimmed.encode(text).ids) == whole.decode(whole.encode(text).ids)


@settings(max_examples=100, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=8))
def test_new_texts_of_known_letters_need_no_unknown_token(pair: Any, words: list[str]) -> None:
    _, trimmed = pair
    text = " ".join(words)
    assert trimmed.decode(trimmed.encode(text).ids) == text


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text("abcé 12", min_size=1, max_size=12), min_size=1, max_size=4))
def test_whatever_the_texts_they_are_read_as_before(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    backend.train_from_iterator(["aab abc aabb cabc ab ab", "é12 112 éé aa aaa aaaa", "bcbc abab"], trainer)
    document = json.loads(backend.to_str())
    trimmed = trimmed_for(document, texts, tmp_path_factory.mktemp("trimmed"))
    for text in texts:
        assert trimmed.encode(text).tokens == backend.encode(text).tokens


def test_every_kept_token_can_still_be_reached() -> None:
    document = starter_document()
    used = loaded(document).encode("unbelievable transformations").ids
    found = vocabulary.trim(document, used, ()).document["model"]
    ranks = {tuple(merge): rank for rank, merge in enumerate(found["merges"])}
    special = {token["content"] for token in document["added_tokens"] or ()}
    for text in found["vocab"]:
        if text not in special and len(text) > 1:
            assert any(left + right == text for left, right in ranks), text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": {"type": "Unigram", "vocab": []}}, "is Unigram"),
        ({"model": {"type": "WordPiece", "vocab": {}}}, "is WordPiece"),
        ({"model": {"type": "BPE", "byte_fallback": True}}, "merges letters"),
        ({"pre_tokenizer": {"type": "Whitespace"}}, "merges letters"),
        ({"pre_tokenizer": None}, "merges letters"),
        ({"model": {"type": "BPE", "end_of_word_suffix": "</w>"}}, "marks parts of words"),
    ],
)
def test_other_kinds_are_refused_with_the_reason(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        vocabulary.require_byte_level({**tiny_document(), **change}, "it")
    assert said in caught.value.why
    assert caught.value.fix


def test_a_byte_level_step_among_others_is_found() -> None:
    steps = [{"type": "Digits", "individual_digits": True}, {"type": "ByteLevel"}]
    sequence = {"type": "Sequence", "pretokenizers": steps}
    vocabulary.require_byte_level({**tiny_document(), "pre_tokenizer": sequence}, "it")
    vocabulary.require_byte_level(starter_document(), "it")


def test_ids_in_the_post_processor_and_the_old_files_are_renumbered(tmp_path: Any) -> None:
    document = starter_document()
    document["post_processor"] = {
        "type": "Sequence",
        "processors": [
            {
                "type": "TemplateProcessing",
                "single": [
                    {"SpecialToken": {"id": "x", "type_id": 0}},
                    {"Sequence": {"id": "A", "type_id": 0}},
                ],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {"x": {"id": "x", "ids": [49151], "tokens": ["x"]}},
            },
            {"type": "RobertaProcessing", "sep": ["x", 49151], "cls": ["x", 49151]},
        ],
    }
    (tmp_path / "tokenizer_config.json").write_text('{"added_tokens_decoder": {"49151": {"content": "x"}}}')
    (tmp_path / "added_tokens.json").write_text('{"x": 49151}')
    trimmed = vocabulary.trim(document, (), [49151])
    renumbering.write_tokenizer(tmp_path, trimmed)

    last = len(trimmed.kept) - 1
    written = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))["post_processor"]
    template, roberta = written["processors"]
    assert template["special_tokens"]["x"]["ids"] == [last]
    assert roberta["sep"] == roberta["cls"] == ["x", last]
    assert list(json.loads((tmp_path / "tokenizer_config.json").read_text())["added_tokens_decoder"]) == [
        str(last)
    ]
    assert json.loads((tmp_path / "added_tokens.json").read_text()) == {"x": last}
    assert json.loads((tmp_path / "vocabulary.json").read_text())["kept"][-1] == 49151
