"""Memory of a training by part, at the moment when it is highest.

What a decoder block keeps for the backward pass was counted with autograd's hooks on small Llama models of
many sizes, in each number format, with and without LoRA; the factors here are those counts. Around them lies
what no count shows: buffers of the matrix library and holes between freed blocks, a factor that was measured.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.models.fit.rows import Steps
from core.models.fit.shape import ADAPTED, Shape, learnt
from core.specs import TrainingSpec

#: torch, transformers and PEFT loaded, with tokenizer and rows: 0.49 GB measured in the environment of
#: `make setup`; 0.61 GB beside packages that transformers loads where it finds them.
LIBRARIES_BYTES = 490e6
#: Highest memory of activations over the sum of what autograd keeps.
_HOLES = 1.55
#: Share of the smaller of activations and gradients that is still or already there when the other is highest.
_OVERLAP = 0.3
#: Copies of the output layer's logits around the loss, in fp32.
_LOGIT_BYTES = 12
#: Bytes of 4-bit weights with their scales.
_QLORA_BYTES = 0.56


@dataclass(frozen=True)
class Memory:
    """Bytes by part.

    Attributes:
        libraries: Program and libraries.
        weights: The model.
        gradients: One value for each that is learnt.
        optimizer: Two values for each that is learnt, and an add-on's own weights.
        activations: What the backward pass needs of the forward pass.
        logits: The output layer, at the learnt tokens only.
        cache: Keys and values while sample answers are written.
        file: The file of the weights, mapped while it is read.
        teacher: The largest teacher.
        teacher_stays: Whether it is there while the student learns, or only before.
    """

    libraries: float
    weights: float
    gradients: float
    optimizer: float
    activations: float
    logits: float
    cache: float
    file: float = 0.0
    teacher: float = 0.0
    teacher_stays: bool = False

    @property
    def total(self) -> float:
        """Highest memory: the sum of the parts as `shown`."""
        return sum(self.shown().values())

    @property
    def fixed(self) -> float:
        """What stays from step to step."""
        return self.libraries + self.weights + self.optimizer

    @property
    def passing(self) -> float:
        """What a step adds at its highest: on the way back activations go while gradients come."""
        step = self._step()
        return step["gradients"] + step["activations"] + step["logits"]

    def shown(self) -> dict[str, float]:
        """Each part as far as it is there when the memory is highest.

        That is in a step, while sample answers are written between steps, while the weights are read, or
        while a teacher is asked.
        """
        stays = {"libraries": self.libraries, "weights": self.weights}
        asked = {"libraries": self.libraries, "teacher": self.teacher}
        if self.teacher_stays:
            stays["teacher"] = self.teacher
        moments = (
            stays | self._step(),
            stays | {"optimizer": self.optimizer, "cache": self.cache},
            stays | {"file": self.file},
            asked,
        )
        return max(moments, key=lambda parts: sum(parts.values()))

    def _step(self) -> dict[str, float]:
        forward = self.activations + self.logits
        ahead, back = (1.0, _OVERLAP) if forward > self.gradients else (_OVERLAP, 1.0)
        return {
            "optimizer": self.optimizer,
            "gradients": back * self.gradients,
            "activations": ahead * self.activations,
            "logits": ahead * self.logits,
        }


def memory(
    spec: TrainingSpec,
    shape: Shape,
    steps: Steps,
    *,
    method: str,
    bf16: bool,
    checkpointing: bool,
    answer_share: float,
    libraries: float = LIBRARIES_BYTES,
    activation_ratio: float = 1.0,
) -> Memory:
    """The parts for one training.

    Args:
        spec: What is trained, and how.
        shape: The model's sizes.
        steps: The rows as they go through.
        method: As decided; never `auto`.
        bf16: Whether matrix products run in bf16.
        checkpointing: Whether activations are computed a second time instead of kept.
        answer_share: Share of a row's tokens that are learnt.
        libraries: Memory before the model, as measured here.
        activation_ratio: Measured over predicted activations of earlier runs here.
    """
    adapter = method != "full"
    count = learnt(shape, method, spec.lora_rank)
    width = _QLORA_BYTES if method == "qlora" else 2 if adapter and bf16 else 4
    weights = shape.parameters * width
    if method == "qlora" and shape.known:  # the embedding stays as it is
        weights += shape.vocabulary * shape.hidden * ((2 if bf16 else 4) - width)
    if not adapter and bf16:
        weights += 2 * shape.linear_weights  # autocast's copies, kept over a step
    kept = _kept(spec, shape, steps, method, bf16, checkpointing) * _HOLES * activation_ratio
    targets = max(1.0, steps.heaviest.tokens * answer_share)
    head = 2 if bf16 else 4
    return Memory(
        libraries=libraries,
        weights=weights,
        gradients=4 * count,
        optimizer=count * (12 if adapter else 8),
        activations=kept,
        logits=targets * shape.vocabulary * _LOGIT_BYTES * activation_ratio,
        cache=2 * head * shape.layers * shape.key_values * (steps.longest_row + 64)
        if spec.sample_prompts
        else 0.0,
        file=float(shape.file_bytes),
    )


def _kept(
    spec: TrainingSpec, shape: Shape, steps: Steps, method: str, bf16: bool, checkpointing: bool
) -> float:
    """Bytes that autograd keeps for the heaviest part of a step."""
    pack = steps.heaviest
    if not shape.known:
        return pack.tokens * 0.011 * shape.parameters
    hidden, inner, key_values = shape.hidden, shape.intermediate, shape.key_values
    if method == "full":
        token = (
            38 * hidden + 11 * inner + 12 * key_values if bf16 else 38 * hidden + 16 * (inner + key_values)
        )
        spared = 8 * hidden + (4 if bf16 else 8) * inner
    else:
        token = 19 * hidden + 8 * (inner + key_values) if bf16 else 29 * hidden + 16 * (inner + key_values)
        spared = 4 * hidden + 4 * inner if bf16 else 8 * inner
    if not checkpointing:  # what `recomputed` does not keep; else everything is computed twice anyway
        token -= spared
    if method != "full":
        token += 4 * ADAPTED * spec.lora_rank if method != "ia3" else 4 * (2 * hidden + inner)
        if method == "dora":  # the plain product and the scaled one of every layer
            token += (4 if not bf16 else 2) * (4 * hidden + 4 * inner + 2 * key_values)
        if spec.lora_dropout:
            token += 4 * (5 * hidden + 2 * inner)
    block = pack.tokens * token + _scores(shape, pack.scores, bf16)
    ends = 12 * hidden * pack.tokens
    if checkpointing:
        return ends + block + shape.layers * pack.tokens * hidden * (2 if bf16 and method != "full" else 4)
    return ends + shape.layers * block


def _scores(shape: Shape, scores: int, bf16: bool) -> float:
    """Bytes of one block's attention scores; above a limit the engine takes a kernel that keeps none."""
    count = scores * (shape.heads or 1)
    return count * (6.2 if bf16 else 4.2) if count <= FUSED_ABOVE else 0.0


#: Attention scores above which the engine's packed attention takes the fused kernel.
FUSED_ABOVE = 8_000_000
