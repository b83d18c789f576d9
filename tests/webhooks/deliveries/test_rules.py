"""Delays between attempts."""

from datetime import timedelta

from loyalty_project import clock
from webhooks.deliveries.rules import KEPT_FOR, delay_after, is_paused_by, rest_after, round_size


def minutes(delays: list[timedelta]) -> list[float]:
    return [delay / timedelta(minutes=1) for delay in delays]


def test_delays_double_up_to_six_hours_give_or_take_a_fifth() -> None:
    expected = [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]
    for delay, usual in zip(minutes([delay_after(count) for count in range(1, 13)]), expected, strict=True):
        assert 0.8 * usual <= delay <= 1.2 * usual
    assert delay_after(10_000) <= timedelta(hours=7.2)


def test_delays_of_what_failed_together_differ() -> None:
    assert len({delay_after(5) for _ in range(20)}) > 10


def test_seven_days_are_about_35_attempts() -> None:
    spent, attempts = timedelta(0), 0
    while spent < KEPT_FOR:
        attempts += 1
        spent += delay_after(attempts)
    assert 28 < attempts < 48


def test_endpoints_rest_up_to_half_an_hour() -> None:
    for rest, usual in zip(
        minutes([rest_after(count) for count in range(1, 10)]), [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30], strict=True
    ):
        assert 0.8 * usual <= rest <= 1.2 * usual


def test_a_failing_endpoint_gets_one_delivery_at_a_time() -> None:
    assert [round_size(failures) for failures in (0, 1, 9)] == [10, 1, 1]


def test_three_days_of_failure_pause() -> None:
    now = clock.now()
    assert [is_paused_by(now - timedelta(hours=hours), now) for hours in (1, 71, 72)] == [False, False, True]
