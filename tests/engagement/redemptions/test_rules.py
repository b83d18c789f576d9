"""What may be redeemed, and what is it worth?"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engagement.programs.rules import ProgramRules, RedemptionLimits
from engagement.redemptions.rules import (
    check_limits,
    check_precision,
    points_worth,
    read_points,
    read_redemption_time,
    start_of_day,
)
from loyalty_project.protocol.errors import LoyaltyError

KOLKATA = ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("text", "points"), [("50", "50"), (" 12.50 ", "12.5"), ("+.5", "0.5"), ("7.", "7")])
def test_points_are_read_with_their_decimals(text: str, points: str) -> None:
    assert read_points(text) == Decimal(points)


@pytest.mark.parametrize("text", ["", "0", "0.0", "-5", "ten", "1e3", "nan", "inf", "1,000", "9" * 16])
def test_what_is_no_number_above_zero_is_801(text: str) -> None:
    with pytest.raises(LoyaltyError, match=r"^801 "):
        read_points(text)


def test_digits_behind_the_programs_last_decimal_are_878() -> None:
    assert str(check_precision(Decimal("12.500"), 1)) == "12.5"
    for points, precision in (("12.5", 0), ("0.0001", 3)):
        with pytest.raises(LoyaltyError, match=r"^878 "):
            check_precision(Decimal(points), precision)


def test_points_that_pay_for_money_are_rounded_up() -> None:
    assert points_worth(Decimal("10.10"), ProgramRules(points_to_currency=Decimal("0.25"))) == 41
    assert points_worth(Decimal("10.10"), ProgramRules(points_to_currency=Decimal("0.25"), precision=2)) == Decimal("40.4")


@pytest.mark.parametrize("rules", [ProgramRules(), ProgramRules(points_to_currency=Decimal("0.000001"))])
def test_money_that_no_points_pay_for_is_801(rules: ProgramRules) -> None:
    with pytest.raises(LoyaltyError, match=r"^801 "):
        points_worth(Decimal(999999999999), rules)


@pytest.mark.parametrize(
    ("limits", "spent", "code"),
    [
        ({"min_points": 31}, "0", 821),
        ({"min_points": 31, "multiple_of": 7}, "0", 821),
        ({"multiple_of": 7, "max_points_per_day": 10}, "0", 807),
        ({"max_points_per_day": 29}, "0", 819),
        ({"max_points_per_day": 40}, "10.5", 819),
        ({"min_points": 30, "multiple_of": 15, "max_points_per_day": 40}, "10", None),
        ({}, "1000", None),
    ],
)
def test_the_programs_limits_hold_in_their_order(limits: dict[str, Any], spent: str, code: int | None) -> None:
    rules = RedemptionLimits.from_json(limits)
    if code is None:
        check_limits(Decimal(30), rules, spent_today=Decimal(spent))
        return
    with pytest.raises(LoyaltyError) as refusal:
        check_limits(Decimal(30), rules, spent_today=Decimal(spent))
    assert refusal.value.code == code


def test_the_multiple_is_described() -> None:
    with pytest.raises(LoyaltyError) as refusal:
        check_limits(Decimal(30), RedemptionLimits(multiple_of=Decimal("25.0")), spent_today=Decimal(0))
    assert refusal.value.sentence == "Points must be a multiple of 25"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("", NOW),
        ("2026-04-30 10:00:00", datetime(2026, 4, 30, 4, 30, tzinfo=UTC)),
        ("2026-04-30", datetime(2026, 4, 29, 18, 30, tzinfo=UTC)),
        ("2026-04-30T10:00:00+02:00", datetime(2026, 4, 29, 18, 30, tzinfo=UTC)),
        ("2026-04-30T10:00:00.250-0800", datetime(2026, 4, 29, 18, 30, tzinfo=UTC)),
        ("2026-04-30T10:00:00Z", datetime(2026, 4, 30, 10, tzinfo=UTC)),
        ("2026-05-02 17:30:00", datetime(2026, 5, 2, 12, tzinfo=UTC)),
    ],
)
def test_the_time_of_a_redemption_follows_its_own_rule(text: str, moment: datetime) -> None:
    assert read_redemption_time(text, zone=KOLKATA, now=NOW) == moment


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "2026-05-02 17:30:01", "2026-05-03", "z"])
def test_a_time_that_is_none_or_too_far_ahead_is_859(text: str) -> None:
    with pytest.raises(LoyaltyError, match=r"^859 "):
        read_redemption_time(text, zone=KOLKATA, now=NOW)


def test_a_day_begins_where_the_organization_is() -> None:
    assert start_of_day(NOW, KOLKATA) == datetime(2026, 4, 30, 18, 30, tzinfo=UTC)
