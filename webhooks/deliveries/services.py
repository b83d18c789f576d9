"""Deliveries: taken by workers, settled after their attempt, delivered again by staff, and given up after seven days.

At any time one worker has a delivery: the jobs of an endpoint run one at a time (their lock), and underneath a delivery that is
taken is not due until its lease is over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import orjson
from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField

from loyalty_project import clock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows
from loyalty_project.db.statements import fetch, run
from loyalty_project.jobs import DELIVERIES, Arguments, defer_jobs, defer_missing_jobs
from organizations.audit.actors import Actor
from organizations.audit.services import Change, audit_entries
from organizations.tenancy.models import Organization
from organizations.tenancy.statements import fetch_written_rows, write_rows
from webhooks.deliveries import sql
from webhooks.deliveries.models import Attempt, Delivery
from webhooks.deliveries.rules import KEPT_FOR, LEASE, delay_after, is_paused_by, rest_after, round_size
from webhooks.endpoints.models import Endpoint, EndpointHealth
from webhooks.endpoints.secrets import signing_keys
from webhooks.endpoints.services import pause_failing
from webhooks.events.kinds import TEST
from webhooks.events.models import Event
from webhooks.events.payloads import event_body, opened
from webhooks.sending.client import Outcome

TASK: Final = "deliver_webhooks"
State = Delivery.State
_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A delivery that a worker has taken: its n-th attempt, and what is sent."""

    delivery_id: int
    attempt: int
    expires_at: datetime
    uid: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The deliveries that an endpoint gets now. Without `keys` nothing can be signed, and so nothing is sent."""

    endpoint: Endpoint
    keys: Sequence[str]
    messages: Sequence[Message]


def defer_deliveries(endpoints: Iterable[int], *, organization: str) -> None:
    """Defer a job for each of these endpoints (ids) of an organization (its code), in one statement."""
    defer_jobs(TASK, _jobs_of((pk, organization) for pk in endpoints), queue=DELIVERIES)


def _jobs_of(endpoints: Iterable[tuple[int, str]]) -> dict[str, Arguments]:
    """The job of each endpoint, by its lock."""
    return {f"webhook endpoint {pk}": {"organization": code, "endpoint": pk} for pk, code in endpoints}


@transaction.atomic
def open_round(endpoint_id: int, *, organization: Organization) -> Round | None:
    """Take the deliveries that an endpoint gets now. None if it gets none: nothing is due, or it is off, paused or resting."""
    now = clock.now()
    endpoint = Endpoint.objects.filter(pk=endpoint_id, is_active=True, paused_at=None).select_related("health").first()
    if endpoint is None:
        return None
    health: EndpointHealth | None = getattr(endpoint, "health", None)
    if health is not None and health.rests_until is not None and health.rests_until > now:
        return None
    size = round_size(health.failures if health else 0)
    rows = fetch_written_rows(sql.CLAIM, {"endpoint": endpoint_id, "now": now, "until": now + LEASE, "limit": size})
    if not rows:
        return None
    messages = [_message(row, organization) for row in sorted(rows)]
    return Round(endpoint=endpoint, keys=signing_keys(endpoint), messages=messages)


def _message(row: Sequence[Any], organization: Organization) -> Message:
    delivery_id, attempt, expires_at, uid, kind, version, customer_id, occurred_at, facts = row
    body = event_body(
        uid=uid,
        kind=kind,
        version=version,
        customer_id=customer_id,
        occurred_at=occurred_at,
        organization=organization.code,
        facts=opened(orjson.loads(facts)),
    )
    return Message(delivery_id=delivery_id, attempt=attempt, expires_at=expires_at, uid=str(uid), body=body)


@transaction.atomic
def close_round(taken: Round, outcomes: Sequence[Outcome], *, organization: Organization) -> None:
    """Store how each delivery of a round ended, in order, and how the endpoint is doing. One that failed too long is paused."""
    now = clock.now()
    ends = [_end_of(message, outcome, now) for message, outcome in zip(taken.messages, outcomes, strict=True)]
    write_rows(
        sql.SETTLE,
        {
            "ids": [message.delivery_id for message in taken.messages],
            "attempts": [message.attempt for message in taken.messages],
            "states": [str(state) for state, _ in ends],
            "moments": [next_at for _, next_at in ends],
            "statuses": [outcome.status for outcome in outcomes],
            "errors": [outcome.error for outcome in outcomes],
            "now": now,
        },
    )
    insert_rows(
        [
            Attempt(
                organization_id=organization.pk,
                delivery_id=message.delivery_id,
                at=now - timedelta(milliseconds=outcome.milliseconds),
                milliseconds=outcome.milliseconds,
                status=outcome.status,
                error=outcome.error,
            )
            for message, outcome in zip(taken.messages, outcomes, strict=True)
        ]
    )
    if any(outcome.is_success for outcome in outcomes):
        write_rows(sql.SUCCEEDED, {"endpoint": taken.endpoint.pk, "now": now})
        return
    health: EndpointHealth | None = getattr(taken.endpoint, "health", None)
    until = now + rest_after(health.failures + 1 if health else 1)
    ((since,),) = fetch_written_rows(sql.FAILED, {"endpoint": taken.endpoint.pk, "now": now, "until": until})
    if is_paused_by(since, now):
        pause_failing(taken.endpoint, since=since, organization=organization)


def _end_of(message: Message, outcome: Outcome, now: datetime) -> tuple[Delivery.State, datetime]:
    """The state after an attempt, and when the next one is due."""
    if outcome.is_success:
        return State.DELIVERED, now
    next_at = now + delay_after(message.attempt)
    return (State.PENDING, next_at) if next_at < message.expires_at else (State.FAILED, now)


def send_test(endpoint: Endpoint, *, by: Actor) -> Delivery:
    """Send an endpoint an event `webhook.test`, whatever it listens to. Call it in a transaction."""
    now = clock.now()
    event = Event.objects.create(
        organization=by.organization,
        uid=uuid4(),
        kind=TEST.name,
        version=TEST.version,
        occurred_at=now,
        recorded_at=now,
        facts={"sent_by": by.name},
    )
    delivery = Delivery.objects.create(
        organization=by.organization, event=event, endpoint=endpoint, next_at=now, expires_at=now + KEPT_FOR
    )
    EndpointHealth.objects.filter(endpoint=endpoint).update(rests_until=None)
    defer_deliveries([endpoint.pk], organization=by.organization.code)
    return delivery


@transaction.atomic
def replay(deliveries: Iterable[int], *, by: Actor) -> int:
    """Deliver these (ids, of the actor's organization) once more, now, for seven days; return how many.

    Receivers get the same id again. Their endpoints are not left alone any longer.
    """
    now = clock.now()
    rows = Delivery.objects.filter(is_any_of("pk", deliveries, BigIntegerField())).select_for_update().order_by("pk")
    found: Mapping[int, int] = dict(rows.values_list("pk", "endpoint_id"))
    again = Delivery.objects.filter(is_any_of("pk", found, BigIntegerField()))
    again.update(state=State.PENDING, attempts=0, next_at=now, expires_at=now + KEPT_FOR, finished_at=None)
    endpoints = sorted(set(found.values()))
    EndpointHealth.objects.filter(is_any_of("endpoint_id", endpoints, BigIntegerField())).update(rests_until=None)
    changes = [Change(action="replayed", object_type="delivery", object_id=pk) for pk in found]
    insert_rows(audit_entries(changes, by=by))
    defer_deliveries(endpoints, organization=by.organization.code)
    return len(found)


def wake_endpoints() -> int:
    """Defer jobs for the endpoints of all organizations that have something due and no job; return how many.

    Retries, and what lost its job, are found like this.
    """
    due = fetch(sql.DUE_ENDPOINTS, {"now": clock.now()})
    return defer_missing_jobs(TASK, _jobs_of((pk, code) for pk, code in due), queue=DELIVERIES)


def expire_deliveries() -> int:
    """Give up what was not delivered within seven days, in every organization; return how many."""
    count = 0
    while expired := run(sql.EXPIRE, {"now": clock.now(), "limit": _BATCH}):
        count += expired
    return count


def prune_log() -> int:
    """Delete old events of the scope's organization with their deliveries and attempts; return how many events."""
    before = clock.now() - timedelta(days=settings.WEBHOOK_LOG_DAYS)
    count = 0
    while pruned := write_rows(sql.PRUNE, {"before": before, "limit": _BATCH}):
        count += pruned
    return count
