"""Which bill does a till name?"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.bills.named import NamedBill, find_bill
from organizations.tenancy.scoping import organization_scope
from tests.factories.bills import BillFactory
from tests.factories.chains import NOON, Chain, open_chain
from tests.factories.customers import CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain() -> Iterator[Chain]:
    with time_machine.travel(NOON, tick=False):
        chain = open_chain()
        with organization_scope(chain.organization):
            yield chain


@pytest.fixture
def asha(chain: Chain) -> Customer:
    return CustomerFactory(organization=chain.organization)


def find(chain: Chain, customer: Customer, number: str) -> NamedBill:
    return find_bill(number, customer_id=customer.pk, store=chain.blr.store, day=NOON.date())


def test_the_stores_bill_of_the_day_comes_before_any_other_of_the_customer(chain: Chain, asha: Customer) -> None:
    older = BillFactory(customer=asha, number="T-1", store=chain.delhi.store, billed_at=NOON - timedelta(days=2))
    assert find(chain, asha, "T-1").bill == older
    newer = BillFactory(customer=asha, number="T-1", store=chain.delhi.store, billed_at=NOON + timedelta(hours=1))
    assert find(chain, asha, "T-1").bill == newer
    here = BillFactory(customer=asha, number="T-1", store=chain.blr.store, billed_at=NOON)
    assert find(chain, asha, "T-1").bill == here


def test_a_number_may_be_the_id_of_the_customers_bill_alone(chain: Chain, asha: Customer) -> None:
    own = BillFactory(customer=asha, number="T-1", billed_at=NOON)
    others = BillFactory(customer=CustomerFactory(organization=chain.organization), number="T-2", billed_at=NOON)
    assert find(chain, asha, str(own.pk)).bill == own
    assert find(chain, asha, str(others.pk)) == NamedBill()
    assert find(chain, asha, "9" * 30) == NamedBill()


def test_others_bills_are_foreign_only_in_this_store_on_this_day(chain: Chain, asha: Customer) -> None:
    other = CustomerFactory(organization=chain.organization)
    BillFactory(customer=other, number="T-1", store=chain.delhi.store, billed_at=NOON)
    BillFactory(customer=other, number="T-1", store=chain.blr.store, billed_at=NOON - timedelta(days=1))
    BillFactory(customer=asha, number="T-1", store=chain.blr.store, type=Bill.Type.RETURN, billed_at=NOON)
    assert find(chain, asha, "T-1") == NamedBill()
    BillFactory(customer=other, number="T-1", store=chain.blr.store, billed_at=NOON)
    assert find(chain, asha, "T-1") == NamedBill(is_foreign=True)
    assert find_bill("", customer_id=other.pk, store=None, day=NOON.date()) == NamedBill()
    assert find_bill("T-9", customer_id=other.pk, store=None, day=NOON.date()) == NamedBill()
