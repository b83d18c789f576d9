"""Terms of series, and rules of coupons."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engagement.coupons.rules import DiscountType, SeriesTerms, folded, has_expired, uses_left

KOLKATA = ZoneInfo("Asia/Kolkata")
LEAST: dict[str, Any] = {"discount_type": "FLAT", "discount_value": 2.5}


def terms(**more: Any) -> SeriesTerms:
    return SeriesTerms.from_json({**LEAST, **more}, code="X")


def test_what_the_file_leaves_out_has_defaults() -> None:
    least = terms()
    assert (least.name, least.description, least.discount_code) == ("X", "", "")
    assert (least.discount_type, least.discount_value) == (DiscountType.FLAT, Decimal("2.5"))
    assert (least.redemptions_per_coupon, least.max_coupons, least.max_per_customer) == (1, None, None)
    assert (least.starts_on, least.min_bill_amount, least.max_discount) == (None, None, None)


@pytest.mark.parametrize("written", [0, None])
def test_zero_and_null_redemptions_are_unlimited(written: int | None) -> None:
    assert terms(redemptions_per_coupon=written).redemptions_per_coupon is None


@pytest.mark.parametrize(
    ("said", "last"),
    [
        ({"valid_days": 30}, "2026-03-04 18:29:59"),
        ({"valid_till": "2026-12-31"}, "2026-12-31 18:29:59"),
        ({}, "2126-02-02 18:29:59"),
    ],
)
def test_a_coupon_ends_with_the_last_second_of_a_day_in_the_zone(said: dict[str, Any], last: str) -> None:
    # In Kolkata it is February 2 already.
    issued_at = datetime(2026, 2, 1, 20, 0, tzinfo=UTC)
    assert terms(**said).last_moment(issued_at, KOLKATA) == datetime.fromisoformat(f"{last}+00:00")


def test_the_days_of_a_series_are_those_of_the_zone() -> None:
    spring = terms(starts_on="2026-03-01", valid_till="2026-03-31")
    assert spring.starts_on == date(2026, 3, 1)
    start, end = datetime(2026, 2, 28, 18, 30, tzinfo=UTC), datetime(2026, 3, 31, 18, 30, tzinfo=UTC)
    second = timedelta(seconds=1)
    assert [spring.has_started(moment, KOLKATA) for moment in (start - second, start)] == [False, True]
    assert [spring.is_over(moment, KOLKATA) for moment in (end - second, end)] == [False, True]


def test_a_series_without_dates_is_always_open() -> None:
    assert terms().has_started(datetime(1990, 1, 1, tzinfo=UTC), KOLKATA)
    assert not terms().is_over(datetime(2990, 1, 1, tzinfo=UTC), KOLKATA)


def test_a_coupon_is_good_for_the_whole_last_second() -> None:
    last = datetime(2026, 3, 31, 18, 29, 59, tzinfo=UTC)
    assert not has_expired(last, last + timedelta(milliseconds=999))
    assert has_expired(last, last + timedelta(seconds=1))


def test_stores_limit_where_a_coupon_is_good() -> None:
    assert terms().is_good_at(None)
    here = terms(stores=["main"])
    assert [here.is_good_at(code) for code in ("main", "annex", None)] == [True, False, False]


def test_limits_say_how_many_coupons_are_left() -> None:
    limited, unlimited = terms(max_coupons=10, max_per_customer=2), terms()
    assert [limited.room_for(3, issued=issued) for issued in (0, 7, 8, 10, 11)] == [3, 3, 2, 0, 0]
    assert [limited.is_full_for(held) for held in (0, 1, 2, 3)] == [False, False, True, True]
    assert (unlimited.room_for(3, issued=10**9), unlimited.is_full_for(10**9)) == (3, False)


def test_uses_that_are_left() -> None:
    assert [uses_left(0, 1), uses_left(1, 1), uses_left(3, 2), uses_left(7, None)] == [1, 0, 0, None]


def test_codes_are_folded_as_the_index_folds_them() -> None:
    assert folded("ab-Çß1") == "AB-Çß1"
