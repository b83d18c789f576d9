"""Eight tills register the same customers at the same moment: each is stored once, and no call is refused.

Each knows people by mobile, by e-mail or by both, so that they are registered apart and merged in every order. The twins show
that the test can fail: without the lock the constraint has to step in, without the constraint the lock suffices. In full these
are 100,000 adds over 20,000 identifiers.
"""

import os
from collections import Counter

import pytest
from django.db import connection

from customers.api.echoes import echo_identifiers
from customers.identifiers.models import Identifier
from customers.merging.models import Merge
from customers.profile.models import Customer
from customers.registration import unit_of_work
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from engagement.points.checks.run import check_ledger
from loyalty_project.api.batch import run_batch
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.outcomes import Done
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.back_office import register
from tests.factories.locations import TillFactory, till_actor
from tests.races import all_read_before, race
from use_cases.registration import CONSTRAINTS, register_customer

WORKERS = 8
FULL = os.environ.get("REGULARS_PROOFS") == "full"
# Customers, and adds of all of them together. The twin without the constraint needs fewer.
PEOPLE, ADDS = (10_000, 100_000) if FULL else (12, 96)
FEWER, FEWER_ADDS = (1_000, 8_000) if FULL else (12, 96)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def till(transactional_db: None) -> Till:
    with unscoped("tests make their rows"):
        return TillFactory(store__organization__code="northwind")


def register_at_once(till: Till, people: int, adds: int) -> Counter[str]:
    """How often each item code came if the workers add all customers, by mobile, e-mail or both."""
    by = till_actor(till)

    def add(item: dict[str, str]) -> str:
        with organization_scope(till.organization):
            context = load_input_context([item], by=by)

            def work(item: dict[str, str]) -> Done:
                registration = register_customer(read_customer_input(item, context, action="add"), context=context, by=by)
                return Done(body={"user_id": registration.customer.pk}, message="")

            (outcome,) = run_batch([item], work, echo=echo_identifiers, fallback=Code.ADD_FAILED, constraints=CONSTRAINTS)
        return str(outcome.body["item_status"]["code"])

    def item(worker: int, turn: int) -> dict[str, str]:
        person = turn % people
        mobile, email = {"mobile": str(9_800_000_000 + person)}, {"email": f"guest{person}@example.com"}
        return ({**mobile, **email}, mobile, email)[(worker + turn // people) % 3]

    return Counter(race([[item(worker, turn) for turn in range(adds // WORKERS)] for worker in range(WORKERS)], add))


def counted(kind: str) -> int:
    return Identifier.objects.filter(kind=kind, state="CURRENT", customer__merged_into=None).count()


def register_apart(till: Till) -> None:
    """Register the first customer's mobile and e-mail as two customers, so that the race has customers to merge."""
    register(till, mobile="919800000000")
    register(till, email="guest0@example.com")


def test_every_customer_is_registered_once_and_none_refused(till):
    register_apart(till)
    codes = register_at_once(till, PEOPLE, ADDS)
    with organization_scope(till.organization):
        assert codes == {"1000": ADDS}
        assert_each_customer_is_stored_once(till, PEOPLE)


def assert_each_customer_is_stored_once(till: Till, people: int) -> None:
    unmerged = Customer.objects.filter(merged_into=None)
    assert (unmerged.count(), counted("mobile"), counted("email")) == (people, people, people)
    assert Identifier.objects.count() == 2 * people
    assert Customer.objects.exclude(merged_into=None).count() == Merge.objects.count() > 0
    assert [str(problem) for problem in check_ledger(till.organization)] == []


def test_twin_without_the_lock_runs_into_the_constraint(till, monkeypatch):
    monkeypatch.setattr(unit_of_work, "lock_values", lambda values: None)
    with all_read_before(unit_of_work.CustomerBatch, "write", workers=WORKERS):
        codes = register_at_once(till, 1, WORKERS)
    with organization_scope(till.organization):
        # The mobile and the e-mail may be registered apart, by one worker each.
        assert codes["1000"] == Customer.objects.count() <= 2
        assert codes["1000"] + codes["1038"] == WORKERS
        assert counted("mobile") == counted("email") == 1


def test_twin_without_the_constraint_stays_right_by_the_lock(till):
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX identifier_value_unique")
    register_apart(till)
    try:
        codes = register_at_once(till, FEWER, FEWER_ADDS)
        with organization_scope(till.organization):
            assert codes == {"1000": FEWER_ADDS}
            assert_each_customer_is_stored_once(till, FEWER)
    finally:
        with unscoped("the index needs clean rows"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE customers_customer CASCADE")
            cursor.execute(
                "CREATE UNIQUE INDEX identifier_value_unique ON customers_identifier (organization_id, kind, value) "
                "WHERE exclusive"
            )
