"""Memory of an export with rounded weights while it answers, by part, before it is made."""

from __future__ import annotations

from dataclasses import dataclass

from core.models.fit.shape import Shape

#: Python, numpy and ONNX Runtime GenAI, before a model is loaded.
_LIBRARIES_BYTES = 76e6
#: Memory of rounded weights over their file: what the kernels repack is held beside it while they load.
#: Measured on a 135M model: 1.62 in 8 bits, 1.78 in 4; with it the whole is within 6 % of what was measured.
_REPACKED = 1.65
#: A prompt is read as a whole, and every token of it gets the logits of the whole vocabulary, in 32 bits.
_LOGIT_BYTES = 4
PROMPT_TOKENS = 256


@dataclass(frozen=True)
class Serving:
    """Bytes by part.

    Attributes:
        libraries: Program and runtime.
        weights: The model.
        cache: Keys and values of the longest conversation, reserved at once.
        logits: The output layer while a prompt is read.
    """

    libraries: float
    weights: float
    cache: float
    logits: float

    @property
    def total(self) -> float:
        """Highest memory."""
        return self.libraries + self.weights + self.cache + self.logits


def serving(
    weight_bytes: float, shape: Shape, length: int, prompt: int = PROMPT_TOKENS, cache_bits: int = 32
) -> Serving:
    """The parts.

    Args:
        weight_bytes: The weights' file of the export.
        shape: The model's sizes.
        length: Tokens of the longest conversation.
        prompt: Tokens of a prompt.
        cache_bits: Bits of a key's or value's number.
    """
    return Serving(
        libraries=_LIBRARIES_BYTES,
        weights=_REPACKED * weight_bytes,
        cache=2.0 * cache_bits / 8 * shape.layers * shape.key_values * length,
        logits=float(min(prompt, length) * shape.vocabulary * _LOGIT_BYTES),
    )
