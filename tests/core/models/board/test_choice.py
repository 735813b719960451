"""Which variant to take, in a sentence that claims no more than the paired test allows."""

from __future__ import annotations

from dataclasses import replace

from core.models.board import choice, sentence
from core.models.board.axes import Limits
from core.models.board.board import Board
from core.workspace.workspace import Workspace
from tests.core.models import boards
from tests.core.models.board.conftest import ReadBoard
from tests.core.models.boards import SEVEN, Sketch


def say(made: Board, limits: Limits = Limits()) -> str:  # noqa: B008 - frozen
    found = choice.foremost(made, limits)
    if found is None:
        return sentence.sentence(made, None, limits)
    return sentence.sentence(made, choice.judge(made, found, limits, choice.recommend(made, limits)), limits)


def test_the_fastest_that_chance_cannot_tell_from_the_best_is_recommended(
    workspace: Workspace, read: ReadBoard
) -> None:
    boards.add_lineage(workspace)
    assert say(read(), Limits(time_ms=300)) == (
        "Take Tuned, int4-mixed: 2.0 points [−0.4 to 4.4] below Teacher, which is within chance on 300 rows "
        "(p = 0.15); 6.4× faster, a fifth of the size. It meets all your limits."
    )


def test_limits_that_only_a_worse_one_keeps_recommend_it_and_say_what_it_costs(
    workspace: Workspace, read: ReadBoard
) -> None:
    boards.add_lineage(workspace)
    said = say(read(), Limits(disk_bytes=81e6))
    assert said.startswith(
        "Take Distilled, int4-mixed: 5.7 points [2.6 to 8.7] below Teacher, which is beyond"
    )
    assert "(p < 0.001)" in said


def test_no_variant_may_keep_all_limits(workspace: Workspace, read: ReadBoard) -> None:
    boards.add_lineage(workspace)
    said = say(read(), Limits(time_ms=1))
    assert said.startswith(
        "No variant keeps all your limits. Nearest is Distilled, int4-mixed, which misses your limit on time "
        "of an answer (66 ms). Move that limit, or make a smaller one:"
    )


def test_nearest_is_what_breaks_fewest_limits(workspace: Workspace, read: ReadBoard) -> None:
    boards.add_lineage(workspace)
    found = choice.nearest(read(), Limits(time_ms=100, disk_bytes=50e6, right=0.80))
    assert found is not None
    assert found.name == "Distilled, int4-mixed", "5 % less right and 60 % too large; others miss by more"
    found = choice.nearest(read(), Limits(right=0.82))
    assert found is not None
    assert found.name == "Teacher"


def test_a_red_receipt_is_never_recommended(workspace: Workspace, read: ReadBoard) -> None:
    sketches = [replace(item, receipt="red") if item.name == "Tuned, int4-mixed" else item for item in SEVEN]
    boards.add_lineage(workspace, sketches)
    found = choice.recommend(read(), Limits())
    assert found is not None
    assert found.name == "Tuned, int8"


def test_few_rows_do_not_excuse_a_large_loss(workspace: Workspace, read: ReadBoard) -> None:
    pair = (
        Sketch("Tuned", 0.8, 600, 5e8, 1e9),
        Sketch("Tiny", 0.7, 60, 5e7, 1e8, "quantize", "Tuned", recipe="int4"),
    )
    boards.add_lineage(workspace, pair, rows=20)
    made = read()
    found = made.compare(made.variants[1], made.variants[0])
    assert found is not None
    assert found.is_chance, "20 rows cannot tell them apart"
    assert say(made).startswith("Take Tuned: 10.0 points")


def test_too_few_rows_recommend_no_cheaper_one_and_say_what_it_may_lose(
    workspace: Workspace, read: ReadBoard
) -> None:
    pair = (
        Sketch("Tuned", 0.8, 600, 5e8, 1e9),
        Sketch("Tiny", 0.8, 60, 5e7, 1e8, "quantize", "Tuned", recipe="int4", receipt="amber"),
    )
    boards.add_lineage(workspace, pair, rows=20)
    said = say(read())
    assert said.startswith("Take Tuned: no difference to Tiny on 20 rows, which are too few to tell [−")
    assert (
        "Tiny may do as well as Tuned and costs less, but 20 rows are too few to tell: it may lose " in said
    )
    assert "amber" not in said


def test_a_loss_of_less_than_a_point_at_worst_is_given_away_for_speed(
    workspace: Workspace, read: ReadBoard
) -> None:
    """On 3,080 rows 0.3 points are beyond chance, and the one that is five times as fast is to be taken."""
    pair = (
        Sketch("Tuned", 0.8, 600, 5e8, 1e9),
        Sketch("Small", 0.797, 60, 5e7, 1e8, "quantize", "Tuned", recipe="int8"),
    )
    data = boards.add_data(workspace, rows=3000)
    models = boards.add_models(workspace, pair, data)
    boards.add_report(workspace, pair[:1], models, data, range(3000))
    like = replace(pair[1], name="Tuned")  # right on the same rows but for a few
    boards.add_report(workspace, (like,), {"Tuned": models["Small"]}, data, range(3000))
    said = say(read())
    assert said.startswith("Take Small: 0.")
    assert "below Tuned, which is real but less than one point on 3,000 rows (p " in said


