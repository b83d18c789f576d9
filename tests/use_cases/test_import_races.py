"""Tills beside an import whose batch is not committed yet: they wait for equal values and the same customers only.

The twin, in which other values share a lock, shows that the tests can fail.
"""

from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connection, transaction

from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.registration.options import RegistrationOptions
from loyalty_project.db import locks
from loyalty_project.db.errors import sqlstate
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.back_office import register
from tests.factories.bills import Shop, member, open_shop
from tests.factories.locations import TillFactory, till_actor
from tests.factories.program_files import club, loaded
from tests.races import on_another_connection
from use_cases.registration import register_all

ROWS = 200
BUSY, DONE = "busy", "done"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def northwind() -> Iterator[Organization]:
    organization = loaded(club())
    organization.base_country = "IN"
    organization.save()
    with organization_scope(organization):
        yield organization


@pytest.fixture
def till(northwind: Organization) -> Till:
    return TillFactory(store__organization=northwind)


@pytest.fixture
def shop(northwind: Organization) -> Shop:
    return open_shop(northwind)


def mobile(number: int) -> str:
    return str(919_800_000_000 + number)


def import_customers(till: Till) -> None:
    """The batch of an import, in the transaction of the caller."""
    items = [{"mobile": mobile(number), "email": f"guest{number}@example.com"} for number in range(ROWS)]
    by = till_actor(till)
    context = load_input_context(items, by=by)
    inputs = [read_customer_input(item, context, action="add") for item in items]
    register_all(inputs, options=RegistrationOptions(), context=context, by=by)


def at_a_till(organization: Organization, work: Callable[[], object]) -> str:
    """What the work of a till comes to that waits for a lock for a moment."""

    def run() -> str:
        with organization_scope(organization):
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '100ms'")
            try:
                with transaction.atomic():
                    work()
            except OperationalError as error:
                return BUSY if sqlstate(error) == "55P03" else str(error)
        return DONE

    return on_another_connection(run)


def test_a_till_registers_other_people_beside_a_batch(northwind: Organization, till: Till) -> None:
    known = register(till, mobile=mobile(ROWS + 1))
    with transaction.atomic():
        import_customers(till)
        results = [
            at_a_till(northwind, lambda: register(till, mobile=mobile(ROWS + 2), email="another@example.com")),
            at_a_till(northwind, lambda: register(till, id=str(known.pk), mobile=mobile(ROWS + 1), firstname="Asha")),
            at_a_till(northwind, lambda: register(till, mobile=mobile(ROWS - 1))),
            at_a_till(northwind, lambda: register(till, email="guest0@example.com")),
        ]
    assert results == [DONE, DONE, BUSY, BUSY]
    assert Customer.objects.count() == ROWS + 2


def test_twin_with_few_locks_makes_every_registration_wait(
    northwind: Organization, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_number_of", len)
    with transaction.atomic():
        import_customers(till)
        assert at_a_till(northwind, lambda: register(till, mobile=mobile(ROWS + 2))) == BUSY


def test_a_till_records_other_bills_beside_a_batch(northwind: Organization, shop: Shop) -> None:
    importing, buying = member(northwind), member(northwind)
    with transaction.atomic():
        shop.record_all([shop.draft(f"F{number}", 100, customer_id=importing.pk) for number in range(ROWS)])
        results = [
            at_a_till(northwind, lambda: shop.record(shop.draft("T1", 100, customer_id=buying.pk))),
            at_a_till(northwind, lambda: shop.record(shop.draft("F0", 100, customer_id=buying.pk))),
            at_a_till(northwind, lambda: shop.record(shop.draft("T2", 100, customer_id=importing.pk))),
        ]
    assert results == [DONE, BUSY, BUSY]
