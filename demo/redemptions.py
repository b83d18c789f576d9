"""Redemptions of the demo's members, by the use case of tills: many pay with points, one redemption is taken back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import QuerySet

from customers.profile.models import Customer
from engagement.points.models import PointsAccount, PointsEntry
from engagement.points_import.posting import post_history
from engagement.points_import.rows import PointsRow
from engagement.programs.catalog import current_catalog
from engagement.redemptions.models import Redemption
from engagement.redemptions.redeeming import redeem_points
from engagement.redemptions.requests import RedemptionRequest, ReversalRequest
from engagement.redemptions.reversing import reverse_redemption
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.numbers import plain_digits
from organizations.audit.actors import Actor, till_actor
from organizations.locations.models import Till
from organizations.tenancy.models import Organization

# Of the members who may redeem only every so many do.
_EVERY: Final = 7
_STEP: Final = 50
# Of those who have not redeemed, every so many did within so many days before. Their references begin alike.
_EVERY_EARLIER: Final = 2
_DAYS_EARLIER: Final = 170
_EARLIER: Final = "EARLIER-"
_LEAST: Final = Decimal(400)
_NOTES: Final = ("Paid for the second pair of socks", "Against the repair of a zip", "")


def redeem_demo_points(customers: Sequence[Customer], organization: Organization) -> int:
    """Let some of the customers redeem about half of their points where they registered; the number of redemptions.

    Call it in a transaction.
    """
    accounts = list(_accounts(customers)[::_EVERY])
    tills = Till.objects.select_related("store").in_bulk()
    for number, account in enumerate(accounts):
        by = till_actor(tills[account.customer.registered_till_id or 0], organization)
        redeemed = redeem_points(
            RedemptionRequest(
                references={"id": str(account.customer_id)},
                points=plain_digits(account.balance // 2 // _STEP * _STEP),
                notes=_NOTES[number % len(_NOTES)],
            ),
            by=by,
        )
        if number == 1:
            reverse_redemption(ReversalRequest(redemption_id=redeemed.redemption.code, notes="Paid in cash after all"), by=by)
    return len(accounts)


def post_earlier_redemptions(customers: Sequence[Customer], *, by: Actor, now: datetime) -> int:
    """Post what others of the customers redeemed in the last months, as an import of history; the number of redemptions.

    Each takes a third of the points. Call it in a transaction, once `redeem_demo_points` has redeemed.
    """
    redeemed = Redemption.objects.values("account")
    accounts = _accounts(customers).exclude(pk__in=redeemed)[::_EVERY_EARLIER]
    tills = Till.objects.select_related("store").in_bulk()
    rows = []
    for number, account in enumerate(accounts):
        till = tills[account.customer.registered_till_id or 0]
        at = now - timedelta(days=2 + number * 37 % _DAYS_EARLIER, hours=number % 5)
        # Nobody redeems before registering.
        if at > account.customer.registered_on:
            points = account.balance // 3 // _STEP * _STEP
            rows.append(
                PointsRow(
                    customer_id=account.customer_id,
                    program="",
                    kind=PointsEntry.Kind.REDEEM,
                    points=points,
                    occurred_at=at,
                    reference=f"{_EARLIER}{number:04}",
                    store=till.store,
                    till=till,
                )
            )
    for result in post_history(rows, catalog=current_catalog(), by=by, now=now):
        if isinstance(result, LoyaltyError):
            raise result
    return len(rows)


def _accounts(customers: Sequence[Customer]) -> QuerySet[PointsAccount]:
    """Those of the customers' accounts from which points may be redeemed where the customer registered."""
    accounts = PointsAccount.objects.filter(customer__in=[customer.pk for customer in customers], moved_to=None)
    redeemable = accounts.filter(balance__gte=_LEAST, program__is_default=True, customer__registered_till__isnull=False)
    return redeemable.select_related("customer").order_by("customer_id")
