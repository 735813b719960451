"""A model's tokens without its weights: what a text costs, and what the chat template adds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.data.lengths import STARTER, Tokens
from core.engines import tokenizing
from core.engines.seal import seal
from core.errors import InputError
from core.models import records

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Encoding

    from core.jobs.context import JobContext

_ENDLESS = 1 << 30


def tokens_of(job: JobContext, model: str | None) -> Tokens:
    """How a model of the library counts when it learns; the starter model where none is named.

    Fine-tuning leaves out the system line that some templates add by themselves, and so does this.

    Raises:
        InputError: Its tokenizer cannot be loaded.
    """
    if not model:
        return STARTER
    seal()
    from core.engines.training.templates import encode_conversation, without_default_system

    folder = job.input(model)
    tokenizer = load_tokenizer(folder)
    if tokenizer.chat_template:
        tokenizer.chat_template = without_default_system(tokenizer).template
    backend = tokenizer.backend_tokenizer
    backend.encode_special_tokens = True  # text that looks like a control token is text

    def encode(texts: Sequence[str]) -> list[Encoding]:
        return list(backend.encode_batch(list(texts), add_special_tokens=False))

    def marks(roles: Sequence[str]) -> int:
        if not tokenizer.chat_template:
            return 0
        messages = [{"role": role, "content": "a"} for role in roles]
        return len(encode_conversation(tokenizer, messages, _ENDLESS).ids) - len(roles) * len(encode("a")[0])

    return Tokens(records.describe(folder).name or "the model", encode, marks)


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model's folder.

    Raises:
        InputError: It cannot be loaded.
    """
    try:
        return tokenizing.load(folder)
    except Exception as error:  # every library has its own kinds; all mean the same to the user
        raise InputError(
            "The model's tokenizer cannot be loaded.",
            why=f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}",
            fix="Add the model again.",
            details=str(error),
        ) from error
