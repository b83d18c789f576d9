"""Races of an erasure with calls about the same customer: what came before is erased, what comes later does not reach them.

The twins: without the customer's lock a note and a bill are written onto the erased customer, and a constraint alone keeps the
profile empty; without the constraint the lock suffices.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

import engagement.notes.services
import use_cases.merging
import use_cases.purchases
from customers.api.items import find_named
from customers.identifiers.models import Identifier
from customers.outbox.models import OutboxMessage
from customers.outbox.services import send_message
from customers.profile.models import Customer
from customers.profile.reading import Reading
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.registration.unit_of_work import CustomerBatch
from customers.webhook_events import MESSAGE
from engagement.bills.draft import BillDraft
from engagement.bills.models import Bill
from engagement.notes.models import Note
from engagement.notes.rules import SentNote
from engagement.notes.services import keep_notes
from engagement.points.checks.run import check_ledger
from engagement.programs.catalog import load_catalog
from engagement.redemptions.api.customer import NamedCustomer
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import Item
from organizations.audit.actors import command_actor
from organizations.configuration import current_configuration
from organizations.idempotency.models import KeptAnswer
from organizations.tenancy.scoping import organization_scope
from referrals.campaigns.catalog import load_campaigns
from tests.api import Api
from tests.factories.chains import Chain, member, open_chain
from tests.factories.messages import OutboxMessageFactory
from tests.factories.webhooks import listen
from tests.races import meanwhile, on_another_connection, wait_until_blocked
from tests.use_cases.fates import Job, at_once, fate_of, remove_customer_locks
from use_cases.erasure import ErasureRefusedError, erase_customer
from use_cases.merging import merge_customers
from use_cases.purchases import record_purchases
from use_cases.registration import register_customer
from webhooks.events.models import Event

ROUNDS = 50 if os.environ.get("REGULARS_PROOFS") == "full" else 5
DEADLOCK, CONFLICT = "40P01", "40001"
TEXT = "zqxplanted"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def chain(transactional_db: None) -> Chain:
    return open_chain()


@pytest.fixture
def people(chain: Chain) -> list[tuple[Customer, Customer]]:
    """For each round two customers."""
    with organization_scope(chain.organization), transaction.atomic():
        return [
            tuple(member(chain, 10, mobile=mobile_of(number, index), firstname=TEXT).customer for index in range(2))  # type: ignore[misc]
            for number in range(ROUNDS)
        ]


def mobile_of(number: int, index: int = 0) -> str:
    return f"91981{index:02}{number:05}"


def erasing(chain: Chain, customer: Customer) -> Job:
    def job() -> str:
        erase_customer(customer.pk, basis="Request 17", by=command_actor("erase_customer", chain.organization))
        return "erased"

    return job


def erasing_again(chain: Chain, customer: Customer) -> Job:
    """An erasure that is tried again if it is refused, as its refusal says where another customer was merged meanwhile."""
    erase = erasing(chain, customer)

    def job() -> str:
        try:
            return erase()
        except ErasureRefusedError:
            return erase()

    return job


def adding(chain: Chain, mobile: str) -> Job:
    def job() -> str:
        item = {"mobile": mobile, "lastname": TEXT}
        context = load_input_context([item], by=chain.blr)
        done = register_customer(read_customer_input(item, context, action="add"), context=context, by=chain.blr)
        return "added" if done.is_new else "updated"

    return job


def billing(chain: Chain, customer: Customer, number: str) -> Job:
    def job() -> str:
        till = chain.blr.till
        assert till is not None
        draft = BillDraft(
            number=number,
            amount=Decimal(100),
            billed_at=clock.now(),
            till=till,
            store=till.store,
            customer_id=customer.pk,
            notes=TEXT,
        )
        (result,) = record_purchases([draft], catalog=load_catalog(), campaigns=load_campaigns(), by=chain.blr, now=clock.now())
        if isinstance(result, LoyaltyError):
            raise result
        return "billed"

    return job


def noting(chain: Chain, customer: Customer) -> Job:
    def job() -> str:
        reading = Reading(configuration=current_configuration(), query={})
        found = find_named("id", str(customer.pk), reading, ())
        note = SentNote(number="", description=TEXT, date="", noted_at=None, is_sound=True)
        keep_notes(found.customer.pk, [note], by=chain.blr)
        return "noted"

    return job


def merging(chain: Chain, survivor: Customer, victim: Customer) -> Job:
    def job() -> str:
        merge_customers(survivor=survivor.pk, victim=victim.pk, by=chain.blr)
        return "merged"

    return job


def leftovers(customer: Customer) -> dict[str, int]:
    """Numbers of rows that say something about an erased customer, and about those merged into them."""
    ids = [customer.pk, *Customer.objects.filter(merged_into=customer).values_list("pk", flat=True)]
    names = Customer.objects.filter(pk__in=ids).exclude(firstname="", lastname="")
    counts = {
        "names": names.count(),
        "identifiers": Identifier.objects.filter(customer__in=ids).count(),
        "notes": Note.objects.filter(customer__in=ids).count(),
        "bills": Bill.objects.filter(customer__in=ids).exclude(notes="").count(),
    }
    return {name: count for name, count in counts.items() if count}


def assert_erased(chain: Chain, customers: list[Customer]) -> None:
    with organization_scope(chain.organization):
        for customer in customers:
            customer.refresh_from_db()
            assert (customer.erased_at is not None, leftovers(customer)) == (True, {})
        assert [str(finding) for finding in check_ledger(chain.organization)] == []


def test_whatever_happens_at_once_leaves_nothing_of_the_erased(chain: Chain, people: list[tuple[Customer, Customer]]) -> None:
    fates = at_once(
        chain.organization,
        [erasing(chain, first) for first, _ in people],
        [adding(chain, mobile_of(number)) for number in range(ROUNDS)],
        [billing(chain, first, f"B{number}") for number, (first, _) in enumerate(people)],
        [noting(chain, first) for first, _ in people],
    )
    assert (fates["erased"], fates["added"] + fates["updated"]) == (ROUNDS, ROUNDS)
    assert fates["billed"] + fates["681"] == ROUNDS
    assert fates["noted"] + fates["1011"] == ROUNDS
    assert fates.repeats[DEADLOCK] == 0
    assert_erased(chain, [first for first, _ in people])
    with organization_scope(chain.organization):
        # Who came after the erasure with the number is another customer.
        assert Identifier.objects.filter(value__in=map(mobile_of, range(ROUNDS))).count() == fates["added"]


def test_a_merge_is_erased_whole_or_refused(chain: Chain, people: list[tuple[Customer, Customer]]) -> None:
    fates = at_once(
        chain.organization,
        [erasing_again(chain, first) for first, _ in people],
        [
            merging(chain, first, two) if number % 2 else merging(chain, two, first)
            for number, (first, two) in enumerate(people)
        ],
    )
    assert set(fates) <= {"erased", "merged", "refused"}
    # The first call of a pair succeeds, and the erasure of a survivor in any case.
    assert fates["erased"] >= ROUNDS // 2
    assert fates["refused"] <= ROUNDS
    assert fates.repeats[DEADLOCK] == 0
    with organization_scope(chain.organization):
        erased = list(Customer.objects.exclude(erased_at=None).filter(merged_into=None))
        assert not Customer.objects.filter(erased_at=None, merged_into__in=erased).exists()
        assert (len(erased), Customer.objects.exclude(merged_into=None).count()) == (fates["erased"], fates["merged"])
    assert_erased(chain, erased)


@pytest.mark.parametrize(("job", "fate"), [("note", "1011"), ("bill", "681"), ("add", "added"), ("merge", "refused")])
def test_what_waits_for_an_erasure_does_not_reach_them(
    chain: Chain, people: list[tuple[Customer, Customer]], job: str, fate: str
) -> None:
    first, two = people[0]
    works = {
        "note": noting(chain, first),
        "bill": billing(chain, first, "B1"),
        "add": adding(chain, mobile_of(0)),
        "merge": merging(chain, first, two),
    }
    with organization_scope(chain.organization), ExitStack() as till:
        repeats: Counter[str] = Counter()
        with transaction.atomic():
            erasing(chain, first)()
            waiting = till.enter_context(meanwhile(lambda: fate_of(works[job], chain.organization, repeats)))
            wait_until_blocked(1)
        assert waiting.result() == fate
    # Only the note was looked up before: it is looked up again.
    assert repeats == ({CONFLICT: 1} if job == "note" else {})
    assert_erased(chain, [first])


def test_an_erasure_that_waits_for_a_note_erases_it(chain: Chain, people: list[tuple[Customer, Customer]]) -> None:
    first, _ = people[0]
    with organization_scope(chain.organization), ExitStack() as till:
        with transaction.atomic():
            noting(chain, first)()
            waiting = till.enter_context(meanwhile(lambda: fate_of(erasing(chain, first), chain.organization, Counter())))
            wait_until_blocked(1)
        assert waiting.result() == "erased"
    assert_erased(chain, [first])


def test_a_refusal_is_not_kept_behind_an_erasure(
    chain: Chain, people: list[tuple[Customer, Customer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, _), lock = people[0], NamedCustomer.lock
    todo = [first]

    def erase_before(named: NamedCustomer, item: Item) -> int | None:
        if todo:
            job = erasing(chain, todo.pop())
            assert on_another_connection(lambda: fate_of(job, chain.organization, Counter())) == "erased"
        return lock(named, item)

    monkeypatch.setattr(NamedCustomer, "lock", erase_before)
    assert chain.blr.till is not None
    body = {"root": {"redeem": [{"points_redeemed": "1000", "customer": {"id": str(first.pk)}}]}}
    answer = Api(chain.blr.till).call("POST", "redeem", "", body, entity="points", Idempotency_Key="K-1")
    assert answer.response["responses"]["points"]["item_status"]["code"] == 816
    with organization_scope(chain.organization):
        assert mobile_of(0) not in KeptAnswer.objects.get().body


@pytest.fixture
def message(chain: Chain, people: list[tuple[Customer, Customer]]) -> OutboxMessage:
    """A message to the first customer that waits for a gateway."""
    with organization_scope(chain.organization):
        listen(chain.organization, MESSAGE.name)
        return OutboxMessageFactory(customer=people[0][0])


def sending(chain: Chain, message: OutboxMessage) -> Job:
    def job() -> str:
        send_message(message.pk, organization=chain.organization)
        return "sent"

    return job


def events_of(chain: Chain, customer: Customer) -> list[dict[str, Any]]:
    """What is stored of the events that ask for messages to a customer."""
    with organization_scope(chain.organization):
        return list(Event.objects.filter(customer_id=customer.pk, kind=MESSAGE.name).values_list("facts", flat=True))


@pytest.mark.parametrize("is_erased", [True, False])
def test_a_message_that_waits_is_not_announced(
    chain: Chain, people: list[tuple[Customer, Customer]], message: OutboxMessage, *, is_erased: bool
) -> None:
    first, _ = people[0]
    with organization_scope(chain.organization), ExitStack() as till:
        with transaction.atomic():
            if is_erased:
                erasing(chain, first)()
            else:
                OutboxMessage.objects.filter(pk=message.pk).update(
                    state="FAILED", error="expired", text="", finished_at=clock.now()
                )
            waiting = till.enter_context(meanwhile(lambda: fate_of(sending(chain, message), chain.organization, Counter())))
            wait_until_blocked(1)
        assert waiting.result() == "sent"
    assert events_of(chain, first) == []


def test_an_erasure_that_waits_for_a_message_erases_it(
    chain: Chain, people: list[tuple[Customer, Customer]], message: OutboxMessage
) -> None:
    first, _ = people[0]
    with organization_scope(chain.organization), ExitStack() as till:
        with transaction.atomic():
            sending(chain, message)()
            waiting = till.enter_context(meanwhile(lambda: fate_of(erasing(chain, first), chain.organization, Counter())))
            wait_until_blocked(1)
        assert waiting.result() == "erased"
    assert events_of(chain, first) == [{}]


# --- twins


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    remove_customer_locks(monkeypatch)


def erased_before(write: tuple[Any, str], chain: Chain, customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The customer is erased by another session just before the first write of a call."""
    owner, name = write
    original, todo = getattr(owner, name), [customer]

    def erase_then_write(*args: Any, **kwargs: Any) -> Any:
        if todo:
            job = erasing(chain, todo.pop())
            assert on_another_connection(lambda: fate_of(job, chain.organization, Counter())) == "erased"
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, erase_then_write)


