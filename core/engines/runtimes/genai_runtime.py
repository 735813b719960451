"""ONNX Runtime GenAI, as the model will run on a device. Imports neither torch nor transformers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import onnxruntime_genai as og
from numpy.typing import NDArray

from core.engines.runtimes import every_position
from core.engines.runtimes.runtime import Answer, Source, log_softmax, until_stop
from core.models import records

_TOP_K = 50
#: Room after a kept beginning grows in such steps, so that a longer question rarely needs a new generator.
_ROOM = 256
_ADAPTER = "adapter"


class GenaiRuntime:
    """A GenAI folder on the CPU.

    An answer needs what comes after a prompt's last position, a score what comes after each. Telling all of
    them takes a 135M model a quarter more time and 294 MB more memory for a prompt of 512 tokens, so that the
    graph which does is loaded for scores alone, in the place of the one that answers.

    Args:
        source: What to load, and on how many cores.
    """

    def __init__(self, source: Source) -> None:
        og.disable_telemetry_events()
        self._source = source
        self._stop = source.stop_ids
        self._kept: tuple[tuple[int, ...], int, Any] | None = None
        self._model: Any = None
        self._able: set[bool] = set()  # whether what is loaded answers (False), scores (True), or does both
        self._adapters: Any = None
        self._settings = records.read_json(source.folder / "genai_config.json")
        self.context = int(self._settings["search"]["max_length"])
        self._load(scores=False)

    def _load(self, *, scores: bool) -> None:
        """Loads the graph that answers, or the one that can score too, unless it is there."""
        if scores in self._able:
            return
        folder, decoder = self._source.folder, self._settings["model"]["decoder"]
        graph = every_position.read(folder / decoder["filename"]) if scores else None
        if scores and graph is None:  # made elsewhere or earlier: what answers can score too
            self._able = {False, True}
            return
        self._kept = self._model = self._adapters = None  # never both at once
        config = og.Config(str(folder))
        threads = {"intra_op_num_threads": self._source.threads, "inter_op_num_threads": 1}
        config.overlay(json.dumps({"model": {"decoder": {"session_options": threads}}}))
        if graph is not None:  # it has to live until the model is loaded
            config.add_model_data(decoder["filename"], graph)
        self._model, self._able = og.Model(config), {scores}
        if self._source.adapter is not None:
            self._adapters = og.Adapters(self._model)
            self._adapters.load(str(self._source.adapter), _ADAPTER)

    def answer(
        self, prompts: Sequence[Sequence[int]], expected: Sequence[Sequence[int]], max_new_tokens: int
    ) -> list[Answer]:
        """Prompts go one after another; after the answer the generator goes back and reads the expected one.

        Together they would be no faster: an int8 model took 0.57 s a row in groups of 16 of one length, which
        cannot go back and read the prompt twice, and 0.33 s alone. And left-padded batches are answered
        wrongly by GenAI 0.18: 3 of 48 answers equalled those of single prompts, with any padding token.
        """
        return [
            self._answer(prompt, wanted, max_new_tokens)
            for prompt, wanted in zip(prompts, expected, strict=True)
        ]

    def _answer(self, prompt: Sequence[int], wanted: Sequence[int], max_new_tokens: int) -> Answer:
        if wanted:
            self._load(scores=True)
        length = len(prompt)
        generator = self._generator(1, length + max(max_new_tokens, len(wanted) + 1), do_sample=False)
        generator.append_tokens(_array([prompt]))
        first = _last_logits(generator)  # of the position after the prompt
        said: list[int] = []
        while not generator.is_done() and len(said) < max_new_tokens:
            generator.generate_next_token()
            said.append(int(generator.get_next_tokens()[0]))
        if not wanted:
            return Answer(until_stop(said, self._stop), 0.0, 0)
        generator.rewind_to(length)
        nll = self._score_from(generator, first, wanted)
        return Answer(until_stop(said, self._stop), nll, len(wanted))

    def _generator(self, rows: int, length: int, **search: Any) -> Any:
        parameters = og.GeneratorParams(self._model)
        parameters.set_search_options(batch_size=rows, max_length=min(length, self.context), **search)
        generator = og.Generator(self._model, parameters)
        if self._adapters is not None:
            generator.set_active_adapter(self._adapters, _ADAPTER)
        return generator

    def score(
        self, prompts: Sequence[Sequence[int]], choices: Sequence[Sequence[Sequence[int]]]
    ) -> list[list[float]]:
        """A prompt is read once; after each choice the generator goes back to the prompt's end."""
        return [self._score_choices(prompt, own) for prompt, own in zip(prompts, choices, strict=True)]

    def _score_choices(self, prompt: Sequence[int], choices: Sequence[Sequence[int]]) -> list[float]:
        self._load(scores=True)
        generator = self._generator(1, len(prompt) + max(map(len, choices)) + 1)
        generator.append_tokens(_array([prompt]))
        first = _last_logits(generator)  # of the position after the prompt
        nlls = []
        for number, wanted in enumerate(choices):
            if number:
                generator.rewind_to(len(prompt))
            nlls.append(self._score_from(generator, first, wanted))
        return nlls

    def _score_from(self, generator: Any, first: NDArray[np.float32], wanted: Sequence[int]) -> float:
        """Sum of -log p over tokens that follow what the generator has read; `first` are its last logits."""
        logits = first
        if len(wanted) > 1:
            generator.append_tokens(_array([wanted[:-1]]))
            logits = np.concatenate([first, _last_logits(generator, len(wanted) - 1)])
        scores = log_softmax(logits)
        return -float(scores[range(len(wanted)), list(wanted)].sum())

    def stream(
        self,
        prompt: Sequence[int],
        max_new_tokens: int,
        *,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int | None = None,
        stop: bool = True,
        shared: int = 0,
    ) -> Iterator[int]:
        """Tokens of one answer as they come."""
        self._load(scores=False)
        length = min(len(prompt) + max_new_tokens, self.context)
        if shared and stop and temperature <= 0:  # a generator that draws would go on with its dice
            generator = self._after(tuple(prompt[:shared]), length)
            generator.append_tokens(_array([prompt[shared:]]))
            yield from self._until_stop(generator, length - len(prompt))
            return
        search: dict[str, Any] = {"do_sample": False}
        if temperature > 0:
            search = {"do_sample": True, "temperature": temperature, "top_k": _TOP_K, "top_p": top_p}
            if seed is not None:
                search["random_seed"] = seed % (1 << 31)
        if not stop:
            search["min_length"] = length
        generator = self._generator(1, length, **search)
        generator.append_tokens(_array([prompt]))
        yield from self._until_stop(generator, length - len(prompt), stop=stop)

    def _until_stop(self, generator: Any, room: int, *, stop: bool = True) -> Iterator[int]:
        for _ in range(room):
            if generator.is_done():
                return
            generator.generate_next_token()
            token = int(generator.get_next_tokens()[0])
            if stop and token in self._stop:
                return
            yield token

    def _after(self, beginning: tuple[int, ...], length: int) -> Any:
        """A greedy generator that has read a beginning and has room for `length` tokens; the last is kept."""
        if self._kept is not None and self._kept[0] == beginning and length <= self._kept[1]:
            self._kept[2].rewind_to(len(beginning))
            return self._kept[2]
        room = min(-(-length // _ROOM) * _ROOM, self.context)
        generator = self._generator(1, room, do_sample=False)
        generator.append_tokens(_array([beginning]))
        self._kept = beginning, room, generator
        return generator

    def log_probabilities(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Teacher-forced: shape (len(ids), vocabulary)."""
        self._load(scores=True)
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


def _last_logits(generator: Any, count: int = 1) -> NDArray[np.float32]:
    """Logits of the newest positions: shape (count, vocabulary)."""
    return np.asarray(generator.get_output("logits"), dtype=np.float32)[0, -count:]


def _array(rows: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    """One row becomes a vector, as GenAI wants it."""
    tokens = np.asarray([list(row) for row in rows], dtype=np.int32)
    return tokens[0] if len(rows) == 1 else tokens
