"""The consents on a customer's page: what the customer chose, and whether messages are allowed, with the reason."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from organizations.back_office.panels import Panel
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from subscriptions.models import Channel, Consent, Priority
from subscriptions.payloads import PAIRS
from subscriptions.rules import Pair
from subscriptions.sending import Verdict, may_send
from subscriptions.services import consents_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    """A channel and priority of the panel. `change` is the URL of the page that changes it, "" without permission."""

    channel: str
    priority: str
    consent: Consent | None
    verdict: Verdict
    change: str

    @property
    def since(self) -> datetime | None:
        """Time of the customer's last decision."""
        return self.consent.decided_at if self.consent else None


def consents_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Panel | None:
    """All pairs of channel and priority, with links to change them and to the log; None without permission. One query."""
    if not seen_by.has_perm("subscriptions.view_consent"):
        return None
    consents = consents_of([customer.pk])[customer.pk]
    known_by = {row.kind for row in customer.identifiers.all() if row.state == Identifier.State.CURRENT}
    log = reverse("admin:subscriptions_consentchange_changelist")
    return Panel(
        "back_office/consents.html",
        {
            "rows": [
                _row(customer, pair, consents.get(pair), organization.policy.opt_in_type, known_by, seen_by) for pair in PAIRS
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
