"""Bills of the demo."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

from demo.bills import DAYS, Buyer, DemoBill, demo_bills

NOW = datetime(2026, 3, 1, 12)
BUYERS = [
    Buyer(till, NOW - timedelta(days=days))
    for days in range(1, 700, 2)
    for till in ("harbour.till1", "harbour.lunenburg1", "harbour.web1")
]


def bills() -> list[DemoBill]:
    return demo_bills(BUYERS, now=NOW)


def test_bills_are_the_same_at_every_run_the_earliest_first() -> None:
    assert bills() == bills()
    assert [bill.at for bill in bills()] == sorted(bill.at for bill in bills())


def test_bills_are_of_the_last_year_and_after_the_registration() -> None:
    for bill in bills():
        assert BUYERS[bill.buyer].since < bill.at < NOW
        assert bill.at > NOW - timedelta(days=DAYS)


def test_numbers_are_unique_and_amounts_are_sums_above_zero() -> None:
    numbers = [bill.number for bill in bills()]
    assert len(numbers) == len(set(numbers)) > 1000
    for bill in bills():
        assert bill.amount == sum((line.quantity * line.price for line in bill.lines), Decimal(0)) - bill.discount > 0
        assert bill.amount == round(bill.amount, 2)


def test_a_return_has_one_line_of_an_earlier_sale_at_the_same_till() -> None:
    sales = {bill.number: bill for bill in bills() if not bill.sale}
    returns = [bill for bill in bills() if bill.sale]
    assert 0.01 < len(returns) / len(sales) < 0.06
    for bill in returns:
        sale = sales[bill.sale]
        assert (bill.buyer, bill.till) == (sale.buyer, sale.till)
        assert bill.at > sale.at
        assert set(bill.lines) < set(sale.lines) or bill.lines == list(sale.lines)


def test_sales_differ_by_shop_and_season() -> None:
    sold = Counter((bill.till, line.item) for bill in bills() for line in bill.lines)
    assert sold["harbour.lunenburg1", "YARN-50"] > 0
    assert sold["harbour.till1", "YARN-50"] == 0
    assert sold["harbour.lunenburg1", "TENT-2P"] == 0
    months = Counter(bill.at.month for bill in bills())
    assert months[12] > months[2]
    paddles = Counter(bill.at.month in {5, 6, 7, 8} for bill in bills() for line in bill.lines if line.item == "PADDLE-AL")
    assert paddles[True] > paddles[False]
    january = [line for bill in bills() if bill.at.month == 1 and not bill.sale for line in bill.lines]
    assert all(line.discount for line in january)
