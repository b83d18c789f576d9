"""Rows of the table: medians, verdicts, and when a yardstick is not valid."""

import pytest

from benchmarks.results import Result, Target, as_json, as_table, percentile

HALF = Target(value=0.5)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([5.0], 0.5, 5.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([4.0, 1.0, 2.0, 3.0], 0.5, 2.0),
        ([float(value) for value in range(1, 101)], 0.95, 95.0),
        ([1.0, 2.0], 0.0, 1.0),
        ([1.0, 2.0], 1.0, 2.0),
    ],
)
def test_percentile_is_the_nearest_rank(values, share, expected):
    assert percentile(values, share) == expected


def test_ratio_is_that_of_the_medians():
    result = Result(name="get", unit="calls/s", ours=[300.0, 1.0, 310.0], yardstick=[1200.0, 1300.0, 20.0])
    assert result.compared == 0.25
    assert Result(name="get", unit="calls/s", ours=[300.0]).compared is None


def test_difference_is_that_of_the_medians():
    assert Result(name="get", unit="ms", ours=[3.0], yardstick=[1.0], is_difference=True).compared == 2.0


@pytest.mark.parametrize(
    ("target", "figure", "verdict"),
    [
        (HALF, 0.5, "pass"),
        (HALF, 0.04, "falls short by 0.460 x"),
        (Target(value=4, is_most=True), 4.0, "pass"),
        (Target(value=4, is_most=True), 5.5, "falls short by 1.50 x"),
        (Target(value=0.3, unit="ms", is_most=True), 0.2, "pass"),
        (Target(value=0.3, unit="ms", is_most=True), 1.3, "falls short by 1.00 ms"),
    ],
)
def test_verdict_says_by_how_much_a_figure_falls_short(target, figure, verdict):
    assert Result(name="get", unit="x", ours=[figure], yardstick=[1.0], target=target).verdict == verdict


def test_row_with_a_shortfall_does_not_pass():
    result = Result(name="p99", unit="ms", ours=[1.0], yardstick=[1.0], target=HALF, shortfall="answered 15 calls/s")
    assert result.verdict == "falls short: answered 15 calls/s"


def test_row_without_a_target_has_no_verdict():
    assert not Result(name="get", unit="calls/s", ours=[1.0], yardstick=[1.0]).verdict


def test_yardstick_below_its_floor_is_a_problem():
    slow = Result(name="get", unit="calls/s", yardstick=[99.0], floor=100.0)
    assert slow.problem == "get: the yardstick made 99 calls/s, expected 100 at the least"
    assert not Result(name="get", unit="calls/s", yardstick=[100.0], floor=100.0).problem
    assert not Result(name="get", unit="calls/s", ours=[1.0], floor=100.0).problem


def test_table_has_a_line_for_each_row_with_its_columns_aligned():
    results = [
        Result(name="get", unit="calls/s", ours=[412.4], yardstick=[1310.0], target=HALF),
        Result(name="auth", unit="ms", ours=[0.5], yardstick=[0.3], is_difference=True, note="p50"),
    ]
    assert as_table(results).splitlines() == [
        "row   unit     yardstick   ours     ratio  target                            note",
        "get   calls/s      1,310    412   0.315 x  >= 0.5 x  falls short by 0.185 x",
        "auth  ms           0.300  0.500  0.200 ms                                    p50",
    ]


def test_json_holds_medians_and_every_round():
    result = Result(
        name="get", unit="calls/s", ours=[10.0, 30.0, 20.0], yardstick=[60.0], target=HALF, more={"processor_ms": 2}
    )
    assert as_json([result]) == [
        {
            "row": "get",
            "unit": "calls/s",
            "yardstick": {"median": 60.0, "rounds": [60.0]},
            "ours": {"median": 20.0, "rounds": [10.0, 30.0, 20.0]},
            "ratio": 0.3333,
            "target": ">= 0.5 x",
            "verdict": "falls short by 0.167 x",
            "problem": "",
            "note": "",
            "processor_ms": 2,
        }
    ]
