"""How do loyalty events follow later? They are put off with what caused them, and worked in order, exactly once.

Docs/protocol.md 1.8 (Replay) and code 1094 in section 5. An event is worked in one transaction with its effects, under the
customer's lock: a worker that is killed leaves both or neither, and a second one waits, then finds it worked.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, Protocol

from django.db import transaction
from django.db.models import BigIntegerField, F, QuerySet

from customers.profile.models import Customer
from engagement.events.models import DeferredEvent
from loyalty_project import clock
from loyalty_project.db.locks import lock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.jobs import Arguments, defer_job, defer_missing_jobs, hasten_jobs
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.audit.services import Change, record_changes
from organizations.tenancy.models import Organization

# The task that works the events of one customer; its arguments are the organization's code and the customer's id.
TASK: Final = "work_deferred_events"
# The kinds of events; what is done with each stands in use_cases/deferred_events.py.
WELCOME: Final = "welcome"
BILL: Final = "bill"
MERGE: Final = "merge"


class WorkedMeanwhileError(Exception):
    """Somebody else worked the event at the same moment, past the customer's lock: a bug, and what was done here is undone."""


class Handler(Protocol):
    """What one kind of event sets off, in the caller's transaction and under the customer's lock. `by` caused the event."""

    def __call__(self, event: DeferredEvent, /, *, by: Actor) -> None: ...


@transaction.atomic
def defer_event(*, customer: Customer, kind: str, payload: Mapping[str, Any], by: Actor) -> DeferredEvent:
    """Put an event off behind those of this customer that wait already, with a job that works it.

    Call it in the transaction of what happened, which holds the customer's lock: the lock is what makes the order one.
    `payload` holds ids, moments and figures as JSON, never personal data.
    """
    event = DeferredEvent.objects.create(
        organization=by.organization,
        customer=customer,
        kind=kind,
        payload=dict(payload),
        source=by.source,
        actor=by.name,
        till=by.till,
        store=by.store,
        request_id=by.request_id,
        context=dict(by.user_context),
        created_at=clock.now(),
    )
    defer_job(TASK, lock=_job_lock(customer.pk), arguments=_arguments(by.organization, customer.pk))
    return event


def has_waiting(customer_ids: Collection[int]) -> set[int]:
    """Which of these customers have events that wait to be worked (code 1094). One query."""
    waiting = _waiting().filter(is_any_of("customer_id", customer_ids, BigIntegerField()))
    return set(waiting.values_list("customer_id", flat=True))


def work_waiting(customer_id: int, *, handlers: Mapping[str, Handler], organization: Organization) -> int:
    """Work what waits for this customer, oldest first, by the handler of its kind; how many events that were.

    Each has a transaction of its own. One that fails is taken back whole, keeps its place, holds the later ones back, and its
    error is raised once it is counted on the event. Call it in the organization's scope, outside of a transaction.
    """
    count = 0
    while _work_oldest(customer_id, handlers, organization):
        count += 1
    return count


def see_to_waiting(customer_id: int, *, organization: Organization) -> None:
    """Put off a job for a customer to whom events that wait may have come, in the transaction in which they did."""
    if has_waiting([customer_id]):
        defer_job(TASK, lock=_job_lock(customer_id), arguments=_arguments(organization, customer_id))


def defer_lost(organization: Organization) -> int:
    """Put off jobs for customers whose events wait though no job is left that would work them; how many customers."""
    customers = _waiting().order_by().values_list("customer_id", flat=True).distinct()
    return defer_missing_jobs(TASK, {_job_lock(pk): _arguments(organization, pk) for pk in customers})


@transaction.atomic
def try_again(events: Iterable[DeferredEvent], *, by: Actor) -> list[DeferredEvent]:
    """Have those of these events that wait tried now, not after the delay; which ones. A customer's older ones go first."""
    waiting = [event for event in events if event.worked_at is None]
    hasten_jobs(TASK, {_job_lock(one.customer_id): _arguments(by.organization, one.customer_id) for one in waiting})
    record_changes([Change(action="tried again", object_type="deferredevent", object_id=event.pk) for event in waiting], by=by)
    return waiting


def _work_oldest(customer_id: int, handlers: Mapping[str, Handler], organization: Organization) -> bool:
    """Work the customer's oldest event; False: none waits."""
    event: DeferredEvent | None = None
    try:
        with transaction.atomic():
            customer = lock(Customer.objects.filter(pk=customer_id)).get()
            # Read under the lock: another worker may have been here before.
            event = _waiting().filter(customer=customer).select_related("till", "store").order_by("pk").first()
            if event is None:
                return False
            event.customer = customer
            handlers[event.kind](event, by=_actor(event, organization))
            if not _count(event, worked_at=clock.now()):
                raise WorkedMeanwhileError
    except Exception as error:
        if event is not None:
            _count(event, last_error=type(error).__name__)
        raise
    return True


def _count(event: DeferredEvent, **outcome: Any) -> bool:
    """Write how a try ended; False: another one has worked the event."""
    return bool(_waiting().filter(pk=event.pk).update(attempts=F("attempts") + 1, **outcome))


def _waiting() -> QuerySet[DeferredEvent]:
    return DeferredEvent.objects.filter(worked_at=None)


def _actor(event: DeferredEvent, organization: Organization) -> Actor:
    return Actor(
        organization=organization,
        source=AuditEntry.Source(event.source),
        name=event.actor,
        till=event.till,
        store=event.store,
        request_id=event.request_id,
        user_context=event.context,
    )


def _job_lock(customer_id: int) -> str:
    """One job at a time works a customer's events; ids are unique in the installation."""
    return f"{TASK} {customer_id}"


def _arguments(organization: Organization, customer_id: int) -> Arguments:
    return {"organization": organization.code, "customer": customer_id}
