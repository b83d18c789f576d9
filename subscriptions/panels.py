"""What does a customer's page tell of consents? What was said, and whether the customer may be written to, and why."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from organizations.back_office.panels import Panel
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from subscriptions.choices import Pair
from subscriptions.models import Channel, Consent, Priority
from subscriptions.payloads import PAIRS
from subscriptions.sending import Verdict, may_send
from subscriptions.services import consents_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    """One channel and priority, as the panel tells it. `change` is the address of the page that changes it, "" for none."""

    channel: str
    priority: str
    consent: Consent | None
    verdict: Verdict
    change: str

    @property
    def since(self) -> datetime | None:
        """When the customer last decided about it."""
        return self.consent.decided_at if self.consent else None


def consents_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Panel | None:
    """Every pair of channel and priority, with the ways to change them and to the log, for those who may. One query."""
    if not seen_by.has_perm("subscriptions.view_consent"):
        return None
    said = consents_of([customer.pk])[customer.pk]
    known_by = {one.kind for one in customer.identifiers.all() if one.state == Identifier.State.CURRENT}
    log = reverse("admin:subscriptions_consentchange_changelist")
    return Panel(
        "back_office/consents.html",
        {
            "rows": [
                _row(customer, pair, said.get(pair), organization.policy.opt_in_type, known_by, seen_by) for pair in PAIRS
            ],
            "log": f"{log}?customer={customer.pk}",
        },
    )


def _row(
    customer: Customer, pair: Pair, consent: Consent | None, opt_in_type: str, known_by: set[str], seen_by: StaffMember
) -> ConsentRow:
    channel, priority, _scope = pair
    is_subscribed = consent.is_subscribed if consent else None
    may_change = seen_by.has_perm("subscriptions.change_consent")
    return ConsentRow(
        channel=Channel(channel).label,
        priority=Priority(priority).label,
        consent=consent,
        verdict=may_send(channel, is_subscribed=is_subscribed, opt_in_type=opt_in_type, known_by=known_by),
        change=reverse("admin:subscriptions_consentchange_decide", args=[customer.pk, channel, priority]) if may_change else "",
    )
