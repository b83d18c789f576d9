"""Messages of the demo: codes that members asked for at a till. Nobody sends them; staff read them for ten minutes."""

from typing import Final

from customers.outbox.models import OutboxMessage
from customers.profile.models import Customer
from engagement.points.models import PointsAccount
from engagement.redemptions.otp import ask_for_code
from organizations.audit.actors import till_actor
from organizations.locations.models import Till
from organizations.tenancy.models import Organization

HOW_MANY: Final = 3
_LEAST: Final = 100
_POINTS: Final = "50"


def send_demo_codes(organization: Organization) -> int:
    """Send codes to members who have points and a mobile, where they registered; the number of messages.

    Does nothing if there are messages already. Call it in a transaction.
    """
    if OutboxMessage.objects.exists():
        return 0
    members = PointsAccount.objects.filter(
        moved_to=None,
        balance__gte=_LEAST,
        program__is_default=True,
        customer__registered_till__isnull=False,
        customer__fraud_status=Customer.FraudStatus.NONE,
        customer__identifiers__kind="mobile",
        customer__identifiers__state="CURRENT",
    ).order_by("-customer_id")
    accounts = list(members.select_related("customer")[:HOW_MANY])
    tills = Till.objects.select_related("store").in_bulk()
    for account in accounts:
        by = till_actor(tills[account.customer.registered_till_id or 0], organization)
        ask_for_code({"id": str(account.customer_id)}, _POINTS, by=by)
    return len(accounts)
