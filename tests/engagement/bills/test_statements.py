"""The statements of a call of transaction/add: so many for each bill of a known customer, whatever the number of its lines."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.bills.models import BillLine
from tests.api import Api
from tests.engagement.bills.api.tills import BillTill
from tests.factories.bills import Shop, buy, member

pytestmark = pytest.mark.django_db
# Of the call: the caller's row.
OF_CALL = 1
# Of bills, one or many: a transaction (2), the customers (1), locked (1), their accounts (1), what is stored of both (1), all
# rows (1).
OF_BILL = 7
# The member's bills decide about the tier; the new one is written before they are read.
OF_TIER = 2


def bill(number: str, customer: Customer, lines: int) -> dict[str, Any]:
    sold = [{"item_code": f"SKU{line}", "qty": 1, "rate": 100, "value": 100, "amount": 100} for line in range(lines)]
    return {
        "type": "REGULAR", "number": number, "amount": 100 * lines, "customer": {"id": str(customer.pk)},
        "line_items": {"line_item": sold},
    }  # fmt: skip


def send(shop: Shop, *bills: dict[str, Any]) -> list[int]:
    return BillTill(Api(shop.till)).send(*bills).numbers


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("lines", [1, 3])
def test_bills_of_known_customers_share_their_statements(
    shop: Shop, count: int, lines: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    customers = [member(shop.organization) for _ in range(count + 1)]
    assert send(shop, bill("warm", customers.pop(), lines)) == [600]
    with django_assert_num_queries(OF_CALL + OF_BILL):
        answered = send(shop, *(bill(f"N{number}", customer, lines) for number, customer in enumerate(customers)))
    assert answered == [600] * count
    assert BillLine.objects.count() == (count + 1) * lines


def test_earlier_bills_are_read_where_tiers_may_look_at_them(
    shop: Shop, asha: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    buy(asha, shop.till, "2026-01-05 12:00:00")
    assert send(shop, bill("warm", asha, 1)) == [600]
    with django_assert_num_queries(OF_CALL + OF_BILL + OF_TIER):
        assert send(shop, bill("N1", asha, 1)) == [600]
