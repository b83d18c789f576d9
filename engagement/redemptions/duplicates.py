"""Redemptions and reversals sent again: tills repeat calls that got no answer (docs/protocol.md, tills' part 4.3, 4.4)."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import F

from customers.validation_codes.services import Purpose, was_used
from engagement.points.ledger.posting import Kind
from engagement.redemptions.codes import PointsCode
from engagement.redemptions.models import Redemption, RedemptionReversal
from engagement.redemptions.requests import RedemptionRequest
from engagement.redemptions.rules import start_of_day
from engagement.tiers.rules import end_of
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor


def find_earlier(
    request: RedemptionRequest, *, customer_id: int, program_id: int, points: Decimal, at: datetime, now: datetime, by: Actor
) -> Redemption | None:
    """The redemption that an earlier, equal call made: the same reference number, code, or bill; None for a new call.

    Raises `LoyaltyError` 903 for a reference number of another redemption of the customer. Call it if the request has a code,
    or may repeat a redemption (`stored.Stored`).
    """
    made = Redemption.objects.filter(account__customer_id=customer_id).select_related(
        "account", "bill", "entry__program_version", "entry__till"
    )
    if request.external_reference:
        # Two merged customers may both have used the number: the survivor's redemption counts.
        own_first = F("account__moved_to").asc(nulls_first=True)
        same = made.filter(entry__kind=Kind.REDEEM, entry__reference=request.external_reference)
        known = same.order_by(own_first, "-pk").first()
        if known is not None:
            if (known.points, known.account.program_id) != (points, program_id):
                raise LoyaltyError(PointsCode.REFERENCE_USED)
            return known
    if by.till is None:
        return None
    at_till = made.filter(entry__till=by.till, points=points).order_by("-pk")
    code = request.validation_code.upper()
    if code and was_used(code, customer_id=customer_id, purpose=Purpose.POINTS, now=now):
        by_code = at_till.filter(validation_code=code).first()
        if by_code is not None:
            return by_code
    if not request.transaction_number:
        return None
    zone = by.organization.zone
    of_bill = at_till.filter(
        account__program_id=program_id,
        transaction_number=request.transaction_number,
        reversed=0,
        entry__occurred_at__gte=start_of_day(at, zone),
        entry__occurred_at__lt=end_of(at.astimezone(zone).date(), zone),
    )
    return _first_same(of_bill, request.external_reference, code)


def _first_same(redemptions: Iterable[Redemption], reference: str, code: str) -> Redemption | None:
    """The first without another reference number or another code than the call."""
    for redemption in redemptions:
        if not _differ(redemption.entry.reference, reference) and not _differ(redemption.validation_code, code):
            return redemption
    return None


def _differ(stored: str, given: str) -> bool:
    return bool(stored and given and stored != given)


def find_earlier_reversal(
    reference: str, *, redemption: Redemption, customer_id: int, points: Decimal | None
) -> RedemptionReversal | None:
    """The reversal that an earlier, equal call made, by its reference number; None for a new call.

    `points` is None for all that was left. Raises `LoyaltyError` 903 for a reference number of another reversal.
    """
    if not reference:
        return None
    same = RedemptionReversal.objects.filter(
        redemption__account__customer_id=customer_id, entry__kind=Kind.REVERSAL, entry__reference=reference
    ).select_related("entry", "redemption")
    # Two merged customers may both have used the number.
    known = min(same, key=lambda reversal: reversal.redemption_id != redemption.pk, default=None)
    if known is not None and (known.redemption_id != redemption.pk or points not in {None, known.points}):
        raise LoyaltyError(PointsCode.REFERENCE_USED)
    return known
