"""Was this redemption, or reversal, worked before? Tills send again what they heard no answer to (tills' part 4.3, 4.4)."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import F

from customers.validation_codes.services import Purpose, was_used
from engagement.points.ledger.posting import Kind, end_of
from engagement.redemptions.codes import PointsCode
from engagement.redemptions.models import Redemption, RedemptionReversal
from engagement.redemptions.requests import RedemptionOrder
from engagement.redemptions.rules import start_of_day
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor


def find_earlier(
    order: RedemptionOrder, *, customer_id: int, program_id: int, points: Decimal, at: datetime, now: datetime, by: Actor
) -> Redemption | None:
    """The redemption that the same call made before: of one reference number, of one code, or of one bill; None for a new one.

    Raises `LoyaltyError` 903 for a reference number under which the customer redeemed something else.
    """
    made = Redemption.objects.filter(account__customer_id=customer_id).select_related(
        "account", "bill", "entry__program_version", "entry__till"
    )
    if order.external_reference:
        # Where two who were merged had used it both, it stands for what the survivor redeemed.
        own_first = F("account__moved_to").asc(nulls_first=True)
        same = made.filter(entry__kind=Kind.REDEEM, entry__reference=order.external_reference)
        known = same.order_by(own_first, "-pk").first()
        if known is not None:
            if (known.points, known.account.program_id) != (points, program_id):
                raise LoyaltyError(PointsCode.REFERENCE_USED)
            return known
    if by.till is None:
        return None
    here = made.filter(entry__till=by.till, points=points).order_by("-pk")
    code = order.validation_code.strip().upper()
    if code and was_used(code, customer_id=customer_id, purpose=Purpose.POINTS, now=now):
        by_code = here.filter(validation_code=code).first()
        if by_code is not None:
            return by_code
    if not order.transaction_number:
        return None
    zone = by.organization.zone
    of_bill = here.filter(
        account__program_id=program_id,
        transaction_number=order.transaction_number,
        reversed=0,
        entry__occurred_at__gte=start_of_day(at, zone),
        entry__occurred_at__lt=end_of(at.astimezone(zone).date(), zone),
    )
    return _first_alike(of_bill, order.external_reference, code)


def _first_alike(redemptions: Iterable[Redemption], reference: str, code: str) -> Redemption | None:
    """The first that does not carry another reference number, or another code, than the call."""
    for one in redemptions:
        if not _differ(one.entry.reference, reference) and not _differ(one.validation_code, code):
            return one
    return None


def _differ(one: str, other: str) -> bool:
    return bool(one and other and one != other)


def find_earlier_reversal(
    reference: str, *, redemption: Redemption, customer_id: int, points: Decimal | None
) -> RedemptionReversal | None:
    """The reversal that the same call made before, by its reference number; None for a new one.

    `points` is None where all that was left is meant. Raises `LoyaltyError` 903 for a reference number under which something
    else of the customer was reversed.
    """
    if not reference:
        return None
    same = RedemptionReversal.objects.filter(
        redemption__account__customer_id=customer_id, entry__kind=Kind.REVERSAL, entry__reference=reference
    ).select_related("entry", "redemption")
    # Two who were merged may have used it both.
    known = min(same, key=lambda one: one.redemption_id != redemption.pk, default=None)
    if known is not None and (known.redemption_id != redemption.pk or points not in {None, known.points}):
        raise LoyaltyError(PointsCode.REFERENCE_USED)
    return known
