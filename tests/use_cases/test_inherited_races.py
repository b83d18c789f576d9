"""One inherited value, given to several customers at the same moment: one of them gets it, and its heir loses it once.

The twins show that the test can fail: without locks the constraint has to step in, without the constraint the locks suffice.
"""

from collections import Counter
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from customers.identifiers.models import Identifier
from customers.identity_requests.services import ReleaseRefusedError, release_identifier
from customers.profile import locks
from customers.profile.models import Customer
from customers.registration import unit_of_work
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.back_office import register
from tests.factories.identity_requests import staff
from tests.factories.locations import TillFactory
from tests.races import all_read_before, race, remove_row_locks
from tests.use_cases.merges import merge

WORKERS = 4
INHERITED = "919800000002"
DONE, BROKEN, REFUSED = "done", "constraint", "refused"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def till(transactional_db: None) -> Till:
    with unscoped("tests make their rows"):
        return TillFactory(
            store__organization__code="northwind", store__organization__flags={"AUTO_MERGE_ON_IDENTIFIER_COLLISION": 0}
        )


@pytest.fixture
def heir(till: Till) -> Customer:
    """A customer who inherited the value; the others are known by e-mail."""
    survivor, victim = register(till, mobile="919800000001"), register(till, mobile=INHERITED)
    with organization_scope(till.organization):
        merge(till, survivor, victim)
    for worker in range(WORKERS):
        register(till, email=email(worker))
    return survivor


def email(worker: int) -> str:
    return f"guest{worker}@example.com"


def outcome(till: Till, work: Callable[[], object]) -> str:
    with organization_scope(till.organization):
        try:
            work()
        except LoyaltyError as refusal:
            return str(int(refusal.code))
        except ReleaseRefusedError:
            return REFUSED
        except IntegrityError:
            return BROKEN
    return DONE


def take_at_once(till: Till) -> Counter[str]:
    def take(worker: int) -> str:
        return outcome(till, lambda: register(till, email=email(worker), mobile=INHERITED))

    return Counter(race([[worker] for worker in range(WORKERS)], take))


def assert_one_owner(till: Till, heir: Customer) -> None:
    with organization_scope(till.organization):
        states = Counter(Identifier.objects.filter(value=INHERITED).values_list("state", flat=True))
        assert states == {"CURRENT": 1, "FORMER": 1}
        assert Identifier.objects.get(value=INHERITED, state="FORMER").customer == heir
        assert AuditEntry.objects.filter(action="released").count() == 1


def test_one_customer_gets_the_value_and_the_others_find_it_taken(till: Till, heir: Customer) -> None:
    assert take_at_once(till) == {DONE: 1, "1016": WORKERS - 1}
    assert_one_owner(till, heir)


def test_twin_without_locks_the_constraint_decides(till: Till, heir: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work, "lock_values", lambda values: None)
    remove_row_locks(monkeypatch, locks)
    with all_read_before(unit_of_work.CustomerBatch, "write", workers=WORKERS):
        assert take_at_once(till) == {DONE: 1, BROKEN: WORKERS - 1}
    assert_one_owner(till, heir)


def test_twin_without_the_constraint_the_locks_suffice(till: Till, heir: Customer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX identifier_value_unique")
    try:
        assert take_at_once(till) == {DONE: 1, "1016": WORKERS - 1}
        assert_one_owner(till, heir)
    finally:
        with unscoped("the index needs clean rows"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE customers_customer CASCADE")
            cursor.execute(
                "CREATE UNIQUE INDEX identifier_value_unique ON customers_identifier (organization_id, kind, value) "
                "WHERE exclusive"
            )


def test_a_value_is_released_once_while_a_customer_is_given_it(till: Till, heir: Customer) -> None:
    def release() -> None:
        with transaction.atomic():
            release_identifier("mobile", INHERITED, customer_id=heir.pk, reason="Recycled", by=staff(till.organization))

    works = [release, lambda: register(till, email=email(0), mobile=INHERITED)]
    released, taken = race([[work] for work in works], lambda work: outcome(till, work))
    assert (released in {DONE, REFUSED}, taken) == (True, DONE)
    assert_one_owner(till, heir)
