"""EleutherAI's lm-evaluation-harness over our own runtimes, so that every format answers its tasks.

The harness hands over conversations, not rendered text: they become tokens by the model's dialect, as in
training and serving, and what looks like a control token in a row stays text.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import itertools
import json
import math
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from core.data.harness_tasks import HarnessTask
from core.engines.measuring.reading import read_nll
from core.engines.runtimes.dialect import Dialect
from core.engines.runtimes.runtime import Runtime, Source, open_runtime
from core.errors import CancelledError
from core.models.report import HarnessFigure

if TYPE_CHECKING:
    from core.jobs.context import JobContext

_LONGEST_ANSWER = 256
_LOOK_EVERY = 8  # tokens between two looks for a stop text


def version() -> str:
    """The installed harness's version."""
    return importlib.metadata.version("lm-eval")


def prepare(tasks: Sequence[HarnessTask], scratch: Path) -> Path:
    """Copies checked tasks, so that what runs is what was checked; paths of rows become whole."""
    scratch.mkdir(parents=True, exist_ok=True)
    os.environ["HF_DATASETS_CACHE"] = str(scratch / "cache")
    for task in tasks:
        content = dict(task.content)
        files = content["dataset_kwargs"]["data_files"]
        named = files if isinstance(files, dict) else {"train": files}
        placed = {}
        for split, names in named.items():
            flat = names if isinstance(names, list) else [names]
            for name in flat:
                shutil.copyfile(task.file.parent / name, scratch / name)
            placed[split] = [str(scratch / name) for name in flat]
        content["dataset_kwargs"] = {"data_files": placed}
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        (scratch / task.file.name).write_text(text, encoding="utf-8")
    return scratch


def ask(
    source: Source, dialect: Dialect, tasks: Sequence[HarnessTask], scratch: Path, job: JobContext
) -> tuple[HarnessFigure, ...]:
    """One model's figures on all tasks.

    Raises:
        CancelledError: A stop was requested.
    """
    from lm_eval.evaluator import evaluate
    from lm_eval.tasks import TaskManager

    with _sandboxed_templates(), contextlib.redirect_stdout(None):
        known = TaskManager(include_path=str(scratch), include_defaults=False)
        loaded = known.load([task.name for task in tasks])
        for task in loaded["tasks"].values():
            if task.config.num_fewshot is None:
                task.set_config(key="num_fewshot", value=0)
        model = _asked_model(open_runtime(source), dialect, job)
        found = evaluate(
            model, loaded, bootstrap_iters=0, log_samples=False, apply_chat_template=True, verbosity="ERROR"
        )
    return tuple(figures(found["results"], found["n-samples"]))


def figures(results: dict[str, dict[str, Any]], counts: dict[str, dict[str, int]]) -> Iterator[HarnessFigure]:
    """From the harness's `"acc,none": 0.5` to figures."""
    for task, values in results.items():
        for key, value in values.items():
            metric, comma, kept = key.partition(",")
            if not comma or metric.endswith("_stderr") or not isinstance(value, int | float):
                continue
            if math.isfinite(value):
                named = metric if kept == "none" else f"{metric} ({kept})"
                rows = int(counts.get(task, {}).get("effective", 0))
                yield HarnessFigure(task=task, metric=named, value=float(value), rows=rows)


@contextlib.contextmanager
def _sandboxed_templates() -> Iterator[None]:
    """A task's templates are somebody's text: they may format values and reach nothing else."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from lm_eval import utils

    free = utils.env
    utils.env = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
    utils.env.filters["regex_replace"] = utils.regex_replace
    try:
        yield
    finally:
        utils.env = free


def _asked_model(runtime: Runtime, dialect: Dialect, job: JobContext) -> Any:
    """The harness's view of a loaded model."""
    from lm_eval.api.model import LM

    class Asked(LM):
        """Answers the harness's requests one after another."""

        @property
        def tokenizer_name(self) -> str:
            return ""

        def chat_template(self, chat_template: bool | str = False) -> str:
            return "messages"

        def apply_chat_template(
            self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
        ) -> str:
            return json.dumps(chat_history)

        def loglikelihood(self, requests: list[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
            said: list[tuple[float, bool]] = []
            for context, group in itertools.groupby(requests, key=lambda request: request.args[0]):
                _go_on(job)
                choices = [_plain(dialect, request.args[1]) for request in group]
                (nlls,) = runtime.score([dialect.prompt(json.loads(context))], [choices])
                said += [(-nll, False) for nll in nlls]
            return said

        def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[float]:
            said = []
            for request in requests:
                _go_on(job)
                said.append(-read_nll(runtime, dialect.read(request.args[0])))
            return said

        def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
            return [_answer(runtime, dialect, *request.args, job=job) for request in requests]

    return Asked()


def _answer(
    runtime: Runtime, dialect: Dialect, context: str, settings: dict[str, Any], *, job: JobContext
) -> str:
    """A greedy answer up to the first of the texts that end it."""
    _go_on(job)
    until = settings.get("until") or []
    ends = [until] if isinstance(until, str) else list(until)
    ids: list[int] = []
    prompt = dialect.prompt(json.loads(context))
    for token in runtime.stream(prompt, int(settings.get("max_gen_toks", _LONGEST_ANSWER))):
        ids.append(token)
        if ends and len(ids) % _LOOK_EVERY == 0 and any(end in dialect.text(ids) for end in ends):
            break
    text = dialect.text(ids)
    for end in filter(None, ends):
        text = text.split(end)[0]
    return text


def _plain(dialect: Dialect, text: str) -> list[int]:
    """A choice's own tokens, without what a tokenizer puts before a text."""
    ids: list[int] = dialect.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    return ids


def _go_on(job: JobContext) -> None:
    if job.stop_requested:
        raise CancelledError("The job was stopped while the harness asked its tasks.")
