"""A webhook endpoint of the demo: paused, because no receiver runs, with the events of the later steps of the load."""

from typing import Final

from loyalty_project import clock
from organizations.audit.actors import Actor
from webhooks.endpoints.models import Endpoint
from webhooks.endpoints.secrets import add_secret
from webhooks.endpoints.services import PausedBecause, pause_endpoint

NAME: Final = "Newsletter service"
URL: Final = "https://newsletter.example/hooks/harbour"
# Those that merges and adjustments bring: a few.
EVENTS: Final = ("customer.merged", "customer.merge_undone", "points.corrected")


def open_demo_endpoint(*, by: Actor) -> bool:
    """Add the endpoint, and have the actor's organization listen to its events. False if there is an endpoint already.

    Call it in a transaction.
    """
    if Endpoint.objects.exists():
        return False
    endpoint = Endpoint.objects.create(
        organization=by.organization, name=NAME, url=URL, events=list(EVENTS), created_at=clock.now()
    )
    add_secret(endpoint, by=by)
    pause_endpoint(endpoint, PausedBecause.STAFF, by=by)
    by.organization.refresh_from_db()
    return True
