"""Eight tills open tickets of one subject at the same moment, or while the customer is merged.

Nothing but the constraint keeps two open tickets of a subject apart: a twin removes it and goes wrong. The customer's lock
keeps a ticket from a merged customer: another twin removes that.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.db import connection, transaction

from customers.profile import locks
from customers.profile.models import Customer
from loyalty_project.api.batch import run_batch
from loyalty_project.protocol.codes import Code
from organizations.api.call import Call
from organizations.configuration import current_configuration
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.api import Api
from tests.back_office import register
from tests.factories.locations import TillFactory, till_actor
from tests.races import all_read_before, meanwhile, race, remove_row_locks, wait_until_blocked
from tests.use_cases.merges import merge
from tickets.ticket import services
from tickets.ticket.api import keep_item
from tickets.ticket.models import Ticket
from tickets.ticket.services import CONSTRAINTS

WORKERS, TRIES = 8, 10
INDEX = (
    "CREATE UNIQUE INDEX ticket_open_subject_unique ON tickets_ticket (organization_id, customer_id, subject_folded) "
    "WHERE closed_at IS NULL"
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def till(transactional_db: None) -> Till:
    with unscoped("tests make their rows"):
        till: Till = TillFactory(store__organization__code="northwind", store__organization__base_country="IN")
    return till


@pytest.fixture
def asha(till: Till) -> Customer:
    return register(till, mobile="9812345678")


def open_at_once(till: Till, *, tries: int = TRIES) -> Counter[str]:
    """Codes by how often they were answered: each worker opens a ticket of each subject."""

    def work(subject: str) -> str:
        with organization_scope(till.organization):
            call = Call(actor=till_actor(till), configuration=current_configuration())
            item = {"mobile": "9812345678", "ticket": {"subject": subject}}
            (outcome,) = run_batch(
                [item],
                lambda item: keep_item(item, call=call),
                echo=lambda _: {},
                fallback=Code.TICKET_FAILED,
                constraints=CONSTRAINTS,
            )
        return str(outcome.body["item_status"]["code"])

    return Counter(race([[f"Kettle {number}" for number in range(tries)]] * WORKERS, work))


def open_tickets(till: Till) -> int:
    with organization_scope(till.organization):
        return Ticket.objects.filter(closed_at=None).count()


@contextmanager
def without_the_constraint() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX ticket_open_subject_unique")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE tickets_ticket CASCADE")
            cursor.execute(INDEX)


def test_a_subject_is_opened_once(till: Till, asha: Customer) -> None:
    assert open_at_once(till) == {"1300": TRIES, "1301": TRIES * (WORKERS - 1)}
    assert open_tickets(till) == TRIES


def test_twin_without_locks_is_kept_right_by_the_constraint(
    till: Till, asha: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_row_locks(monkeypatch, locks)
    with all_read_before(services, "insert_with_ids", workers=WORKERS):
        assert open_at_once(till, tries=1) == {"1300": 1, "1301": WORKERS - 1}
    assert open_tickets(till) == 1


def test_twin_without_the_constraint_opens_a_subject_many_times(till: Till, asha: Customer) -> None:
    with without_the_constraint():
        assert open_at_once(till, tries=1) == {"1300": WORKERS}
        assert open_tickets(till) == WORKERS


def owner_after_a_merge(till: Till, survivor: Customer) -> str:
    """Who has the ticket that a till opens for the victim while another connection merges: "survivor" or "victim"."""
    victim = register(till, mobile="9812345679")
    sent = {"root": {"customer": [{"mobile": "9812345679", "ticket": {"subject": "Kettle"}}]}}
    with organization_scope(till.organization):
        with ExitStack() as stack, transaction.atomic():
            merge(till, survivor, victim)
            call = stack.enter_context(meanwhile(lambda: Api(till).call("POST", "tickets", "", sent).code))
            # On the customer's lock; without it, the foreign key waits for the merge, and knows nothing of it.
            wait_until_blocked(1)
        assert call.result() == "1300"
        return "survivor" if Ticket.objects.get().customer == survivor else "victim"


def test_a_ticket_waits_for_a_merge_and_goes_to_the_survivor(till: Till, asha: Customer) -> None:
    assert owner_after_a_merge(till, asha) == "survivor"


def test_twin_without_the_lock_leaves_the_ticket_with_the_victim(
    till: Till, asha: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_row_locks(monkeypatch, locks)
    assert owner_after_a_merge(till, asha) == "victim"
