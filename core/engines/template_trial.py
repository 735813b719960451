"""Renders a foreign chat template once, where neither an endless loop nor a flood of text can hurt.

transformers' sandbox stops code, not effort: two nested loops of 99,999 ran past any patience when measured.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

from core.engines import tokenizing
from core.engines.seal import seal
from core.errors import InputError
from core.models import records

_PATIENCE_S = 15.0
_START_S = 120.0  # two seconds alone; the import of transformers on a busy computer
_MEMORY_BYTES = 4 << 30
_LONGEST_CHARACTERS = 100_000
_READY = "ready"
_TRIAL = ({"role": "user", "content": "Hello"},)


def check(folder: Path) -> None:
    """Tries the template of a folder, if it has one.

    Raises:
        InputError: It fails, never ends, or writes far too much.
    """
    if not (folder / records.TEMPLATE).is_file():
        return
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_render, args=(folder, sending), daemon=True)
    process.start()
    sending.close()
    try:
        if receiving.poll(_START_S) and receiving.recv() == _READY and receiving.poll(_PATIENCE_S):
            said = receiving.recv()
        else:
            said = "it does not come to an end"
    except EOFError:
        said = "it used up the memory it was given"
    finally:
        receiving.close()
        process.kill()
        process.join()
    if said:
        raise InputError(
            "The model's chat template does not work.",
            why=f"Asked to write one short message, {said}.",
            fix=f"Replace {records.TEMPLATE} by the publisher's own.",
        )


def _render(folder: Path, out: Connection) -> None:
    """Body of the process: sends what is wrong, or nothing."""
    seal()
    tokenizer = tokenizing.load(folder)
    limit_memory()
    out.send(_READY)
    try:
        text = str(tokenizer.apply_chat_template(list(_TRIAL), tokenize=False, add_generation_prompt=True))
        said = "" if len(text) <= _LONGEST_CHARACTERS else f"it wrote {len(text)} characters"
    except MemoryError:
        said = "it used up the memory it was given"
    except Exception as error:  # a template may raise anything
        said = f"it failed: {(str(error).splitlines() or [type(error).__name__])[0][:200]}"
    out.send(said)


def limit_memory() -> None:
    """Lets this process have no more memory than any honest template needs."""
    try:
        import resource
    except ImportError:  # Windows has no such limit; the time limit stands
        return
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, hard))
