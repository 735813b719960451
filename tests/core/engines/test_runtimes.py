"""Both runtimes say the same in a batch as alone, and score answers as a plain forward pass does."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from transformers import AutoModelForCausalLM

from core.engines.quantization import building
from core.engines.runtimes import dialect, every_position
from core.engines.runtimes.genai_runtime import GenaiRuntime
from core.engines.runtimes.runtime import Runtime, Source
from core.engines.runtimes.torch_runtime import TorchRuntime
from core.models.quantizing.recipes import RECIPES
from tests.core.engines import tiny

TEXTS = ("hello", "where is my card?", "a", "change my PIN, please, as soon as you can", "top up?")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module", params=["torch", "onnx"])
def runtime(
    request: pytest.FixtureRequest, source: Path, tmp_path_factory: pytest.TempPathFactory
) -> Runtime:
    stop = dialect.load(source).stop_ids
    if request.param == "torch":
        return TorchRuntime(Source("hf", source, (), stop, 1))
    folder = tmp_path_factory.mktemp("onnx")
    building.build(source, folder, RECIPES["fp32"], folder / "cache")
    return GenaiRuntime(Source("onnx", folder, (), stop, 1))


@pytest.fixture(scope="module")
def prompts(source: Path) -> list[list[int]]:
    spoken = dialect.load(source)
    return [spoken.prompt([{"role": "user", "content": text}]) for text in TEXTS]


@pytest.fixture(scope="module")
def expected(source: Path) -> list[list[int]]:
    spoken = dialect.load(source)
    return [
        spoken.answer([{"role": "user", "content": text}, {"role": "assistant", "content": label}])
        for text, label in zip(TEXTS, ("card_lost", "top_up", "x", "pin_change", "top_up"), strict=True)
    ]


def test_a_batch_answers_like_single_prompts(
    runtime: Runtime, prompts: list[list[int]], expected: list[list[int]]
) -> None:
    together = runtime.answer(prompts, expected, 8)
    alone = [
        runtime.answer([prompt], [wanted], 8)[0] for prompt, wanted in zip(prompts, expected, strict=True)
    ]

    assert [answer.ids for answer in together] == [answer.ids for answer in alone]
    assert [answer.nll for answer in together] == pytest.approx([answer.nll for answer in alone], rel=1e-4)


def test_streaming_gives_the_same_tokens(runtime: Runtime, prompts: list[list[int]]) -> None:
    answers = runtime.answer(prompts, [[] for _ in prompts], 8)

    streamed = [tuple(runtime.stream(prompt, 8)) for prompt in prompts]

    assert streamed == [answer.ids for answer in answers]


def test_answers_stay_the_same_after_scores(runtime: Runtime, prompts: list[list[int]]) -> None:
    """An export answers and scores by two graphs, of which one is loaded at a time."""
    before = [list(runtime.stream(prompt, 8, shared=2)) for prompt in prompts]
    likeliest = [int(runtime.log_probabilities(prompt)[-1].argmax()) for prompt in prompts]
    after = [list(runtime.stream(prompt, 8, shared=2)) for prompt in prompts]

    assert after == before
    assert likeliest == [next(iter(runtime.stream(prompt, 1, stop=False))) for prompt in prompts]


def test_an_export_reads_a_prompt_for_its_last_position_alone(
    source: Path, prompts: list[list[int]], tmp_path: Path
) -> None:
    building.build(source, tmp_path / "cut", RECIPES["fp32"], tmp_path / "cache")
    graph = onnx.load(str(tmp_path / "cut" / building.GRAPH), load_external_data=False)
    whole = every_position.read(tmp_path / "cut" / building.GRAPH)
    assert whole is not None
    shutil.copytree(tmp_path / "cut", tmp_path / "whole")
    (tmp_path / "whole" / building.GRAPH).write_bytes(whole)

    cut, all_of_them = (GenaiRuntime(Source("onnx", tmp_path / name, (), (), 1)) for name in ("cut", "whole"))

    assert _positions(graph) == 1
    assert _positions(onnx.load_from_string(whole)) == "sequence_length"
    assert every_position.read(tmp_path / "whole" / building.GRAPH) is None  # as exports of others are
    for prompt in prompts:
        assert np.array_equal(cut.log_probabilities(prompt), all_of_them.log_probabilities(prompt))
        assert list(cut.stream(prompt, 8)) == list(all_of_them.stream(prompt, 8))


def _positions(graph: onnx.ModelProto) -> int | str:
    """For how many positions of a prompt a graph says what comes next."""
    (logits,) = (value for value in graph.graph.output if value.name == "logits")
    size = logits.type.tensor_type.shape.dim[1]
    return size.dim_value or size.dim_param


def test_a_drawn_answer_comes_again_with_its_seed(runtime: Runtime, prompts: list[list[int]]) -> None:
    def drawn(seed: int, top_p: float = 1.0) -> list[int]:
        return list(runtime.stream(prompts[1], 12, temperature=1.5, top_p=top_p, seed=seed, stop=False))

    assert drawn(7) == drawn(7)
    assert len({tuple(drawn(seed)) for seed in range(5)}) > 1
    assert drawn(7, 0.000001) == list(runtime.stream(prompts[1], 12, stop=False))


def test_scores_equal_a_plain_forward_pass(
    runtime: Runtime, source: Path, prompts: list[list[int]], expected: list[list[int]]
) -> None:
    model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    with torch.no_grad():
        wanted = [
            torch.nn.functional.cross_entropy(
                model(torch.tensor([[*prompt, *answer]])).logits[0, len(prompt) - 1 : -1],
                torch.tensor(answer),
                reduction="sum",
            ).item()
            for prompt, answer in zip(prompts, expected, strict=True)
        ]

    answers = runtime.answer(prompts, expected, 1)

    assert [answer.nll for answer in answers] == pytest.approx(wanted, rel=1e-3)
    assert [answer.scored for answer in answers] == [len(answer) for answer in expected]


def test_log_probabilities_sum_to_one(runtime: Runtime, prompts: list[list[int]]) -> None:
    scores = runtime.log_probabilities(prompts[1])

    assert scores.shape[0] == len(prompts[1])
    assert np.exp(scores).sum(-1) == pytest.approx(1.0, abs=1e-4)


def test_going_on_past_the_stop_token_gives_the_full_length(
    runtime: Runtime, prompts: list[list[int]]
) -> None:
    assert len(list(runtime.stream(prompts[0], 12, stop=False))) == 12


def test_an_expected_answer_ends_with_the_stop_token(source: Path, expected: list[list[int]]) -> None:
    spoken = dialect.load(source)

    assert spoken.text(expected[0]) == "card_lost"
    assert expected[0][-1] == spoken.stop_ids[0]


def test_control_tokens_typed_by_a_person_stay_text(source: Path) -> None:
    spoken = dialect.load(source)

    ids = spoken.prompt([{"role": "user", "content": "hi <|im_end|> there"}])

    plain = spoken.prompt([{"role": "user", "content": "hi there"}])
    assert ids.count(spoken.stop_ids[0]) == plain.count(spoken.stop_ids[0])


def test_choices_score_like_answers(
    runtime: Runtime, prompts: list[list[int]], expected: list[list[int]]
) -> None:
    """Several choices behind one reading of the prompt are worth what each is worth alone."""
    choices = [[expected[0], expected[row], expected[row][:1]] for row in range(len(prompts))]
    choices[2] = choices[2][:2]

    scored = runtime.score(prompts, choices)

    assert [len(row) for row in scored] == [3, 3, 2, 3, 3]
    for prompt, own, nlls in zip(prompts, choices, scored, strict=True):
        alone = [runtime.answer([prompt], [choice], 1)[0].nll for choice in own]
        assert nlls == pytest.approx(alone, rel=1e-3)


def test_prompts_that_begin_alike_are_answered_as_if_each_were_the_only_one(
    runtime: Runtime, prompts: list[list[int]]
) -> None:
    beginning = prompts[1] * 3
    shared = [beginning + prompt for prompt in prompts]
    for temperature in (0.0, 0.8):
        draw = {"temperature": temperature, "seed": 7, "shared": len(beginning)}
        wanted = [list(runtime.stream(prompt, 12, temperature=temperature, seed=7)) for prompt in shared]
        said = [list(runtime.stream(prompt, 12, **draw)) for prompt in shared]
        again = [list(runtime.stream(prompt, 12, **draw)) for prompt in reversed(shared)]
        assert said == wanted
        assert again == said[::-1]
