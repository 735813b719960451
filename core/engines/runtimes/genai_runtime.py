"""ONNX Runtime GenAI, as the model will run on a device. Imports neither torch nor transformers."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import onnxruntime_genai as og
from numpy.typing import NDArray

from core.engines.runtimes.runtime import Answer, Source, log_softmax, until_stop
from core.models import records

_TOP_K = 50
_ADAPTER = "adapter"
_ROWS_TOGETHER = 8  # a prefill returns logits of all positions: 8 rows of 40 tokens are 60 MB at 49,152 words


class GenaiRuntime:
    """A GenAI folder on the CPU.

    Args:
        source: What to load, and on how many cores.
    """

    def __init__(self, source: Source) -> None:
        og.disable_telemetry_events()
        config = og.Config(str(source.folder))
        threads = {"intra_op_num_threads": source.threads, "inter_op_num_threads": 1}
        config.overlay(json.dumps({"model": {"decoder": {"session_options": threads}}}))
        self._stop = source.stop_ids
        self._model = og.Model(config)
        self._adapters = None
        if source.adapter is not None:
            self._adapters = og.Adapters(self._model)
            self._adapters.load(str(source.adapter), _ADAPTER)
        settings = records.read_json(source.folder / "genai_config.json")
        self.context = int(settings["search"]["max_length"])

    def answer(
        self, prompts: Sequence[Sequence[int]], expected: Sequence[Sequence[int]], max_new_tokens: int
    ) -> list[Answer]:
        """Prompts of one length go together, others one after another.

        GenAI 0.18 answers left-padded batches wrongly: 3 of 48 answers equalled those of single prompts, with
        any padding token; grouped by equal length, 48 of 48 did.
        """
        answers: dict[int, Answer] = {}
        for rows in _groups(prompts):
            together = [prompts[row] for row in rows]
            said = self._greedy(together, max_new_tokens)
            nlls = self._score(together, [expected[row] for row in rows])
            for row, ids, nll in zip(rows, said, nlls, strict=True):
                stopped = until_stop(ids, self._stop)
                answers[row] = Answer(ids=stopped, nll=nll, scored=len(expected[row]))
        return [answers[row] for row in range(len(prompts))]

    def _generator(self, rows: int, length: int, **search: Any) -> Any:
        parameters = og.GeneratorParams(self._model)
        parameters.set_search_options(batch_size=rows, max_length=min(length, self.context), **search)
        generator = og.Generator(self._model, parameters)
        if self._adapters is not None:
            generator.set_active_adapter(self._adapters, _ADAPTER)
        return generator

    def _greedy(self, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> list[list[int]]:
        length = len(prompts[0])
        generator = self._generator(len(prompts), length + max_new_tokens, do_sample=False)
        generator.append_tokens(_array(prompts))
        while not generator.is_done():
            generator.generate_next_token()
        return [[int(token) for token in generator.get_sequence(row)[length:]] for row in range(len(prompts))]

    def _score(self, prompts: Sequence[Sequence[int]], expected: Sequence[Sequence[int]]) -> list[float]:
        """Sum of -log p over each expected answer; what pads the shorter ones on the right is never read."""
        longest = max(len(row) for row in expected)
        if longest == 0:
            return [0.0] * len(prompts)
        start = len(prompts[0])
        rows = [
            [*prompt, *wanted, *[0] * (longest - len(wanted))][:-1]
            for prompt, wanted in zip(prompts, expected, strict=True)
        ]
        generator = self._generator(len(rows), start + longest)
        generator.append_tokens(_array(rows))
        logits = generator.get_output("logits")  # (rows, start + longest - 1, vocabulary)
        nlls = []
        for row, wanted in enumerate(expected):
            places = logits[row, start - 1 : start - 1 + len(wanted)]
            scores = log_softmax(np.asarray(places, dtype=np.float32))
            nlls.append(-float(scores[range(len(wanted)), wanted].sum()))
        return nlls

    def score(
        self, prompts: Sequence[Sequence[int]], choices: Sequence[Sequence[Sequence[int]]]
    ) -> list[list[float]]:
        """A prompt is read once; after each choice the generator goes back to the prompt's end."""
        return [self._score_choices(prompt, own) for prompt, own in zip(prompts, choices, strict=True)]

    def _score_choices(self, prompt: Sequence[int], choices: Sequence[Sequence[int]]) -> list[float]:
        generator = self._generator(1, len(prompt) + max(map(len, choices)) + 1)
        generator.append_tokens(_array([prompt]))
        first = _last_logits(generator)  # of the position after the prompt
        nlls = []
        for number, wanted in enumerate(choices):
            if number:
                generator.rewind_to(len(prompt))
            logits = first
            if len(wanted) > 1:
                generator.append_tokens(_array([wanted[:-1]]))
                logits = np.concatenate([first, _last_logits(generator, len(wanted) - 1)])
            scores = log_softmax(logits)
            nlls.append(-float(scores[range(len(wanted)), list(wanted)].sum()))
        return nlls

    def stream(
        self, prompt: Sequence[int], max_new_tokens: int, *, temperature: float = 0.0, stop: bool = True
    ) -> Iterator[int]:
        """Tokens of one answer as they come."""
        length = min(len(prompt) + max_new_tokens, self.context)
        search: dict[str, Any] = {"do_sample": False}
        if temperature > 0:
            search = {"do_sample": True, "temperature": temperature, "top_k": _TOP_K, "top_p": 1.0}
        if not stop:
            search["min_length"] = length
        generator = self._generator(1, length, **search)
        generator.append_tokens(_array([prompt]))
        while not generator.is_done():
            generator.generate_next_token()
            token = int(generator.get_next_tokens()[0])
            if stop and token in self._stop:
                return
            yield token

    def log_probabilities(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Teacher-forced: shape (len(ids), vocabulary)."""
        generator = self._generator(1, len(ids) + 1)
        generator.append_tokens(_array([ids]))
        return log_softmax(np.asarray(generator.get_output("logits"), dtype=np.float32)[0])

    def render(self, conversations: Sequence[Sequence[dict[str, str]]]) -> tuple[str, ...]:
        """Conversations as the runtime's own template engine writes them, up to where the model answers."""
        tokenizer = og.Tokenizer(self._model)
        return tuple(
            str(tokenizer.apply_chat_template(json.dumps(list(messages)), add_generation_prompt=True))
            for messages in conversations
        )


def _groups(prompts: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Row numbers that may go together: equal lengths, few enough that the logits stay small."""
    order = sorted(range(len(prompts)), key=lambda row: len(prompts[row]))
    for _, group in itertools.groupby(order, key=lambda row: len(prompts[row])):
        rows = list(group)
        yield from (rows[start : start + _ROWS_TOGETHER] for start in range(0, len(rows), _ROWS_TOGETHER))


def _last_logits(generator: Any, count: int = 1) -> NDArray[np.float32]:
    """Logits of the newest positions: shape (count, vocabulary)."""
    return np.asarray(generator.get_output("logits"), dtype=np.float32)[0, -count:]


def _array(rows: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    """One row becomes a vector, as GenAI wants it."""
    tokens = np.asarray([list(row) for row in rows], dtype=np.int32)
    return tokens[0] if len(rows) == 1 else tokens
