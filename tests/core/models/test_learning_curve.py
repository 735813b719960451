from __future__ import annotations

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from core.models.learning_curve import judge, next_smoothed


def _training(steps: int, end: float = 0.1, noise: float = 0.05) -> list[tuple[float, float]]:
    chance = random.Random(1)
    return [(s, 2 * math.exp(-s / 40) + end + chance.gauss(0, noise)) for s in range(1, steps + 1)]


def _looks(losses: list[float]) -> list[tuple[float, float]]:
    return [(10.0 * (place + 1), loss) for place, loss in enumerate(losses)]


def test_validation_that_rises_while_training_falls_is_called_at_its_best_step():
    found = judge(_training(80), _looks([2.0, 1.2, 0.8, 0.7, 0.78, 0.87, 0.99, 1.1]))
    assert found is not None
    assert (found.since_step, found.best, found.newest) == (40, 0.7, 1.1)


def test_one_worse_look_is_not_enough():
    assert judge(_training(50), _looks([2.0, 1.2, 0.8, 0.7, 0.95])) is None


def test_a_validation_loss_that_still_falls_is_fine():
    assert judge(_training(60), _looks([2.0, 1.2, 0.8, 0.7, 0.6, 0.55])) is None


def test_a_rise_of_both_losses_is_something_else():
    training = [(float(step), 1.0 + step / 100) for step in range(1, 81)]
    assert judge(training, _looks([2.0, 1.2, 0.8, 0.7, 0.78, 0.87, 0.99, 1.1])) is None


def test_a_value_that_is_no_number_is_passed_over():
    looks = _looks([2.0, math.nan, 1.2, 0.8, 0.7, 0.78, 0.87, 0.99, 1.1])
    assert judge(_training(90), looks) is not None


def test_no_points_say_nothing():
    assert judge([], []) is None


@given(st.integers(0, 10**6), st.integers(3, 30), st.floats(0.001, 0.1))
def test_noisy_curves_that_stay_level_are_never_called(seed: int, looks: int, noise: float):
    chance = random.Random(seed)
    training = [(float(s), 1.0 + 0.05 * (-1) ** s) for s in range(1, looks * 10 + 1)]
    assert judge(training, _looks([1 + chance.gauss(0, noise) for _ in range(looks)])) is None


def test_level_validation_under_a_falling_training_loss_is_rarely_called():
    called = 0
    for seed in range(100):
        chance = random.Random(seed)
        looks = _looks([0.5 * (1 + chance.gauss(0, 0.01)) for _ in range(12)])
        called += judge(_training(120), looks) is not None
    assert called <= 3


def test_the_smooth_line_begins_at_the_first_value_and_passes_over_gaps():
    assert next_smoothed(None, 0, 4.0, 20) == 4.0
    assert next_smoothed(4.0, 1, 2.0, 20) == 3.0
    assert next_smoothed(4.0, 1, math.nan, 20) == 4.0
