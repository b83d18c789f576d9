"""Rows of the table: medians, percentiles, ratios, and when a yardstick is not to be trusted."""

import pytest

from benchmarks.tables import Result, Side, as_json, as_table, percentile


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
def test_a_percentile_is_the_nearest_rank(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_the_rate_is_the_median_of_the_runs() -> None:
    assert Side([100.0, 20.0, 110.0]).rate == 100.0


def test_the_ratio_is_ours_in_shares_of_the_yardstick() -> None:
    assert Result(name="get", unit="calls/s", ours=Side([300.0]), yardstick=Side([1200.0])).ratio == 0.25
    assert Result(name="get", unit="calls/s", ours=Side([300.0])).ratio is None


def test_a_yardstick_below_its_floor_is_a_problem() -> None:
    slow = Result(name="get", unit="calls/s", yardstick=Side([99.0]), floor=100.0)
    assert slow.problem == "get: the yardstick made 99 calls/s, expected 100 at the least"
    assert not Result(name="get", unit="calls/s", yardstick=Side([100.0]), floor=100.0).problem
    assert not Result(name="get", unit="calls/s", ours=Side([1.0]), floor=100.0).problem


def test_the_table_has_a_line_for_each_row_with_its_columns_aligned() -> None:
    results = [
        Result(name="get", unit="calls/s", ours=Side([412.4], [0.002, 0.004]), yardstick=Side([1310.0], [0.001])),
        Result(name="database", unit="lookups/s", yardstick=Side([35.25]), note="beside nothing"),
    ]
    assert as_table(results).splitlines() == [
        "          unit       ours  yardstick  ratio  ours p50/p95 ms  yardstick p50/p95 ms",
        "get       calls/s     412      1,310    31%        2.0 / 4.0             1.0 / 1.0",
        "database  lookups/s             35.2                                                beside nothing",
    ]


def test_json_holds_medians_every_run_and_percentiles_in_milliseconds() -> None:
    result = Result(
        name="get", unit="calls/s", ours=Side([10.0, 30.0, 20.0], [0.001, 0.0021234]), yardstick=Side([60.0]), floor=5.0
    )
    assert as_json([result]) == [
        {
            "name": "get",
            "unit": "calls/s",
            "ours": {"rate": 20.0, "runs": [10.0, 30.0, 20.0], "calls": 2, "p50_ms": 1.0, "p95_ms": 2.12},
            "yardstick": {"rate": 60.0, "runs": [60.0], "calls": 0, "p50_ms": None, "p95_ms": None},
            "ratio": 0.333,
            "floor": 5.0,
            "note": "",
        }
    ]
