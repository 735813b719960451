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
        self._shared: dict[str, int] = {}

    async def answer(self, request: Request) -> Reply:
        """One answer; a prompt that leaves no room for one is refused."""
        prompt = self._dialect.prompt(list(request.messages))
        room = min(self._spec.max_new_tokens, self._runtime.context - len(prompt))
        if room < 1:
            why = f"{len(prompt)} tokens, of which the model reads {self._runtime.context}"
            return Reply("", 0, 0, refused=why)
        ids = list(
            self._runtime.stream(
                prompt,
                room,
                temperature=request.temperature,
                top_p=self._spec.top_p,
                seed=request.seed,
                shared=self._shared_by(request),
            )
        )
        return Reply(self._dialect.text(ids), len(prompt), len(ids), cut=len(ids) >= room)

    def _shared_by(self, request: Request) -> int:
        """How many tokens all questions after the same system line begin with.

        With 77 labels to choose from that line has 570 tokens, and was read anew for each of them: 1.15 s an
        answer, 0.16 s so.
        """
        first, *rest = request.messages
        if first["role"] != "system" or [item["role"] for item in rest] != ["user"]:
            return 0
        if first["content"] not in self._shared:
            one, two = (self._dialect.prompt([first, {"role": "user", "content": text}]) for text in "aZ")
            alike = zip(one, two, strict=False)
            same = next((at for at, (here, there) in enumerate(alike) if here != there), 0)
            self._shared[first["content"]] = same
        return self._shared[first["content"]]

    async def close(self) -> None:
        """The process ends soon."""
