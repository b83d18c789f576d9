"""Tills beside an import whose batch is not committed yet: they wait for equal values and the same customers only.

The twin, in which other values share a lock, shows that the tests can fail.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import current_thread, main_thread

import pytest
from django.db import OperationalError, connection, transaction

from customers.identifiers.models import Identifier
from customers.identifiers.numbering import ExternalIds
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.registration.options import RegistrationOptions
from customers.registration.unit_of_work import CustomerBatch
from loyalty_project.db import locks
from loyalty_project.db.errors import sqlstate
from organizations.audit.actors import Actor
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.back_office import register
from tests.factories.bills import Shop, member, open_shop
from tests.factories.locations import TillFactory, till_actor
from tests.factories.program_files import club, loaded
from tests.imports import run_import, write_lines
from tests.races import on_another_connection
from use_cases.registration import register_all

ROWS = 200
BUSY, DONE = "busy", "done"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def northwind() -> Iterator[Organization]:
    organization = loaded(club(), base_country="IN")
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


def import_beside_a_till(northwind: Organization, till: Till, path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What registrations come to that a till makes before a batch of an import is committed. External ids are generated."""
    northwind.flags = {"CONF_CARD_NUMBER_GENERATION_ENABLED": 1, "CONF_GEN_CARD_NUMBER_AS_EXTERNAL_ID_ENABLED": 1}
    northwind.save()
    results: list[str] = []
    write = CustomerBatch.write

    def write_beside_a_till(batch: CustomerBatch, *, by: Actor) -> None:
        write(batch, by=by)
        if current_thread() is main_thread():
            number = ROWS + len(results)
            results.append(at_a_till(northwind, lambda: register(till, mobile=mobile(number))))

    monkeypatch.setattr(CustomerBatch, "write", write_beside_a_till)
    lines = [mobile(number) for number in range(ROWS)]
    outcome = run_import(
        "import_customers", write_lines(path / "customers.csv", "mobile", *lines), "--batch-size", str(ROWS // 2)
    )
    assert outcome.counts == (ROWS, 0, 0, 0)
    return results


def test_a_till_gets_an_external_id_beside_an_import(
    northwind: Organization, till: Till, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert import_beside_a_till(northwind, till, tmp_path, monkeypatch) == [DONE, DONE]
    values = Identifier.objects.filter(kind="external_id").values_list("value", flat=True)
    assert sorted(map(int, values)) == list(range(1, ROWS + 3))


def test_twin_that_draws_no_ids_ahead_makes_the_till_wait(
    northwind: Organization, till: Till, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ExternalIds, "draw", lambda *_: None)
    assert import_beside_a_till(northwind, till, tmp_path, monkeypatch) == [BUSY, BUSY]


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
