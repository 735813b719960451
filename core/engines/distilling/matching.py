"""What goes on inside student and teacher, brought together beside their answers.

Hidden states by 1 − cosine (Sanh et al. 2019, DistilBERT), layer by layer. Attention by relations (Wang et
al. 2021, MiniLMv2): how alike the last layer's queries are among themselves, and its keys and its values, as
distributions over a row's tokens; that needs neither the same width nor the same number of heads. The paper
looks both ways; a model that writes looks back only, so a token's relations are to itself and those before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from core.engines.training import packed_attention, packing, precision
from core.engines.training.losses import SLICE
from core.engines.training.packing import Pack

#: Parts into which queries, keys and values are cut for their relations, whatever heads they come from.
_RELATION_HEADS = 16
#: Stands for the log of nothing, as in the divergences.
_NEVER = -1e4


@dataclass
class Inside:
    """What was seen in one forward pass.

    Shapes: `states` by layer (N, size) where the next token is learnt; `attention` the last layer's query,
    key and value, each (1, heads, T, head size).
    """

    states: dict[int, Tensor] = field(default_factory=dict)
    attention: list[Tensor] = field(default_factory=list)


@contextmanager
def watching(model: Any, rows: Pack, layers: Sequence[int], *, attention: bool) -> Iterator[Inside]:
    """Within this context a forward pass over the pack leaves what it had inside.

    Args:
        model: Whose `layers_of` are watched.
        rows: What goes through it.
        layers: Those whose output is kept.
        attention: Whether the last layer's attention is kept.
    """
    seen, found = Inside(), layers_of(model)

    def keep(at: int, _module: nn.Module, _given: Any, output: Any) -> None:
        states = output[0] if isinstance(output, tuple) else output
        seen.states[at] = states[0].index_select(0, rows.predicting)

    with ExitStack() as stack:
        for at in layers:  # such hooks stay outside where activations are computed twice
            stack.callback(found[at].register_forward_hook(partial(keep, at)).remove)
        if attention:
            seen.attention = stack.enter_context(packed_attention.attention.watched())
        yield seen


def layers_of(model: Any) -> list[nn.Module]:
    """The decoder's blocks; empty where they are not in one list."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    return list(getattr(base.get_decoder(), "layers", None) or ())


def layer_pairs(student: int, teacher: int, kept: Sequence[int] = ()) -> tuple[tuple[int, int], ...]:
    """Which layer's output is to be like which.

    Args:
        student: Its number of layers.
        teacher: Likewise.
        kept: The teacher's layers that a cut student consists of; empty where it was not cut out of it.

    Returns:
        For each of the student's layers, itself and the teacher's. What follows on a kept layer gets what it
        got in the teacher, as if the layers between were still there; other students' layers are spread.
    """
    if kept:
        ends = [following - 1 for following in kept[1:]] + [teacher - 1]
    else:
        ends = [max(round((at + 1) * teacher / student), 1) - 1 for at in range(student)]
    return tuple(enumerate(ends))


class Matching:
    """A live teacher, and how far the student is from it inside.

    Args:
        teacher: A transformers model in evaluation, its attention packed if the student's is.
        pairs: As `layer_pairs` makes them.
        carried: The teacher's id of each of the student's tokens. Shape (ids,).
        hidden_weight: How much the hidden states count; 0 leaves them alone.
        attention_weight: Likewise for the relations of attention.
        bf16: Whether the teacher's matrix products run in bf16.
    """

    def __init__(
        self,
        teacher: Any,
        pairs: Sequence[tuple[int, int]],
        carried: Tensor,
        *,
        hidden_weight: float,
        attention_weight: float,
        bf16: bool,
    ) -> None:
        self._teacher = teacher
        self._pairs = tuple(pairs) if hidden_weight else ()
        self._carried = carried
        self._hidden_weight = hidden_weight
        self._attention_weight = attention_weight
        self._bf16 = bf16
        self._tokens = 0
        self._sums = {"hidden_loss": 0.0, "attention_loss": 0.0}

    def teacher(self, rows: Pack) -> Inside:
        """What the teacher has inside when it reads the student's rows."""
        theirs = replace(rows, ids=self._carried[rows.ids])
        with (
            torch.no_grad(),
            precision.products(bf16=self._bf16),
            packed_attention.attention.rows(theirs),
            watching(
                self._teacher, theirs, [t for _s, t in self._pairs], attention=bool(self._attention_weight)
            ) as seen,
        ):
            packing.hidden_states(self._teacher, theirs)
        return seen

    @contextmanager
    def student(self, model: Any, rows: Pack) -> Iterator[Inside]:
        """Watches the student while it reads its rows."""
        wanted = [s for s, _t in self._pairs]
        with watching(model, rows, wanted, attention=bool(self._attention_weight)) as seen:
            yield seen

    def apart(self, student: Inside, teacher: Inside, rows: Pack) -> Tensor:
        """Weighted distance, summed over the learnt tokens."""
        self._tokens += len(rows.targets)
        total = torch.zeros(())
        if self._pairs:
            states = _hidden(student, teacher, self._pairs)
            self._sums["hidden_loss"] += float(states.detach())
            total = total + self._hidden_weight * states
        if self._attention_weight:
            relations = _attention(student.attention, teacher.attention, rows)
            self._sums["attention_loss"] += float(relations.detach())
            total = total + self._attention_weight * relations
        return total

    def take(self) -> dict[str, float]:
        """Means a token since it was last asked, unweighted, and a new beginning."""
        weights = {"hidden_loss": self._hidden_weight, "attention_loss": self._attention_weight}
        found = {
            name: total / self._tokens for name, total in self._sums.items() if self._tokens and weights[name]
        }
        self._tokens = 0
        self._sums = dict.fromkeys(self._sums, 0.0)
        return found


