"""Loyalty events that follow later: in order, exactly once, by any worker."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from customers.profile.models import Customer
from engagement.events import deferral
from engagement.events.deferral import WorkedMeanwhileError, defer_event, defer_lost, has_waiting, try_again, work_waiting
from engagement.events.models import DeferredEvent
from organizations.audit.actors import Actor, command_actor
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope
from tests.back_office import register
from tests.factories.locations import till_actor
from tests.jobs import KINDS, committed_customer, committed_till, defer, mark, marks, statuses, stored
from tests.races import race


@pytest.fixture
def anna(till: Till) -> Customer:
    return register(till, mobile="9812300001", firstname="Anna")


@pytest.fixture
def bela(till: Till) -> Customer:
    return register(till, mobile="9812300002", firstname="Bela")


def work(customer: Customer, **handlers: Any) -> int:
    return work_waiting(customer.pk, handlers={**KINDS, **handlers}, organization=customer.organization)


@pytest.mark.django_db
def test_an_event_is_put_off_with_one_job_for_its_customer(till: Till, anna: Customer) -> None:
    event = defer(anna, till, bill=7)
    assert str(event) == f"mark of customer {anna.pk}"
    assert (event.worked_at, event.attempts, event.payload) == (None, 0, {"bill": 7})
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.lock) == ("work_deferred_events", f"work_deferred_events {anna.pk}")
    assert job.args == {"organization": "northwind", "customer": anna.pk}


@pytest.mark.django_db
def test_neither_event_nor_job_outlives_a_transaction_that_fails(till: Till, anna: Customer) -> None:
    with transaction.atomic():
        defer_event(customer=anna, kind="mark", payload={}, by=till_actor(till))
        transaction.set_rollback(True)
    assert not DeferredEvent.objects.exists()
    assert not statuses()


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_who_has_events_that_wait_is_one_query(
    till: Till, anna: Customer, bela: Customer, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        defer(anna, till)
    with django_assert_num_queries(1):
        assert has_waiting([anna.pk, bela.pk]) == {anna.pk}
    work(anna)
    assert has_waiting([anna.pk, bela.pk]) == set()
    assert has_waiting([]) == set()


@pytest.mark.django_db
def test_events_are_worked_oldest_first_and_once(till: Till, anna: Customer, bela: Customer) -> None:
    events = [defer(anna, till, number=number) for number in (1, 2, 3)]
    other = defer(bela, till)
    assert work(anna) == 3
    assert marks(anna) == [{"number": 1}, {"number": 2}, {"number": 3}]
    assert work(anna) == 0
    assert len(marks(anna)) == 3
    for event in events:
        assert stored(event).worked_at is not None
        assert (stored(event).attempts, stored(event).last_error) == (1, "")
    assert stored(other).worked_at is None


@pytest.mark.django_db
def test_effects_count_for_the_customer_and_store_of_the_event(till: Till, anna: Customer) -> None:
    seen: list[tuple[DeferredEvent, Actor]] = []
    by = Actor(
        organization=till.organization,
        source=AuditEntry.Source.API,
        name="client:web-shop",
        till=till,
        store=till.store,
        request_id="6d2c2a4e-1f0e-4c7c-9d5b-3f8c1f6f2a11",
        user_context={"source": "MEMBER_CARE"},
    )
    without_place = command_actor("import_customers", till.organization)
    for caller in (by, without_place):
        defer_event(customer=anna, kind="look", payload={}, by=caller)
    assert work(anna, look=lambda event, *, by: seen.append((event, by))) == 2
    assert [actor for _, actor in seen] == [by, without_place]
    assert all(event.customer == anna for event, _ in seen)


@pytest.mark.django_db
def test_a_failing_event_is_rolled_back_and_holds_later_events(till: Till, anna: Customer, bela: Customer) -> None:
    first, failing, later, other = (
        defer(anna, till),
        defer(anna, till, "fail"),
        defer(anna, till, number=3),
        defer(bela, till),
    )
    for tries in (1, 2):
        with pytest.raises(ZeroDivisionError):
            work(anna)
        assert (stored(failing).worked_at, stored(failing).attempts) == (None, tries)
        assert stored(failing).last_error == "ZeroDivisionError"
    assert stored(first).worked_at is not None
    assert (stored(later).worked_at, stored(later).attempts) == (None, 0)
    assert marks(anna) == [{}]
    assert work(bela) == 1
    assert stored(other).worked_at is not None
    # Whatever stood in the way is gone.
    assert work(anna, fail=mark) == 2
    assert (stored(failing).attempts, stored(failing).last_error) == (3, "ZeroDivisionError")
    assert marks(anna) == [{}, {}, {"number": 3}]


@pytest.mark.django_db
def test_a_kind_that_this_version_does_not_know_waits_for_one_that_does(till: Till, anna: Customer) -> None:
    event = defer(anna, till, "of tomorrow")
    with pytest.raises(KeyError):
        work(anna)
    assert stored(event).last_error == "KeyError"


@pytest.mark.django_db
def test_customers_with_a_lost_job_get_another(till: Till, anna: Customer, bela: Customer) -> None:
    lost = defer(anna, till)
    defer(anna, till)
    ProcrastinateJob._base_manager.all()._raw_delete("default")
    defer(bela, till)
    assert defer_lost(till.organization) == 1
    assert list(ProcrastinateJob.objects.order_by("pk").values_list("args__customer", flat=True)) == [bela.pk, anna.pk]
    assert defer_lost(till.organization) == 0
    work(anna)
    assert stored(lost).worked_at is not None


@pytest.mark.django_db
def test_customers_without_waiting_events_get_no_job(till: Till, anna: Customer) -> None:
    defer(anna, till)
    work(anna)
    ProcrastinateJob._base_manager.all()._raw_delete("default")
    assert defer_lost(till.organization) == 0


@pytest.mark.django_db
def test_trying_again_takes_the_place_of_the_next_try_and_is_audited(till: Till, anna: Customer, bela: Customer) -> None:
    done = defer(bela, till)
    work(bela)
    events = [defer(anna, till, "fail"), defer(anna, till), stored(done)]
    with pytest.raises(ZeroDivisionError):
        work(anna)
    assert try_again(events, by=till_actor(till)) == events[:2]
    (job,) = ProcrastinateJob.objects.filter(lock=f"work_deferred_events {anna.pk}")
    assert (job.status, job.attempts, job.scheduled_at) == ("todo", 0, None)
    audit = AuditEntry.objects.filter(object_type="deferredevent").order_by("pk")
    assert [(entry.action, entry.object_id) for entry in audit] == [("tried again", event.pk) for event in events[:2]]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_workers_work_one_event_once(queue: None) -> None:
    till = committed_till()
    customer = committed_customer(till)
    defer(customer, till)
    assert sorted(_work_at_once(customer)) == ["0", "1"]
    assert len(marks(customer)) == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twin_without_the_lock_fails_and_leaves_one_effect(queue: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferral, "lock", lambda rows: rows)
    till = committed_till()
    customer = committed_customer(till)
    event = defer(customer, till)
    assert sorted(_work_at_once(customer, must_meet=True)) == ["1", "WorkedMeanwhileError"]
    assert len(marks(customer)) == 1
    assert (stored(event).attempts, stored(event).last_error) == (1, "")


def _work_at_once(customer: Customer, *, must_meet: bool = False) -> list[str]:
    """Results of two workers that are at work on the event at the same moment, unless a lock keeps them apart."""
    both = Barrier(2)

    def meet(event: DeferredEvent, /, *, by: Actor) -> None:
        mark(event, by=by)
        if must_meet:
            both.wait(timeout=60)
            return
        with suppress(BrokenBarrierError):
            both.wait(timeout=1)

    def run(_lane: int) -> str:
        with organization_scope(customer.organization_id):
            try:
                return str(work(customer, mark=meet))
            except WorkedMeanwhileError as error:
                return type(error).__name__

    return race([[0], [0]], run)
