"""Finding texts that are nearly the same: exact where it compares, and never more than it can."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from core.data.quality import contradictions, leakage, near_duplicates
from core.data.quality.rows import Rows
from core.data.quality.shingles import Shingled, shingles
from core.data.quality.similar import MOST, Questions
from tests.core.data.quality.test_quality import look, make

ROWS = 1200


def template(number: int) -> tuple[str, str]:
    """Rows of which nearly every pair is nearly the same, and none says the same."""
    question = f"Order {number} is late, please tell me on which day it will be delivered to my house"
    return question, f"Order {number} will be delivered on day {number % 97}"


def test_rows_of_one_template_are_compared_with_a_fixed_number_of_others_and_it_is_said(
    tmp_path: Path,
) -> None:
    train = [template(number) for number in range(ROWS)] + [("Thank you", "Not at all")]
    test = [template(number) for number in range(ROWS, ROWS + 200)]
    data = make(tmp_path / "d", train, test, labels=False)
    rows = Rows(data)
    questions = Questions(rows)

    leaks = leakage.leaks(rows, questions, 0.95)
    copies = near_duplicates.copies(rows, questions, 0.8)
    contradictions.look(rows, questions)

    assert not copies.found
    assert copies.incomplete > ROWS // 2
    assert leaks.incomplete > 0
    assert 0 < questions.shingled.compared <= 2 * ROWS * MOST
    assert "there may be more" in look(data)["near_duplicates"].sentence


def test_the_same_words_are_found_in_a_crowd_of_like_ones(tmp_path: Path) -> None:
    rows = [template(number) for number in range(ROWS)]
    question, answer = rows[700]
    data = make(tmp_path / "d", [*rows, (f"{question}!", answer)], [("Thank you", "x")], labels=False)
    read = Rows(data)

    copies = near_duplicates.copies(read, Questions(read), 0.8)

    assert copies.found == [near_duplicates.Copy(700, ROWS)]


@given(st.lists(st.text("ab cäd", max_size=80), min_size=2, max_size=20), st.integers(0, 1500))
def test_many_at_once_are_as_alike_as_one_by_one(texts: list[str], repeated: int) -> None:
    texts[0] += "".join(f"{number} " for number in range(repeated))  # so many that two want one slot
    sets = [set(shingles(text).tolist()) for text in texts]
    shingled = Shingled(lambda place: shingles(texts[place]))

    for place in (0, 1):
        expected = [len(sets[place] & other) / len(sets[place] | other) for other in sets]
        assert shingled.similarities(place, range(len(texts))) == expected
