"""Terms of series in sentences."""

from typing import Any

import pytest

from engagement.coupons.descriptions import describe_discount, describe_limits, describe_use, describe_validity
from engagement.coupons.rules import SeriesTerms


def terms(**more: Any) -> SeriesTerms:
    return SeriesTerms.from_json({"discount_type": "PERC", "discount_value": 12.5, **more}, code="X")


def test_discounts() -> None:
    assert describe_discount(terms(), currency="USD") == "12.5 % off"
    assert describe_discount(terms(max_discount=20), currency="USD") == "12.5 % off, at most 20.00 USD"
    assert describe_discount(terms(discount_type="FLAT"), currency="USD") == "12.50 USD off"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "without an end"),
        ({"valid_days": 1}, "1 day from its issue"),
        ({"valid_days": 30}, "30 days from its issue"),
        ({"valid_till": "2027-12-31", "starts_on": "2027-03-01"}, "from 2027-03-01, until 2027-12-31"),
    ],
)
def test_validity(said: dict[str, Any], sentence: str) -> None:
    assert describe_validity(terms(**said)) == sentence


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "once"),
        ({"redemptions_per_coupon": 0}, "as often as wanted"),
        ({"redemptions_per_coupon": 2, "min_bill_amount": 50}, "2 times, with bills from 50.00 USD on"),
    ],
)
def test_use(said: dict[str, Any], sentence: str) -> None:
    assert describe_use(terms(**said), currency="USD") == sentence


def test_limits() -> None:
    assert describe_limits(terms()) == "none"
    assert describe_limits(terms(max_coupons=1000, max_per_customer=2)) == "1,000 coupons in all; 2 for each customer"
