"""When do points expire, by every kind of rule?"""

from datetime import date
from typing import Any

import pytest

from engagement.points.expiry import NEVER, Expiry, ExpiryError, PastExpiryError, expiry_of
from engagement.points.models import PointsLot
from engagement.programs.expiry_rules import ExpiryRule

Moves = PointsLot.Moves


def expires(
    rule: Any, *, awarded_on: str = "2026-01-31", registered_on: str = "2024-02-29", field: date | None = None
) -> Expiry:
    return expiry_of(
        ExpiryRule.from_json(rule),
        awarded_on=date.fromisoformat(awarded_on),
        registered_on=date.fromisoformat(registered_on),
        field_date=lambda name: field if name == "dob" else None,
    )


@pytest.mark.parametrize(
    ("rule", "expiry"),
    [
        (None, NEVER),
        ({"kind": "never"}, NEVER),
        ({"kind": "last_activity", "value": 12}, Expiry(moves=Moves.LAST_ACTIVITY, months=12)),
        ({"kind": "rolling", "value": 6}, Expiry(moves=Moves.ROLLING, months=6)),
        ({"kind": "membership"}, Expiry(moves=Moves.MEMBERSHIP)),
        ({"kind": "date", "value": "2027-12-31"}, Expiry(date(2027, 12, 31))),
    ],
)
def test_kinds_without_arithmetic(rule: Any, expiry: Expiry) -> None:
    assert expires(rule) == expiry


@pytest.mark.parametrize(
    ("awarded_on", "days", "last"),
    [
        ("2026-01-31", 0, date(2026, 1, 31)),
        ("2026-01-31", 1, date(2026, 2, 1)),
        ("2024-02-28", 1, date(2024, 2, 29)),
        ("2026-12-31", 90, date(2027, 3, 31)),
    ],
)
def test_so_many_days_later(awarded_on: str, days: int, last: date) -> None:
    assert expires({"kind": "days", "value": days}, awarded_on=awarded_on).on == last


@pytest.mark.parametrize(
    ("awarded_on", "months", "last"),
    [
        ("2026-01-31", 1, date(2026, 2, 28)),
        ("2024-01-31", 1, date(2024, 2, 29)),
        ("2024-02-29", 12, date(2025, 2, 28)),
        ("2026-01-01", 12, date(2027, 1, 31)),
        ("2026-11-30", 1, date(2026, 12, 31)),
        ("2026-12-15", 0, date(2026, 12, 31)),
    ],
)
def test_the_end_of_the_month_that_is_reached(awarded_on: str, months: int, last: date) -> None:
    assert expires({"kind": "months", "value": months}, awarded_on=awarded_on).on == last


@pytest.mark.parametrize(
    ("registered_on", "awarded_on", "number", "last"),
    [
        ("2024-06-15", "2024-06-15", 1, date(2025, 6, 15)),
        ("2024-06-15", "2026-06-14", 1, date(2026, 6, 15)),
        ("2024-06-15", "2026-06-15", 1, date(2027, 6, 15)),
        ("2024-06-15", "2026-06-16", 2, date(2028, 6, 15)),
        ("2024-02-29", "2026-02-27", 1, date(2026, 2, 28)),
        ("2024-02-29", "2026-02-28", 1, date(2027, 2, 28)),
        ("2024-02-29", "2027-03-01", 1, date(2028, 2, 29)),
        # Points of before the registration: a bill may be older than its customer.
        ("2026-06-15", "2025-01-01", 1, date(2027, 6, 15)),
    ],
)
def test_the_anniversary_of_the_registration_behind_the_award(
    registered_on: str, awarded_on: str, number: int, last: date
) -> None:
    rule = {"kind": "anniversary", "value": number}
    assert expires(rule, awarded_on=awarded_on, registered_on=registered_on).on == last


@pytest.mark.parametrize(
    ("field", "awarded_on", "days", "last"),
    [
        (date(1990, 5, 20), "2026-01-31", 7, date(2026, 5, 27)),
        (date(1990, 1, 30), "2026-01-31", 7, date(2027, 2, 6)),
        (date(1990, 1, 31), "2026-01-31", None, date(2026, 1, 31)),
        (date(1992, 2, 29), "2026-01-31", 0, date(2026, 2, 28)),
        (date(1992, 2, 29), "2027-03-01", 0, date(2028, 2, 29)),
        (date(2030, 7, 1), "2026-01-31", 0, date(2030, 7, 1)),
    ],
)
def test_days_after_the_next_time_that_a_date_comes_round(field: date, awarded_on: str, days: int | None, last: date) -> None:
    rule = {"kind": "field", "name": "dob", "value": days}
    assert expires(rule, awarded_on=awarded_on, field=field).on == last


def test_a_date_is_good_until_its_end_and_past_after_it() -> None:
    rule = {"kind": "date", "value": "2026-01-31"}
    assert expires(rule, awarded_on="2026-01-31").on == date(2026, 1, 31)
    with pytest.raises(PastExpiryError):
        expires(rule, awarded_on="2026-02-01")


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "field", "name": "dob", "value": 7},
        {"kind": "days", "value": 10**9},
        {"kind": "months", "value": 10**6},
        {"kind": "date", "value": "2026-02-30"},
        {"kind": "anniversary", "value": 9000},
    ],
)
def test_a_rule_without_a_date_is_reported(rule: Any) -> None:
    with pytest.raises(ExpiryError, match=rule["kind"] if rule["kind"] != "field" else "field"):
        expires(rule)
