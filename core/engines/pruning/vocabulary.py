"""Vocabulary: which tokens the data needs, and the model without the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from core.data.dataset import Dataset
from core.engines.pruning.calibration import ids_of
from core.engines.training import documents
from core.engines.training.examples import Split
from core.engines.training.templates import Message, prompt_ids
from core.errors import InputError
from core.jobs.context import JobContext

#: What training may read too.
_READ: tuple[Split, ...] = ("train", "validation")
#: Longer than any row, so that none is cut.
_WHOLE = 1 << 30
_PROBES: tuple[list[Message], ...] = (
    [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
    [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}],
)


def used_by(data: Dataset, tokenizer: PreTrainedTokenizerBase, job: JobContext) -> set[int]:
    """Ids that the training and validation rows need, prompts and answers, and the template around them.

    Raises:
        InputError: The chat template refuses a row.
        CancelledError: A stop was requested.
    """
    job.phase("reading", total=data.count("train") + data.count("validation"), unit="rows")
    found: set[int] = set()
    done = 0
    conversations = False
    for split in _READ:
        for row in data.rows(split):
            messages = data.messages(row)
            found.update(ids_of(tokenizer, messages, _WHOLE))
            if not documents.is_document(messages):
                conversations = True
                found.update(prompt_ids(tokenizer, messages[:-1] or messages))
            done += 1
            job.progress(done)
            job.check_cancelled()
    if conversations:  # the words of the template for roles that the data does not have
        for probe in _PROBES:
            try:
                found.update(prompt_ids(tokenizer, probe))
            except InputError:
                continue  # a template that knows no such role
    return found


def cut(model: Any, kept: Sequence[int]) -> None:
    """Leaves only these rows of the token table and of the output, which may be one and the same."""
    chosen = torch.tensor(kept)
    table, head = model.get_input_embeddings(), model.get_output_embeddings()
    tied = table.weight is head.weight
    table.weight = _rows(table.weight, chosen)
    table.num_embeddings = len(kept)
    table.padding_idx = None
    head.weight = table.weight if tied else _rows(head.weight, chosen)
    if head.bias is not None:
        head.bias = _rows(head.bias, chosen)
    head.out_features = len(kept)
    model.config.vocab_size = len(kept)
    model.vocab_size = len(kept)


def _rows(weight: Tensor, chosen: Tensor) -> nn.Parameter:
    return nn.Parameter(weight.detach().index_select(0, chosen), requires_grad=False)
