from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from core.engines.training import packed_attention, packing
from core.engines.training.examples import Example
from core.engines.training.templates import IGNORED
from tests.core.engines import tiny


def example(length: int, seed: int, answer: int = 3) -> Example:
    ids = torch.randint(3, 300, (length,), generator=torch.Generator().manual_seed(seed)).tolist()
    return Example(ids, [IGNORED] * (length - answer) + ids[-answer:])


ROWS = [example(length, seed) for seed, length in enumerate((9, 30, 4, 17, 30, 12))]


@pytest.fixture
def model():
    return tiny.model(400).eval()


def plain_loss(model, rows):
    """Summed cross entropy row by row, by the model's own loss."""
    total = torch.zeros(())
    for row in rows:
        output = model(input_ids=torch.tensor([row.ids]), labels=torch.tensor([row.labels]))
        total = total + output.loss * row.targets
    return total


def test_packed_rows_have_the_loss_and_the_gradients_of_single_rows(model):
    plain = plain_loss(model, ROWS)
    plain.backward()
    expected = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()

    assert packing.prepare(model, ROWS)
    packed = packing.answer_loss(model, packing.pack(ROWS))
    packed.backward()

    assert torch.allclose(packed, plain, rtol=1e-5)
    for name, parameter in model.named_parameters():
        assert torch.allclose(parameter.grad, expected[name], atol=1e-4), name


def with_beginning(length: int) -> list[Example]:
    """The rows behind a system line of `length` tokens."""
    line = torch.randint(3, 300, (length,), generator=torch.Generator().manual_seed(9)).tolist()
    return [Example(line + row.ids, [IGNORED] * length + row.labels) for row in ROWS]


def test_what_all_rows_begin_with_is_computed_once_with_the_same_gradients(model):
    rows = with_beginning(7)
    plain = plain_loss(model, rows)
    plain.backward()
    expected = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    packing.prepare(model, rows)

    pack = packing.pack(rows)
    assert pack.shared == 7
    assert pack.ids.shape[1] == 7 + sum(len(row.ids) for row in ROWS)
    packed = packing.answer_loss(model, pack)
    packed.backward()

    assert torch.allclose(packed, plain, rtol=1e-5)
    for name, parameter in model.named_parameters():
        assert torch.allclose(parameter.grad, expected[name], atol=1e-4), name


def test_a_beginning_that_is_learnt_is_not_shared():
    ids = [5, 6, 7, 8]
    assert packing.shared_beginning([Example(ids, ids), Example(ids, ids)]) == 0
    assert packing.shared_beginning([Example(ids, [IGNORED, IGNORED, 7, 8])] * 2) == 1
    assert packing.shared_beginning([Example(ids, [IGNORED] * 3 + [8]), Example([5, 9], [IGNORED, 9])]) == 0
    assert packing.shared_beginning([Example(ids, [IGNORED] * 3 + [8])]) == 0


def test_the_loss_of_each_row_is_told_apart(model):
    rows = with_beginning(3)
    packing.prepare(model, rows)
    expected = torch.stack([plain_loss(model, [row]) for row in rows])
    assert torch.allclose(packing.losses_of_rows(model, packing.pack(rows)), expected, rtol=1e-4)


@pytest.mark.parametrize("rows", [ROWS, with_beginning(5)])
def test_the_fused_kernel_for_long_rows_agrees(model, monkeypatch, rows):
    packing.prepare(model, rows)
    plain = packing.answer_loss(model, packing.pack(rows))
    monkeypatch.setattr(packed_attention, "_PLAIN_SCORES", 0)
    assert torch.allclose(packing.answer_loss(model, packing.pack(rows)), plain, rtol=1e-5)


def test_a_sliding_window_is_respected():
    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(2, heads, 12, 8, generator=generator) for heads in (4, 2, 2))
    at = torch.arange(12)
    seen = (at[:, None] >= at) & (at[:, None] - at < 5)
    expected = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen, enable_gqa=True)
    assert torch.allclose(packed_attention._plain_causal(query, key, value, 8**-0.5, 5), expected, atol=1e-5)
    # Behind a shared beginning of four:
    last = packed_attention._plain_causal(query[:, :, 4:], key, value, 8**-0.5, 5)
    assert torch.allclose(last, expected[:, :, 4:], atol=1e-5)


def test_an_architecture_with_unknown_attention_keeps_its_own(model, monkeypatch):
    monkeypatch.setattr(packed_attention, "_NOT_MADE_FOR", ("is_causal", "position_ids", "softcap"))
    before = model.config._attn_implementation
    attend = packed_attention.attention.attend

    def softcapped(*args, **kwargs):
        return attend(*args, **{**kwargs, "softcap": 50.0})

    monkeypatch.setitem(
        packed_attention.AttentionInterface._global_mapping, packed_attention.NAME, softcapped
    )
    assert not packing.prepare(model, ROWS)
    assert model.config._attn_implementation == before


def test_a_pack_that_mixed_its_rows_would_be_noticed(model, monkeypatch):
    def mixing(module, query, key, value, *_args, **_kwargs):
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
        return mixed.transpose(1, 2), None

    monkeypatch.setitem(packed_attention.AttentionInterface._global_mapping, packed_attention.NAME, mixing)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)  # a random tiny model attends to everything alike; make it care
    assert not packing.prepare(model, ROWS)


def test_a_step_is_cut_into_packs_that_fit_and_lose_nothing():
    step = packing.batch(ROWS, pack_tokens=40)
    assert all(sum(pack.lengths) <= 40 for pack in step.packs)
    assert sorted(length for pack in step.packs for length in pack.lengths) == sorted(
        len(r.ids) for r in ROWS
    )
    assert step.tokens == sum(len(row.ids) for row in ROWS)
    assert step.targets == sum(len(pack.targets) for pack in step.packs) == 3 * len(ROWS)


def test_one_token_a_pack_means_one_row_a_pack():
    assert [len(pack.lengths) for pack in packing.batch(ROWS, pack_tokens=1).packs] == [1] * len(ROWS)


def test_the_last_token_of_a_row_does_not_predict_the_next_row():
    two = packing.pack([Example([5, 6], [5, 6]), Example([7, 8], [7, 8])])
    assert two.predicting.tolist() == [0, 2]
    assert two.targets.tolist() == [6, 8]
    assert two.positions.tolist() == [[0, 1, 0, 1]]


def test_the_order_depends_on_seed_and_epoch_only_and_covers_every_row():
    order = packing.ShuffledBatches(10, 4, seed=3)
    first = list(order)
    assert list(order) == first
    assert sorted(index for step in first for index in step) == list(range(10))
    assert [len(step) for step in first] == [4, 4, 2]
    assert len(order) == 3
    order.set_epoch(1)
    assert list(order) != first
    assert list(packing.ShuffledBatches(10, 4, seed=4)) != first
