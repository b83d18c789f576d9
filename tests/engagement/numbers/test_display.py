"""Points and money as people read them."""

from decimal import Decimal

from engagement.numbers.display import format_change, format_money, format_points


def test_points_have_commas_and_no_idle_decimals() -> None:
    assert format_points(Decimal("1250.500")) == "1,250.5"
    assert format_points(Decimal("100.000")) == "100"
    assert format_points(Decimal(0)) == "0"


def test_changes_have_a_sign() -> None:
    assert [format_change(Decimal(change)) for change in (5, -1200, 0)] == ["+5", "−1,200", "0"]


def test_money_has_cents_and_a_third_decimal_where_there_is_one() -> None:
    assert format_money(Decimal("1250.500")) == "1,250.50"
    assert format_money(Decimal("0.125")) == "0.125"
