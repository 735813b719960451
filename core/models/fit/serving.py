"""Memory of an export with rounded weights while it answers, by part, before it is made."""

from __future__ import annotations

from dataclasses import dataclass

from core.models.fit.shape import Shape

#: Python, numpy and ONNX Runtime GenAI with its buffers. With the shares below the whole was within 8 % of
#: what six models of 36 to 360 million weights took, in three mixtures each (of 36 figures one was 11 % off).
_LIBRARIES_BYTES = 114e6
#: Memory of rounded weights over their file: the kernels repack them while they load.
_REPACKED = 1.25
#: Of an output layer that is the lookup table too, beside that: the table stays as it is beside the repacked
#: one. It has 8 bits in nearly every recipe, a byte a weight.
_HELD_TWICE = 1.4
#: A token of a prompt on its way through a layer, in 32 bits; only the last one gets logits.
_PLAIN_BYTES = 4
PROMPT_TOKENS = 256


@dataclass(frozen=True)
class Serving:
    """Bytes by part.

    Attributes:
        libraries: Program and runtime.
        weights: The model.
        cache: Keys and values of the longest conversation, reserved at once.
        activations: A prompt while it is read.
    """

    libraries: float
    weights: float
    cache: float
    activations: float

    @property
    def total(self) -> float:
        """Highest memory."""
        return self.libraries + self.weights + self.cache + self.activations


def serving(
    weight_bytes: float,
    shape: Shape,
    length: int,
    prompt: int = PROMPT_TOKENS,
    cache_bits: int = 32,
    *,
    tied: bool = True,
) -> Serving:
    """The parts.

    Args:
        weight_bytes: The weights' file of the export.
        shape: The model's sizes.
        length: Tokens of the longest conversation.
        prompt: Tokens of a prompt.
        cache_bits: Bits of a key's or value's number.
        tied: The output layer is the lookup table too. Otherwise the table stays in 32 bits in its file, of
            which only the rows that are looked up are read.
    """
    table = shape.vocabulary * shape.hidden
    repacked = weight_bytes if tied else weight_bytes - _PLAIN_BYTES * table
    inside = 3 * shape.intermediate + 4 * shape.hidden
    return Serving(
        libraries=_LIBRARIES_BYTES,
        weights=_REPACKED * repacked + (_HELD_TWICE * table if tied else 0.0),
        cache=2.0 * cache_bits / 8 * shape.layers * shape.key_values * length,
        activations=float(min(prompt, length) * inside * _PLAIN_BYTES),
    )
