"""Links between uses of coupons and bills, by the bill's number (docs/protocol.md, tills' part 2.6, 5.2)."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, CharField, Q

from engagement.bills.batch import BILL_NAMES
from engagement.bills.codes import BillCode
from engagement.bills.models import Bill
from engagement.coupons.models import CouponRedemption
from loyalty_project.db.lookups import is_any_of
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.values import read_id

# Column of a row `customer`: true if any use of their coupons names a new bill and is not linked.
AWAITS_BILL: Final = f"""EXISTS (
        SELECT FROM engagement_coupon AS coupon
        JOIN engagement_couponredemption AS used ON used.organization_id = %(organization)s
            AND used.coupon_id = coupon.id AND used.bill_id IS NULL
        WHERE coupon.organization_id = %(organization)s AND coupon.customer_id = customer.id
            AND used.transaction_number = ANY({BILL_NAMES})
    )"""


def link_coupon_uses(bill: Bill, listed: Sequence[str], *, zone: ZoneInfo) -> list[Notice]:
    """Link uses of coupons to a new sale: those that it lists by id, and those of its number or id, at its store on its day.

    Warning 640 for each listed one that is unknown, of another customer, reversed, or linked to another bill. Two queries at
    most. Call it in a transaction that holds the lock of the bill's customer.
    """
    if bill.customer_id is None or bill.is_return:
        return [Notice(BillCode.REDEMPTION_NOT_FOUND) for _ in listed]
    ids = {pk for text in listed if (pk := read_id(text))}
    names = {bill.number, str(bill.pk)}
    uses = CouponRedemption.objects.filter(coupon__customer_id=bill.customer_id, reversals=None)
    made_with_it = Q(is_any_of("transaction_number", names, CharField()), bill=None, store_id=bill.store_id)
    found = uses.filter(made_with_it | Q(is_any_of("pk", ids, BigIntegerField()))) if ids else uses.filter(made_with_it)
    by_id = {use.pk: use for use in found}
    own = {
        pk
        for pk, use in by_id.items()
        if use.bill_id in {None, bill.pk} and (pk in ids or use.redeemed_at.astimezone(zone).date() == bill.billed_on)
    }
    if own:
        CouponRedemption.objects.filter(is_any_of("pk", own, BigIntegerField())).update(bill=bill)
    return [Notice(BillCode.REDEMPTION_NOT_FOUND) for text in listed if read_id(text) not in own]
