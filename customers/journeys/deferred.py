"""What follows from a loyalty event that was put off? The one list of its kinds, and the way in for workers.

(docs/protocol.md 1.8, Replay)
"""

from typing import Final

from engagement.services.deferral import Handler, defer_lost, work_waiting
from organizations.models import Organization
from organizations.scoping import organization_scope

HANDLERS: Final[dict[str, Handler]] = {}


def work_deferred_events(organization: Organization, customer_id: int) -> int:
    """Work what waits for this customer, oldest first; how many events. Raises the error of the first that fails."""
    with organization_scope(organization):
        return work_waiting(customer_id, handlers=HANDLERS, organization=organization)


def pick_up_deferred_events() -> int:
    """See to it, in every organization, that all events that wait have a job; how many customers had lost theirs."""
    count = 0
    for organization in Organization.objects.order_by("pk"):
        with organization_scope(organization):
            count += defer_lost(organization)
    return count
