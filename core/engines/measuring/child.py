"""The process that holds one model while it is measured, and how the parent talks to it.

A process each, because memory comes back only when a process ends, and the highest memory of one model must
not hide in that of the model before it.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
import traceback
from collections.abc import Generator, Iterator
from itertools import pairwise
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext

from core.engines.measuring import ceilings
from core.engines.measuring.reading import read_nll
from core.engines.measuring.task import (
    Answered,
    Failed,
    Finished,
    GeneralTask,
    Loaded,
    Message,
    Read,
    Scored,
    Spent,
    Task,
    Timed,
)
from core.engines.runtimes.runtime import Answer, Runtime, open_runtime
from core.engines.seal import seal
from core.errors import JobError, WorkbenchError
from core.jobs.child import SPIN_COUNT
from core.jobs.sampling import peak_rss_bytes
from core.models.fit import energy

#: Elsewhere a copy of a process that loaded torch may hang (macOS), or there are none (Windows).
_COPIES = sys.platform == "linux"
_QUESTIONS_TOGETHER = 8
_DECODE_TOKENS = 48
_DECODE_PASSES = 2
_DECODE_S = 2.0  # a slow model's single pass is long enough to be exact
_END_GRACE_S = 5.0


def measure(task: Task) -> Generator[Message]:
    """Runs the task in a fresh process and yields its messages; closing the iterator ends the process.

    Raises:
        JobError: The process died or could not load the model.
    """
    _wait_as_others_do()
    context = _context(task.source.format)
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_main, args=(task, sending), daemon=True)
    process.start()
    sending.close()
    try:
        while True:
            try:
                message: Message = receiving.recv()
            except EOFError:
                process.join(_END_GRACE_S)
                raise JobError(
                    f"The process that measured {task.source.folder.name} ended early.",
                    why=f"Exit code {process.exitcode}; minus 9 usually means that memory ran out.",
                    fix="Close other programs, or use a smaller batch.",
                ) from None
            if isinstance(message, Failed):
                raise JobError(
                    "A model could not be measured.",
                    why=message.text,
                    fix="Look at the details; if it is damaged, make it again.",
                    details=message.details,
                )
            yield message
            if isinstance(message, Finished):
                return
    finally:
        receiving.close()
        process.join(_END_GRACE_S if process.exitcode is None and not sys.exc_info()[0] else 0)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


def warm_up() -> None:
    """Starts loading what every transformers model needs, beside whatever the caller does meanwhile.

    The processes of such models begin as copies of the one that loaded it: five seconds less for each.
    """
    if _COPIES:
        _wait_as_others_do()
        forkserver.set_forkserver_preload(["core.engines.runtimes.preload"])
        forkserver.ensure_running()


def _wait_as_others_do() -> None:
    """Measured processes get the native threads' usual patience, not a worker's.

    A worker's threads give way to other programs soon, which made transformers up to 18 % slower than it
    is by itself (0.78 to 0.93 s an answer): a model must not look slow because of who measures it.
    """
    os.environ.pop(SPIN_COUNT, None)


def _context(format: str) -> SpawnContext | ForkServerContext:
    """How a model's process begins: an ONNX model's empty, as torch would count as its memory."""
    if _COPIES and format != "onnx":
        return multiprocessing.get_context("forkserver")
    return multiprocessing.get_context("spawn")


def _main(task: Task, out: Connection) -> None:
    """Body of the process."""
    seal()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        for message in _work(task):
            out.send(message)
    except (BrokenPipeError, KeyboardInterrupt):
        return  # the parent has gone or no longer wants to know
    except WorkbenchError as error:
        out.send(Failed(error.code, " ".join(filter(None, (error.what, error.why))), error.details))
    except Exception as error:  # the border of the process: it must become a message
        text = f"{type(error).__name__}: {error}"
        out.send(Failed("job", text.splitlines()[0][:300], traceback.format_exc()))
    finally:
        out.close()


def _end_with_parent() -> None:
    """A killed parent cannot end its children, and a long batch would not notice before it is done."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _work(task: Task) -> Iterator[Message]:
    """Load, answer all rows in batches, time some of them alone, measure the decode speed.

    An export is timed first: it answers alone anyway, and to be scored too it needs memory that nobody needs
    who uses it.
    """
    began = time.perf_counter()
    runtime = open_runtime(task.source)
    yield Loaded(time.perf_counter() - began)
    exported = task.source.format == "onnx"
    if not exported:
        yield from _answer(runtime, task)
    spent = yield from _time_all(runtime, task)
    speed = decode_speed(runtime, task.prompts[task.timed[0]]) if task.timed else 0.0
    peak = peak_rss_bytes()  # before the rest, whose memory is none of the model's use
    best = ceilings.measure(task.source.threads) if task.timed else None
    if exported:
        yield from _answer(runtime, task)
    if task.general is not None:
        yield from _ask_general(runtime, task.general)
    yield Finished(tokens_per_s=speed, peak_rss_bytes=peak, spent=spent, ceilings=best)


