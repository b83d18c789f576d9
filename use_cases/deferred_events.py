"""Handlers of deferred loyalty events by kind, run by workers (docs/protocol.md 1.8, Replay)."""

from datetime import datetime
from typing import Final

from engagement.bills.models import Bill
from engagement.earning.welcome import welcome_later
from engagement.events.deferral import BILL, MERGE, WELCOME, Handler, defer_lost, work_waiting
from engagement.events.models import DeferredEvent
from engagement.programs.catalog import current_catalog, load_catalog
from loyalty_project import clock
from organizations.audit.actors import Actor
from organizations.configuration import current_configuration
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from referrals.campaigns.catalog import load_campaigns
from use_cases.merging import move_points_later
from use_cases.purchases import award_points
from use_cases.referring import REFERRAL, reward_registrations


def _welcome(event: DeferredEvent, /, *, by: Actor) -> None:
    """Award what the programs of the payload give for joining."""
    welcome_later(
        event.customer,
        event.payload["programs"],
        catalog=current_catalog(),
        organization=by.organization,
        by=by,
        now=clock.now(),
    )


def _bill(event: DeferredEvent, /, *, by: Actor) -> None:
    """Award the points of the recorded bill that the payload names. Raises `PointsStepError` if it fails again."""
    configuration = current_configuration()
    bills = Bill.objects.select_related("till", "store__zone", "store__concept", "return_of")
    award_points(
        [bills.get(pk=event.payload["bill"])],
        customers={event.customer_id: event.customer},
        catalog=configuration.part(load_catalog),
        campaigns=configuration.part(load_campaigns),
        by=by,
        now=clock.now(),
    )


def _referral(event: DeferredEvent, /, *, by: Actor) -> None:
    """Give the rewards of a registration by a referral."""
    reward_registrations(
        {event.customer_id: event.customer},
        catalog=current_catalog(),
        by=by,
        now=clock.now(),
        at=datetime.fromisoformat(event.payload["at"]),
    )


HANDLERS: Final[dict[str, Handler]] = {
    WELCOME: _welcome,
    BILL: _bill,
    MERGE: move_points_later,
    REFERRAL: _referral,
}


def work_deferred_events(organization: Organization, customer_id: int) -> int:
    """Handle the waiting events of a customer, oldest first; their number. Raises the error of the first that fails."""
    with organization_scope(organization):
        return work_waiting(customer_id, handlers=HANDLERS, organization=organization)


def pick_up_deferred_events() -> int:
    """Defer a job for every customer with waiting events but without a job, in every organization; the number of customers."""
    count = 0
    for organization in Organization.objects.order_by("pk"):
        with organization_scope(organization):
            count += defer_lost(organization)
    return count
