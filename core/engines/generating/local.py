"""A model of the library as the teacher: the same question, seed and versions give the same answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.engines import merging, receipt
from core.engines.generating.answers import Reply
from core.engines.generating.teacher import Request
from core.engines.runtimes import dialect
from core.engines.runtimes.runtime import Source, open_runtime
from core.models import records
from core.specs import GenerateSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext


class LocalTeacher:
    """Answers one request after the other, so that none depends on which others there are.

    Args:
        spec: How it answers.
        job: Where the model is.

    Raises:
        InputError: The model cannot be used.
    """

    at_once = 1

    def __init__(self, spec: GenerateSpec, job: JobContext) -> None:
        folder = job.input(spec.teacher)
        record = records.inspect(folder)
        receipt.require_usable(job, spec.teacher, "cannot be a teacher")
        bases = merging.bases(job, spec.teacher)
        self._spec = spec
        self._dialect = dialect.load(folder, bases)
        threads = int(job.resources["threads"])
        self._runtime = open_runtime(Source(record.format, folder, bases, self._dialect.stop_ids, threads))

    async def answer(self, request: Request) -> Reply:
        """One answer; a prompt that leaves no room for one is refused."""
        prompt = self._dialect.prompt(list(request.messages))
        room = min(self._spec.max_new_tokens, self._runtime.context - len(prompt))
        if room < 1:
            why = f"{len(prompt)} tokens, of which the model reads {self._runtime.context}"
            return Reply("", 0, 0, refused=why)
        ids = list(
            self._runtime.stream(
                prompt, room, temperature=request.temperature, top_p=self._spec.top_p, seed=request.seed
            )
        )
        return Reply(self._dialect.text(ids), len(prompt), len(ids), cut=len(ids) >= room)

    async def close(self) -> None:
        """The process ends soon."""
