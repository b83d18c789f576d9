"""Eight tills write the consent of the same customers at the same moment: nothing is logged twice, and nothing is refused.

The twins show that the test can fail: without the lock the constraints have to step in, without them the lock suffices.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from customers.profile import locks
from customers.profile.models import Customer
from loyalty_project.api.batch import run_batch
from loyalty_project.protocol.codes import Code
from organizations.api.call import Call
from organizations.configuration import current_configuration
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope, unscoped
from subscriptions import services
from subscriptions.api import keep_item
from subscriptions.models import Consent, ConsentChange
from subscriptions.services import CONSTRAINTS
from tests.back_office import register
from tests.factories.locations import TillFactory, till_actor
from tests.races import all_read_before, race, remove_row_locks

WORKERS = 8
PEOPLE = 300 if os.environ.get("REGULARS_PROOFS") == "full" else 10

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def till(transactional_db: None) -> Till:
    with unscoped("tests make their rows"):
        till = TillFactory(store__organization__code="northwind")
    for person in range(PEOPLE):
        register(till, mobile=str(9_800_000_000 + person))
    return till


def subscribe_at_once(till: Till, *, people: int = PEOPLE, turns: int = 3) -> Counter[str]:
    """How often each item code came if every worker subscribes each customer, unsubscribes it, and so on by turns."""
    with organization_scope(till.organization):
        call = Call(actor=till_actor(till), configuration=current_configuration())

    def say(item: dict[str, str]) -> str:
        with organization_scope(till.organization):
            (outcome,) = run_batch(
                [item],
                lambda choice_item: keep_item(choice_item, call),
                echo=lambda _: {},
                fallback=Code.SUBSCRIPTION_FAILED,
                constraints=CONSTRAINTS,
            )
        return str(outcome.body["item_status"]["code"])

    def item(person: int, answer: int) -> dict[str, str]:
        mobile = str(9_800_000_000 + person)
        return {"mobile": mobile, "channel": "SMS", "priority": "BULK", "is_subscribed": str(answer)}

    # In each round half of the workers say the one and half the other, so that every round has changes.
    lanes = [
        [item(person, (worker + turn) % 2) for person in range(people) for turn in range(turns)] for worker in range(WORKERS)
    ]
    return Counter(race(lanes, say))


def assert_every_history_is_whole(*, people: int = PEOPLE) -> None:
    """The log counts without gaps, every change begins where the last one ended, and the consent is the last one's."""
    for customer in Customer.objects.order_by("pk")[:people]:
        log = list(ConsentChange.objects.filter(customer=customer).order_by("pk"))
        assert [entry.revision for entry in log] == list(range(1, len(log) + 1))
        assert [entry.old for entry in log] == [None, *(entry.new for entry in log[:-1])]
        consent = Consent.objects.get(customer=customer)
        assert (consent.revision, consent.is_subscribed) == (len(log), log[-1].new)


@contextmanager
def without_constraints() -> Iterator[None]:
    """Inside: two consents to one pair, and two changes of one revision, could be stored."""
    kept = {
        "subscriptions_consent": "consent_unique UNIQUE (organization_id, customer_id, channel, priority, scope)",
        "subscriptions_consentchange": (
            "consentchange_unique UNIQUE (organization_id, customer_id, channel, priority, scope, revision)"
        ),
    }
    with connection.cursor() as cursor:
        for table, constraint in kept.items():
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint.partition(' ')[0]}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE subscriptions_consent, subscriptions_consentchange")
            for table, constraint in kept.items():
                cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint}")


def test_every_change_is_logged_once_and_none_is_refused(till):
    codes = subscribe_at_once(till)
    with organization_scope(till.organization):
        assert codes == {"1000": WORKERS * PEOPLE * 3}
        assert_every_history_is_whole()


def test_twin_without_the_lock_runs_into_the_constraints(till, monkeypatch):
    remove_row_locks(monkeypatch, locks)
    with all_read_before(services, "insert_rows", workers=WORKERS):
        codes = subscribe_at_once(till, people=1, turns=1)
    # The choice and its log are written together: either constraint may be the first to refuse.
    assert codes["1000"] == 1
    assert codes["1109"] + codes["1110"] == WORKERS - 1
    # Half of the workers now say what is stored already, and write nothing.
    with all_read_before(services, "insert_rows", workers=WORKERS):
        assert subscribe_at_once(till, people=1, turns=1) == {"1000": WORKERS // 2 + 1, "1110": WORKERS // 2 - 1}
    with organization_scope(till.organization):
        assert_every_history_is_whole(people=1)


def test_twin_without_the_constraints_stays_right_by_the_lock(till):
    with without_constraints():
        codes = subscribe_at_once(till)
        with organization_scope(till.organization):
            assert codes == {"1000": WORKERS * PEOPLE * 3}
            assert_every_history_is_whole()