def _answer(runtime: Runtime, task: Task) -> Iterator[Message]:
    """All rows in batches; those that are documents are only read."""
    if task.documents:
        for row, ids in enumerate(task.documents):
            yield Answered((row,), (Answer(ids=(), nll=read_nll(runtime, ids), scored=max(0, len(ids) - 1)),))
        return
    # Rows of like length share a batch: less padding for one runtime, larger groups for the other.
    order = sorted(range(len(task.prompts)), key=lambda row: len(task.prompts[row]))
    for start in range(0, len(order), task.batch_size):
        rows = tuple(order[start : start + task.batch_size])
        answers = runtime.answer(
            [task.prompts[row] for row in rows], [task.expected[row] for row in rows], task.max_new_tokens
        )
        yield Answered(rows, tuple(answers))


def _ask_general(runtime: Runtime, task: GeneralTask) -> Iterator[Message]:
    """Scores the choices of each question and every token of the texts."""
    order = sorted(range(len(task.prompts)), key=lambda question: len(task.prompts[question]))
    for start in range(0, len(order), _QUESTIONS_TOGETHER):
        questions = tuple(order[start : start + _QUESTIONS_TOGETHER])
        nlls = runtime.score(
            [task.prompts[question] for question in questions],
            [task.choices[question] for question in questions],
        )
        yield Scored(questions, tuple(map(tuple, nlls)))
    for number, ids in enumerate(task.texts):
        yield Read(number, read_nll(runtime, ids), len(ids) - 1)


def _time_all(runtime: Runtime, task: Task) -> Generator[Message, None, Spent | None]:
    """Times some rows alone, pass after pass, so that a slow moment of the computer meets different rows."""
    if not task.timed:
        return None
    for row in task.timed[: task.warm_up]:
        _time(runtime, task, row, 0)
    energy_before, used, began = energy.joules(), time.process_time(), time.perf_counter()
    for turn in range(task.repeats):
        for row in task.timed:
            yield _time(runtime, task, row, turn)
    wall_s, processor_s = time.perf_counter() - began, time.process_time() - used
    return Spent(wall_s, processor_s, energy.between(energy_before, energy.joules()))


def _time(runtime: Runtime, task: Task, row: int, turn: int) -> Timed:
    began = time.perf_counter()
    at = [time.perf_counter() for _token in runtime.stream(task.prompts[row], task.max_new_tokens)]
    ended = time.perf_counter()
    return Timed(
        row=row,
        turn=turn,
        ttft_ms=((at[0] if at else ended) - began) * 1e3,
        total_ms=(ended - began) * 1e3,
        token_ms=tuple((after - before) * 1e3 for before, after in pairwise(at)),
    )


def decode_speed(runtime: Runtime, prompt: tuple[int, ...]) -> float:
    """Tokens a second after the first, at a fixed length: the best pass, as other programs make noise."""
    best = 0.0
    began = time.perf_counter()
    for number in range(_DECODE_PASSES):
        if number and time.perf_counter() - began > _DECODE_S:
            break
        times = [time.perf_counter() for _token in runtime.stream(prompt, _DECODE_TOKENS, stop=False)]
        if len(times) > 1:
            best = max(best, (len(times) - 1) / (times[-1] - times[0]))
    return best
