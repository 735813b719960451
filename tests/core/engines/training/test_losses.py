from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from core.engines.training import losses
from core.engines.training.losses import Objective

OBJECTIVES = [
    Objective(),
    Objective(smoothing=0.1),
    Objective("focal", gamma=2.0),
    Objective("focal", gamma=1.0, smoothing=0.2),
]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("learning", [True, False])
def test_sliced_projection_has_the_loss_and_the_gradients_of_the_whole(objective, learning, monkeypatch):
    monkeypatch.setattr(losses, "SLICE", 4)
    generator = torch.Generator().manual_seed(1)
    head = nn.Linear(6, 11, bias=False).requires_grad_(learning)
    hidden = torch.randn(10, 6, generator=generator, requires_grad=True)
    targets = torch.randint(0, 11, (10,), generator=generator)

    whole = objective.each(head(hidden), targets).sum() / 7
    whole.backward()
    expected = hidden.grad.clone(), head.weight.grad.clone() if learning else None
    hidden.grad = head.weight.grad = None
    sliced = losses.Projection(head).loss(hidden, targets, objective) / 7
    sliced.backward()

    assert torch.allclose(sliced, whole)
    assert torch.allclose(hidden.grad, expected[0], atol=1e-6)
    if learning:
        assert torch.allclose(head.weight.grad, expected[1], atol=1e-6)


def test_focal_without_strength_is_cross_entropy():
    logits, targets = torch.randn(5, 9), torch.arange(5)
    plain = functional.cross_entropy(logits, targets, reduction="none")
    assert torch.allclose(Objective("focal", gamma=0.0).each(logits, targets), plain)


def test_focal_weighs_what_is_known_less():
    logits = torch.tensor([[5.0, 0.0], [0.0, 0.0]])
    known, open_ = Objective("focal").each(logits, torch.tensor([0, 0]))
    plain_known, plain_open = Objective().each(logits, torch.tensor([0, 0]))
    assert known / plain_known < 0.01
    assert open_ / plain_open == pytest.approx(0.25)


def test_a_model_that_bends_its_logits_projects_them_itself():
    from tests.core.engines import tiny

    model = tiny.model(50)
    assert losses.head_of(model) is model.lm_head
    model.config.final_logit_softcapping = 30.0
    assert losses.head_of(model) is None


def test_the_heads_gradient_comes_after_all_others():
    """It is as large as the vocabulary; before, it would lie beside what the layers keep."""
    layer, head = nn.Linear(6, 6, bias=False), nn.Linear(6, 11, bias=False)
    came = []
    layer.weight.register_post_accumulate_grad_hook(lambda _weight: came.append("layer"))
    head.weight.register_post_accumulate_grad_hook(lambda _weight: came.append("head"))
    projection = losses.Projection(head)
    projection.loss(layer(torch.randn(5, 6)), torch.arange(5), Objective()).backward()
    assert came == ["layer", "head"]


@pytest.mark.parametrize("slice_", [4, 256])
@pytest.mark.parametrize(("bf16", "tolerance"), [(False, 1e-5), (True, 0.03)])
def test_an_embedding_that_is_the_head_too_gets_both_gradients(slice_, bf16, tolerance, monkeypatch):
    monkeypatch.setattr(losses, "SLICE", slice_)
    torch.manual_seed(0)
    embedding, head = nn.Embedding(11, 6, padding_idx=2), nn.Linear(6, 11, bias=False)
    head.weight = embedding.weight
    ids, targets = torch.tensor([0, 2, 1, 5, 5, 5, 7, 2, 9, 3]), torch.arange(1, 11)
    functional.cross_entropy(head(embedding(ids).tanh()), targets, reduction="sum").div(3).backward()
    expected, embedding.weight.grad = embedding.weight.grad, None
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        projection = losses.Projection(head, embedding)
        looked_up = projection.inputs(ids[None])["inputs_embeds"][0]
        assert torch.equal(looked_up, embedding(ids))
        loss = projection.loss(looked_up.tanh(), targets, Objective()) / 3
    loss.backward()
    assert torch.norm(embedding.weight.grad - expected) <= tolerance * torch.norm(expected)


def test_an_embedding_of_its_own_or_of_a_special_kind_is_asked_by_the_model_itself():
    head = nn.Linear(6, 11, bias=False)
    ids = torch.arange(4)[None]
    special = nn.Embedding(11, 6, max_norm=1.0)
    special.weight = head.weight
    for embedding in (nn.Embedding(11, 6), special, None):
        assert losses.Projection(head, embedding).inputs(ids).keys() == {"input_ids"}
