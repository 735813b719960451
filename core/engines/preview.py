"""Shows the first training rows as the model would see them: rendered by its template, token by token."""

from __future__ import annotations

import threading
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from core.data.dataset import Dataset
from core.engines import template_trial
from core.engines.model_tokens import load_tokenizer
from core.engines.seal import seal
from core.errors import InputError, WorkbenchError
from core.models import records
from core.specs import PreviewSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext

_PATIENCE_S = 20.0


def run(spec: PreviewSpec, job: JobContext) -> None:
    """Loads the tokenizer, renders, and says each row's tokens in one `batch` event.

    Raises:
        InputError: There is no chat template, it refuses the rows, or it does not come to an end.
    """
    seal()
    job.phase("rendering")
    tokenizer, data = open_inputs(spec, job)
    found: list[dict[str, Any]] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            found.extend(rows(spec, tokenizer, data, job))
        except BaseException as error:  # is raised again below, in the thread that reports
            failure.append(error)

    # The template is foreign: it may loop or write without end. The process is small and ends with the job.
    template_trial.limit_memory()
    rendering = threading.Thread(target=work, name="rendering", daemon=True)
    rendering.start()
    rendering.join(_PATIENCE_S)
    if rendering.is_alive():
        raise _wrong("it does not come to an end")
    if failure:
        if isinstance(failure[0], MemoryError):
            raise _wrong("it used up the memory it was given")
        raise failure[0]
    job.emit("batch", rows=found)
    job.result(rows=len(found))


def open_inputs(spec: PreviewSpec, job: JobContext) -> tuple[Any, Dataset]:
    """The model's tokenizer, and the data.

    Raises:
        InputError: There is no chat template, or the tokenizer cannot be loaded.
    """
    folder = job.input(spec.model)
    data = Dataset(job.input(spec.data))
    plain_text = str(data.info.task) == "pretraining"  # learnt as it is, without turns
    if not plain_text and not (folder / records.TEMPLATE).is_file():
        raise InputError(
            "The model has no chat template.",
            why="Without one nobody can say how a conversation is written for it, so nothing can be learnt.",
            fix="Choose a model whose name ends in Instruct or Chat.",
            code="template.missing",
        )
    return load_tokenizer(folder), data


def rows(spec: PreviewSpec, tokenizer: Any, data: Dataset, job: JobContext) -> list[dict[str, Any]]:
    """The first rows as tokens; what was lost on the way becomes warnings.

    Raises:
        InputError: The template refuses a row.
    """
    from core.engines.training import examples, first_batch
    from core.engines.training.templates import without_default_system

    try:
        if not spec.default_system and tokenizer.chat_template:
            tokenizer.chat_template = without_default_system(tokenizer).template
        encoded = examples.encode(data, "train", tokenizer, spec.max_length)
        found = deque(islice(encoded, spec.rows), maxlen=1)  # the same growing result after each row
    except WorkbenchError as error:
        error.code = "template.refused"
        raise
    shown = found[0] if found else examples.Examples()
    for remark in shown.remarks(spec.max_length):
        job.warn(remark)
    return first_batch.describe(shown.usable, tokenizer)


def _wrong(what: str) -> InputError:
    return InputError(
        "The model's chat template does not work.",
        why=f"Asked to write the first rows of the data, {what}.",
        fix=f"Replace {records.TEMPLATE} by the publisher's own and add the model again.",
        code="template.refused",
    )
