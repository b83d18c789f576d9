"""Redemptions of the demo's members, by the use case of tills: many pay with points, one redemption is taken back."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

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

HOW_MANY: Final = 60
# Of the members who may redeem only every so many do.
_EVERY: Final = 7
_STEP: Final = 50
# Of those who have not redeemed, every so many did within so many days before. Their references begin alike.
_EVERY_EARLIER: Final = 2
_DAYS_EARLIER: Final = 170
_EARLIER: Final = "EARLIER-"
_LEAST: Final = Decimal(400)
_NOTES: Final = ("Paid for the second pair of socks", "Against the repair of a zip", "")


def redeem_demo_points(organization: Organization) -> int:
    """Let members redeem about half of their points where they registered; the number of redemptions.

    Does nothing if there are redemptions already, of an older edition or of a user. Call it in a transaction.
    """
    if Redemption.objects.exists():
        return 0
    members = PointsAccount.objects.filter(
        moved_to=None, balance__gte=_LEAST, program__is_default=True, customer__registered_till__isnull=False
    ).order_by("customer_id")
    accounts = list(members.select_related("customer")[::_EVERY][:HOW_MANY])
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


def post_earlier_redemptions(*, by: Actor, now: datetime) -> int:
    """Post what other members redeemed in the last months, as an import of history; the number of redemptions.

    Each takes a third of the points. Does nothing if it was done by an older edition. Call it in a transaction, once
    `redeem_demo_points` has redeemed.
    """
    if PointsEntry.objects.filter(reference__startswith=_EARLIER).exists():
        return 0
    redeemed = Redemption.objects.values("account")
    members = PointsAccount.objects.filter(
        moved_to=None, balance__gte=_LEAST, program__is_default=True, customer__registered_till__isnull=False
    )
    accounts = members.exclude(pk__in=redeemed).select_related("customer").order_by("customer_id")[::_EVERY_EARLIER]
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
