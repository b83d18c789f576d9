"""Requests for one value at the same moment: one waits, one is decided once, and a value has one owner.

The twins show that the tests can fail: without the locks a constraint has to step in, without the constraint the locks suffice.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection

from customers.identifiers.models import Identifier
from customers.identity_requests import services
from customers.identity_requests.models import IdentityRequest
from customers.profile import locks
from customers.profile.models import Customer
from customers.registration import unit_of_work
from loyalty_project.protocol.errors import LoyaltyError
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.back_office import register
from tests.factories.identity_requests import ask, staff
from tests.factories.locations import TillFactory
from tests.races import all_read_before, race, remove_row_locks
from use_cases import identity
from use_cases.identity import DecisionRefusedError, approve_request, reject_request

WORKERS = 8
LANES = 4
PEOPLE = 500 if os.environ.get("REGULARS_PROOFS") == "full" else 12
BROKEN, REFUSED, DONE = "constraint", "refused", "done"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def till(transactional_db: None) -> Till:
    with unscoped("tests make their rows"):
        return TillFactory(store__organization__code="northwind")


def mobile(number: int) -> str:
    return str(919_800_000_000 + number)


def old_of(person: int) -> str:
    return mobile(person)


def new_of(person: int) -> str:
    return mobile(10_000 + person)


def outcome(till: Till, work: Callable[[], object]) -> str:
    """What the work came to."""
    with organization_scope(till.organization):
        try:
            work()
        except LoyaltyError as refusal:
            return str(int(refusal.code))
        except DecisionRefusedError:
            return REFUSED
        except IntegrityError:
            return BROKEN
    return DONE


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_of_work, "lock_values", lambda values: None)
    remove_row_locks(monkeypatch, locks, services)


@contextmanager
def without(drop: str, make: str) -> Iterator[None]:
    """The database without something that stands under the locks; afterwards with it again, and without rows."""
    with connection.cursor() as cursor:
        cursor.execute(drop)
    try:
        yield
    finally:
        with unscoped("the constraint needs clean rows"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE customers_customer CASCADE")
            cursor.execute(make)


# --- two equal requests


def ask_at_once(till: Till, *, people: int = PEOPLE) -> Counter[str]:
    """How often each outcome came if every worker requests the same new mobile for each customer."""
    for person in range(people):
        register(till, mobile=old_of(person))

    def work(person: int) -> str:
        return outcome(till, lambda: ask(till, "mobile", old_of(person), new_of(person)))

    return Counter(race([list(range(people))] * WORKERS, work))


def waiting(till: Till) -> int:
    with organization_scope(till.organization):
        return IdentityRequest.objects.filter(status="PENDING").count()


def test_of_equal_requests_one_waits_and_others_are_duplicates(till: Till) -> None:
    assert ask_at_once(till) == {DONE: PEOPLE, "9028": PEOPLE * (WORKERS - 1)}
    assert waiting(till) == PEOPLE


def test_twin_without_locks_runs_into_the_constraint(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    without_locks(monkeypatch)
    with all_read_before(identity, "store_request", workers=WORKERS):
        assert ask_at_once(till, people=1) == {DONE: 1, BROKEN: WORKERS - 1}
    assert waiting(till) == 1


def test_twin_without_the_constraint_waits_once_by_the_locks(till: Till) -> None:
    make = (
        "CREATE UNIQUE INDEX identity_request_one_pending ON customers_identityrequest (organization_id, kind, new_value) "
        "WHERE status = 'PENDING'"
    )
    with without("DROP INDEX identity_request_one_pending", make):
        assert ask_at_once(till) == {DONE: PEOPLE, "9028": PEOPLE * (WORKERS - 1)}
        assert waiting(till) == PEOPLE


# --- two decisions


def decide_at_once(till: Till, *, people: int = PEOPLE) -> Counter[str]:
    """How often each outcome came if half of the workers approve each request, and the other half reject it."""
    requests = []
    for person in range(people):
        register(till, mobile=old_of(person))
        requests.append(ask(till, "mobile", old_of(person), new_of(person)).pk)

    def work(job: tuple[int, int]) -> str:
        worker, pk = job
        by = staff(till.organization, f"worker{worker}")
        if worker % 2:
            return outcome(till, lambda: approve_request(pk, by=by))
        return outcome(till, lambda: reject_request(pk, reason="No", by=by))

    return Counter(race([[(worker, pk) for pk in requests] for worker in range(WORKERS)], work))


def is_decided_well(till: Till) -> bool:
    """Whether those have their new mobile, and nobody else, whose request is approved."""
    with organization_scope(till.organization):
        requests = list(IdentityRequest.objects.all())
        current = set(Identifier.objects.filter(state="CURRENT").values_list("customer_id", "value"))
    expected = {
        (request.customer_id, request.new_value if request.status == "APPROVED" else request.old_value) for request in requests
    }
    return current == expected and not any(request.status == "PENDING" for request in requests)


def test_a_request_is_decided_once(till: Till) -> None:
    assert decide_at_once(till) == {DONE: PEOPLE * WORKERS // 2, REFUSED: PEOPLE * WORKERS // 2}
    assert is_decided_well(till)


def test_twin_without_locks_cannot_decide_twice_by_the_trigger(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    without_locks(monkeypatch)
    with all_read_before(identity, "close_request", workers=WORKERS):
        assert decide_at_once(till, people=1) == {DONE: 1, BROKEN: WORKERS - 1}
    assert is_decided_well(till)


def test_twin_without_the_trigger_decides_once_by_the_locks(till: Till) -> None:
    make = (
        "CREATE TRIGGER decided_requests_stay BEFORE UPDATE OR DELETE ON customers_identityrequest "
        "FOR EACH ROW WHEN (OLD.status <> 'PENDING') EXECUTE FUNCTION refuse_change()"
    )
    with without("DROP TRIGGER decided_requests_stay ON customers_identityrequest", make):
        assert decide_at_once(till) == {DONE: PEOPLE * WORKERS // 2, REFUSED: PEOPLE * WORKERS // 2}
        assert is_decided_well(till)


# --- a customer registers with the value while a request for it is approved


def register_and_approve_at_once(till: Till, *, people: int = PEOPLE) -> Counter[str]:
    """How often each outcome came if one lane approves each request, and the others register its new mobile."""
    requests = []
    for person in range(people):
        register(till, mobile=old_of(person))
        requests.append(ask(till, "mobile", old_of(person), new_of(person)).pk)

    def work(job: tuple[int, int]) -> str:
        worker, person = job
        if worker:
            return outcome(till, lambda: register(till, mobile=new_of(person), firstname=f"Guest {worker}"))
        return outcome(till, lambda: approve_request(requests[person], by=staff(till.organization)))

    return Counter(race([[(worker, person) for person in range(people)] for worker in range(LANES)], work))


def owners(till: Till) -> Counter[str]:
    """How many customers have each new mobile."""
    with organization_scope(till.organization):
        current = Identifier.objects.filter(state="CURRENT", value__gte=new_of(0))
        return Counter(current.values_list("value", flat=True))


def each_has_one_owner(till: Till, *, people: int = PEOPLE) -> bool:
    """Whether every new mobile has one owner, and everybody at least one way to be found."""
    with organization_scope(till.organization):
        lost = Customer.objects.exclude(identifiers__state="CURRENT").count()
    return owners(till) == {new_of(person): 1 for person in range(people)} and not lost


def test_a_value_that_is_registered_while_it_is_approved_has_one_owner(till: Till) -> None:
    outcomes = register_and_approve_at_once(till)
    assert outcomes[DONE] + outcomes[REFUSED] == PEOPLE * LANES
    assert each_has_one_owner(till)


def test_twin_without_locks_has_one_owner_by_the_constraint(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    without_locks(monkeypatch)
    with all_read_before(unit_of_work.CustomerBatch, "write", workers=LANES):
        assert register_and_approve_at_once(till, people=1) == {DONE: 1, BROKEN: LANES - 1}
    assert each_has_one_owner(till, people=1)


def test_twin_without_the_constraint_has_one_owner_by_the_locks(till: Till) -> None:
    make = "CREATE UNIQUE INDEX identifier_value_unique ON customers_identifier (organization_id, kind, value) WHERE exclusive"
    with without("DROP INDEX identifier_value_unique", make):
        outcomes = register_and_approve_at_once(till)
        assert outcomes[DONE] + outcomes[REFUSED] == PEOPLE * LANES
        assert each_has_one_owner(till)
