"""What an export takes while it answers is near what processes with exports of many sizes really took."""

from __future__ import annotations

import pytest

from core.models.fit.serving import serving
from core.models.fit.shape import Shape

SMALL = Shape(36_000_000, hidden=384, layers=16, intermediate=1024, vocabulary=49_152, key_values=128)
USUAL = Shape(135_000_000, hidden=576, layers=30, intermediate=1536, vocabulary=49_152, key_values=192)
LARGE = Shape(360_000_000, hidden=960, layers=32, intermediate=2560, vocabulary=49_152, key_values=320)
UNTIED = Shape(500_000_000, hidden=1536, layers=16, intermediate=4096, vocabulary=32_000, key_values=512)


@pytest.mark.parametrize(
    ("shape", "weights_mb", "length", "prompt", "measured_mb"),
    [
        (SMALL, 51.3, 256, 64, 213),
        (SMALL, 29.0, 1024, 1000, 212),
        (USUAL, 155.6, 256, 64, 360),
        (USUAL, 155.6, 2048, 1024, 476),
        (USUAL, 111.2, 2048, 256, 384),
        (LARGE, 416.2, 256, 64, 716),
        (LARGE, 280.4, 1024, 1000, 682),
        (UNTIED, 718.8, 256, 64, 794),
        (UNTIED, 591.4, 1024, 1000, 798),
    ],
)
def test_the_whole_is_near_what_was_measured(
    shape: Shape, weights_mb: float, length: int, prompt: int, measured_mb: float
) -> None:
    found = serving(weights_mb * 1e6, shape, length, prompt, tied=shape is not UNTIED)

    assert found.total / 1e6 == pytest.approx(measured_mb, rel=0.08)


def test_a_cache_in_8_bits_takes_a_quarter() -> None:
    whole, quarter = (serving(1e8, USUAL, 2048, cache_bits=bits) for bits in (32, 8))

    assert quarter.cache == whole.cache / 4
    assert quarter.total < whole.total