@pytest.mark.usefixtures("without_locks")
def test_twin_without_locks_a_note_is_left_behind(
    chain: Chain, people: list[tuple[Customer, Customer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = people[0]
    erased_before((engagement.notes.services, "insert_with_ids"), chain, first, monkeypatch)
    assert fate_of(noting(chain, first), chain.organization, Counter()) == "noted"
    with organization_scope(chain.organization):
        assert leftovers(first) == {"notes": 1}


@pytest.mark.usefixtures("without_locks")
def test_twin_without_locks_a_bill_is_left_behind(
    chain: Chain, people: list[tuple[Customer, Customer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = people[0]
    erased_before((use_cases.purchases, "record_bills"), chain, first, monkeypatch)
    assert fate_of(billing(chain, first, "B1"), chain.organization, Counter()) == "billed"
    with organization_scope(chain.organization):
        assert leftovers(first) == {"bills": 1}


@pytest.mark.parametrize("job", ["add", "merge"])
@pytest.mark.usefixtures("without_locks")
def test_twin_without_locks_the_constraint_keeps_the_profile_empty(
    chain: Chain, people: list[tuple[Customer, Customer]], job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, two = people[0]
    work, write = {
        "add": (adding(chain, mobile_of(0)), (CustomerBatch, "write")),
        "merge": (merging(chain, first, two), (use_cases.merging, "_merge")),
    }[job]
    with organization_scope(chain.organization):
        Customer.objects.filter(pk=first.pk).update(firstname="")
    erased_before(write, chain, first, monkeypatch)
    assert fate_of(work, chain.organization, Counter()) == "customer_erased_is_empty"
    assert_erased(chain, [first])


@pytest.fixture
def without_constraint(transactional_db: None) -> Iterator[None]:
    name = "customer_erased_is_empty"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name])
        ((definition,),) = cursor.fetchall()
        cursor.execute(f"ALTER TABLE customers_customer DROP CONSTRAINT {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE customers_customer ADD CONSTRAINT {name} {definition}")


@pytest.mark.usefixtures("without_constraint")
def test_twin_without_the_constraint_stays_right_by_the_locks(chain: Chain, people: list[tuple[Customer, Customer]]) -> None:
    fates = at_once(
        chain.organization,
        [erasing(chain, first) for first, _ in people],
        [adding(chain, mobile_of(number)) for number in range(ROUNDS)],
    )
    assert (fates["erased"], fates["added"] + fates["updated"]) == (ROUNDS, ROUNDS)
    assert_erased(chain, [first for first, _ in people])
