"""Pausing and resuming of endpoints, by staff and after long failure."""

from datetime import datetime

import structlog

from loyalty_project import clock
from loyalty_project.db.locks import lock
from organizations.audit.actors import Actor, command_actor
from organizations.audit.services import Change, record_changes
from organizations.tenancy.models import Organization
from webhooks.endpoints.models import Endpoint, EndpointHealth

log = structlog.get_logger(__name__)
PausedBecause = Endpoint.PausedBecause


def pause_endpoint(endpoint: Endpoint, because: Endpoint.PausedBecause, *, by: Actor) -> bool:
    """Pause an endpoint: what it listens to is kept, and waits. False if it is paused already. Call it in a transaction."""
    endpoint = lock(Endpoint.objects.filter(pk=endpoint.pk)).get()
    if endpoint.paused_at is not None:
        return False
    endpoint.paused_at, endpoint.paused_because = clock.now(), because
    endpoint.save(update_fields=["paused_at", "paused_because"])
    change = Change(action="paused", object_type="endpoint", object_id=endpoint.pk, new={"paused": because.label})
    record_changes([change], by=by)
    return True


def resume_endpoint(endpoint: Endpoint, *, by: Actor) -> bool:
    """Resume a paused endpoint, as if it had not failed. False if it is not paused. Call it in a transaction."""
    endpoint = lock(Endpoint.objects.filter(pk=endpoint.pk)).get()
    if endpoint.paused_at is None:
        return False
    endpoint.paused_at, endpoint.paused_because = None, ""
    endpoint.save(update_fields=["paused_at", "paused_because"])
    EndpointHealth.objects.filter(endpoint=endpoint).update(failures=0, failing_since=None, rests_until=None)
    record_changes([Change(action="resumed", object_type="endpoint", object_id=endpoint.pk)], by=by)
    return True


def pause_failing(endpoint: Endpoint, *, since: datetime, organization: Organization) -> None:
    """Pause an endpoint that has failed for too long. Staff see it on the start page. Call it in a transaction."""
    if pause_endpoint(endpoint, PausedBecause.FAILURES, by=command_actor("worker", organization)):
        log.warning("webhook_endpoint_paused", endpoint=endpoint.pk, failing_since=since.isoformat())