def test_of_two_that_are_nearly_as_fast_the_smaller_is_taken(workspace: Workspace, read: ReadBoard) -> None:
    """57 ms of 300 were a busy minute, and the one that was better, smaller and leaner was passed over."""
    trio = (
        Sketch("Tuned", 0.8, 600, 5e8, 1e9),
        Sketch("Quick", 0.8, 302, 126e6, 285e6, "quantize", "Tuned", recipe="int4-mixed"),
        Sketch("Small", 0.8, 359, 104e6, 271e6, "quantize", "Tuned", recipe="int4-gptq"),
    )
    boards.add_lineage(workspace, trio, rows=1000)
    assert say(read()).startswith("Take Small: ")


def test_no_difference_is_said_without_a_warning_only_where_the_interval_is_narrow(
    workspace: Workspace, read: ReadBoard
) -> None:
    pair = (
        Sketch("Tuned", 0.8, 600, 5e8, 1e9),
        Sketch("Tiny", 0.8, 60, 5e7, 1e8, "quantize", "Tuned", recipe="int4"),
    )
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, pair, data)
    boards.add_report(workspace, pair[:1], models, data, range(300))
    boards.add_report(
        workspace, (replace(pair[1], name="Tuned"),), {"Tuned": models["Tiny"]}, data, range(300)
    )
    assert say(read()).startswith("Take Tiny: no difference to Tuned on 300 rows; ")


def test_a_limit_on_quality_that_only_chance_keeps_or_misses_says_how_far_its_interval_reaches(
    workspace: Workspace, read: ReadBoard
) -> None:
    boards.add_lineage(workspace, SEVEN[:2])
    made = read()
    assert say(made, Limits(right=0.80)).endswith(
        "It meets all your limits; on quality perhaps by chance: its 95 % interval reaches 75.8 %."
    )
    assert say(made, Limits(right=0.70)).endswith("It meets all your limits.")
    teacher = made.variants[0]
    limits = Limits(right=0.82)
    assert sentence.sentence(made, choice.judge(made, teacher, limits, None), limits).endswith(
        "It misses your limit on quality; on quality perhaps by chance: its 95 % interval reaches 85.3 %."
    )
    limits = Limits(right=0.90)
    assert sentence.sentence(made, choice.judge(made, teacher, limits, None), limits).endswith(
        "It misses your limit on quality."
    )
    assert "make a better one: more rows" in sentence.sentence(made, None, limits)


def test_an_amber_receipt_is_said_with_the_recommendation(workspace: Workspace, read: ReadBoard) -> None:
    sketches = [
        replace(item, receipt="amber") if item.name == "Tuned, int4-mixed" else item for item in SEVEN
    ]
    boards.add_lineage(workspace, sketches)
    said = say(read())
    assert said.startswith("Take Tuned, int4-mixed")
    assert "Its receipt is amber" in said


def test_times_of_several_machines_are_not_held_against_each_other(
    workspace: Workspace, read: ReadBoard
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN, data)
    other = boards.MACHINE.model_copy(update={"threads": 16})
    boards.add_report(workspace, SEVEN[:4], models, data, range(300))
    boards.add_report(workspace, SEVEN[4:], models, data, range(300), machine=other)
    said = say(read())
    assert "faster" not in said
    assert said.startswith("Take Tuned, int4-mixed"), "the smallest, as times say nothing"


def test_one_alone_is_said_to_be_alone(workspace: Workspace, read: ReadBoard) -> None:
    boards.add_lineage(workspace, SEVEN[:1], rows=20)
    assert say(read()) == "Take Teacher: the only one that was measured."


def test_the_best_of_models_that_are_mostly_wrong_is_not_recommended(
    workspace: Workspace, read: ReadBoard
) -> None:
    pair = (
        Sketch("Tuned", 0.25, 600, 5e8, 1e9),
        Sketch("Tiny", 0.1, 60, 5e7, 1e8, "quantize", "Tuned", recipe="int4"),
    )
    boards.add_lineage(workspace, pair, rows=100)
    made = read()
    assert choice.recommend(made, Limits()) is None
    assert say(made).startswith(
        "Tuned is hardly useful (25 % right: wrong more often than right): 15.0 points"
    )


def test_one_that_says_the_most_frequent_label_as_well_as_anything_is_not_recommended(
    workspace: Workspace, read: ReadBoard
) -> None:
    boards.add_lineage(workspace, [replace(SEVEN[0], share=0.8)], rows=50)
    made = read()
    rows = {
        key: row._replace(expected="card arrival") if key[0] > 6 else row for key, row in made.rows.items()
    }
    made = replace(made, rows=rows)
    assert say(made).startswith(
        "Teacher is hardly useful (80 % right; always answering 'card arrival' would be right in "
    )


def test_one_whose_evaluation_was_stopped_is_taken_only_for_want_of_another_and_says_so(
    workspace: Workspace, read: ReadBoard
) -> None:
    data = boards.add_data(workspace)
    models = boards.add_models(workspace, SEVEN[:1], data)
    boards.add_report(workspace, SEVEN[:1], models, data, range(40), asked=300)
    assert say(read()) == (
        "Take Teacher: the only one that was measured. The evaluation of Teacher was stopped after 40 of 300 "
        "rows."
    )


def test_ratios_are_said_as_people_say_them() -> None:
    assert [sentence.size_text(share) for share in (0.2, 0.5, 1.0, 0.42, 2.7)] == [
        "a fifth of the size", "half the size", "the same size", "42 % of the size", "2.7 times the size",
    ]  # fmt: skip
    assert [sentence.speed_text(times) for times in (2.44, 1.0, 0.5, 12.3)] == [
        "2.4× faster", "as fast", "2.0× slower", "12× faster",
    ]  # fmt: skip