def _hidden(student: Inside, teacher: Inside, pairs: Sequence[tuple[int, int]]) -> Tensor:
    """1 − cosine a token, the mean over the layers, summed over the tokens."""
    each = [
        (1 - functional.cosine_similarity(student.states[s].float(), teacher.states[t].float(), dim=-1)).sum()
        for s, t in pairs
    ]
    return torch.stack(each).mean()


def _attention(student: Sequence[Tensor], teacher: Sequence[Tensor], rows: Pack) -> Tensor:
    """KL(teacher ‖ student) a token, the mean over relations and their heads, summed over the tokens."""
    hidden = _out_of_sight(rows)
    total = torch.zeros(())
    for ours, theirs in zip(student, teacher, strict=True):
        widths = [tensor.shape[1] * tensor.shape[3] for tensor in (ours, theirs)]
        shared = math.gcd(*widths)
        heads = max(count for count in range(1, _RELATION_HEADS + 1) if shared % count == 0)
        mine, said = _cut(ours, heads), _cut(theirs, heads)
        for start in range(0, len(rows.predicting), SLICE):
            cut = slice(start, start + SLICE)
            far: Tensor = checkpoint(  # a long answer's scores are many: computed twice, not kept
                _relations_apart,
                mine,
                said,
                rows.predicting[cut],
                hidden[cut],
                use_reentrant=False,
                preserve_rng_state=False,
            )
            total = total + far
    return total / len(student)


def _cut(tensor: Tensor, heads: int) -> Tensor:
    """(1, any heads, T, size) → (heads, T, width / heads)."""
    flat = tensor[0].transpose(0, 1).flatten(1)
    return flat.reshape(len(flat), heads, -1).transpose(0, 1).float()


def _relations_apart(ours: Tensor, theirs: Tensor, asking: Tensor, hidden: Tensor) -> Tensor:
    """Shapes: ours, theirs (heads, T, size), asking (N,) indices into T, hidden (N, T) → scalar."""
    mine, said = (_relations(tensor, asking, hidden) for tensor in (ours, theirs))
    return (said.exp() * (said - mine)).sum() / len(ours)


def _relations(tensor: Tensor, asking: Tensor, hidden: Tensor) -> Tensor:
    """Log of how alike tokens are, as distributions. Shape (heads, N, T)."""
    scores = tensor.index_select(1, asking) @ tensor.transpose(1, 2) / math.sqrt(tensor.shape[2])
    return torch.log_softmax(scores.masked_fill(hidden, _NEVER), dim=-1)


def _out_of_sight(rows: Pack) -> Tensor:
    """Which of the pack's tokens each learnt one has no relation to: other rows', and later ones. (N, T)."""
    owners = torch.arange(len(rows.lengths)).repeat_interleave(torch.tensor(rows.lengths))
    owners = torch.cat([torch.full((rows.shared,), -1), owners])
    elsewhere = (owners != rows.owners[:, None]) & (owners >= 0)
    return elsewhere | (torch.arange(len(owners)) > rows.predicting[:, None])
