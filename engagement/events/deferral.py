"""Deferring loyalty events, and handling them later in their order, exactly once (docs/protocol.md 1.8, Replay; code 1094).

An event and its effects are one transaction under the customer's lock. A killed worker leaves both or neither. A second worker
waits for the lock and then finds the event handled.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, Protocol

from django.db import transaction
from django.db.models import F, QuerySet

from customers.profile.models import Customer
from engagement.events.models import DeferredEvent
from loyalty_project import clock
from loyalty_project.db.arrays import id_array
from loyalty_project.db.locks import lock
from loyalty_project.jobs import Arguments, defer_job, defer_missing_jobs, hasten_jobs
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.audit.services import Change, record_changes
from organizations.tenancy.models import Organization
from organizations.tenancy.statements import fetch_rows

# Task that handles the events of one customer. Arguments: the organization's code and the customer's id.
TASK: Final = "work_deferred_events"
# Kinds of events. Their handlers are in use_cases/deferred_events.py.
WELCOME: Final = "welcome"
BILL: Final = "bill"
MERGE: Final = "merge"
# Column of a row `customer`: true if events of the customer wait (code 1094).
WAITS: Final = """EXISTS (
        SELECT FROM engagement_deferredevent AS event
        WHERE event.organization_id = %(organization)s AND event.customer_id = customer.id AND event.worked_at IS NULL
    )"""
_THAT_WAIT: Final = f"SELECT customer.id FROM unnest((SELECT %(customers)s::bigint[])) AS customer (id) WHERE {WAITS}"  # noqa: S608


class WorkedMeanwhileError(Exception):
    """Another process handled the event at the same time in spite of the lock: a bug. This transaction is rolled back."""


class Handler(Protocol):
    """Handler of one kind of event, in the caller's transaction and under the customer's lock. `by` caused the event."""

    def __call__(self, event: DeferredEvent, /, *, by: Actor) -> None: ...


@transaction.atomic
def defer_event(*, customer: Customer, kind: str, payload: Mapping[str, Any], by: Actor) -> DeferredEvent:
    """Store an event behind the customer's waiting ones, with a job that handles it.

    Call it in the transaction of its cause, which holds the customer's lock: the lock makes the order unique. `payload` has
    ids, times and figures as JSON, no personal data.
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
    """Ids of those customers that have waiting events (code 1094). One query."""
    return {row[0] for row in fetch_rows(_THAT_WAIT, {"customers": id_array(customer_ids)})}


def work_waiting(customer_id: int, *, handlers: Mapping[str, Handler], organization: Organization) -> int:
    """Handle the waiting events of a customer, oldest first; their number.

    Each event has its own transaction. A failed one is rolled back, keeps its position and holds back the later ones; its
    error is counted on the event and raised. Call it in the organization's scope, outside of a transaction.
    """
    count = 0
    while _work_oldest(customer_id, handlers, organization):
        count += 1
    return count


def ensure_job(customer_id: int, *, organization: Organization) -> None:
    """Defer a job for a customer who may have received waiting events by a merge. Call it in the transaction of the merge."""
    if has_waiting([customer_id]):
        defer_job(TASK, lock=_job_lock(customer_id), arguments=_arguments(organization, customer_id))


def defer_lost(organization: Organization) -> int:
    """Defer jobs for customers with waiting events but without a job; the number of customers."""
    customers = _waiting().order_by().values_list("customer_id", flat=True).distinct()
    return defer_missing_jobs(TASK, {_job_lock(pk): _arguments(organization, pk) for pk in customers})


@transaction.atomic
def try_again(events: Iterable[DeferredEvent], *, by: Actor) -> list[DeferredEvent]:
    """Retry the waiting ones of these events now instead of after their delay; returns them. Older events go first."""
    waiting = [event for event in events if event.worked_at is None]
    hasten_jobs(TASK, {_job_lock(event.customer_id): _arguments(by.organization, event.customer_id) for event in waiting})
    record_changes([Change(action="tried again", object_type="deferredevent", object_id=event.pk) for event in waiting], by=by)
    return waiting


def _work_oldest(customer_id: int, handlers: Mapping[str, Handler], organization: Organization) -> bool:
    """Handle the customer's oldest event; False if none waits."""
    event: DeferredEvent | None = None
    try:
        with transaction.atomic():
            customer = lock(Customer.objects.filter(pk=customer_id)).get()
            # Read under the lock: another worker may have handled it meanwhile.
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
    """Store how an attempt ended; False if another process has handled the event."""
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
    """Lock of the queue: one job at a time handles a customer's events. Ids are unique in the installation."""
    return f"{TASK} {customer_id}"


def _arguments(organization: Organization, customer_id: int) -> Arguments:
    return {"organization": organization.code, "customer": customer_id}
