"""Redemptions taken back, and coupons ended by staff (docs/protocol.md, tills' part 5.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import F

from customers.profile.locks import lock_customer
from engagement.coupons.codes import CouponCode
from engagement.coupons.models import Coupon, CouponRedemption, CouponReversal
from engagement.coupons.rules import has_expired, latest_expired, uses_left
from loyalty_project import clock
from loyalty_project.db.locks import ask_to_repeat, lock
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.values import read_id
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes

LONGEST_REASON: Final = 250


class CouponStateError(ValueError):
    """What staff asked for cannot be done with the coupon any more. The text is the reason, for users. Nothing has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reactivated:
    """A coupon whose redemption was taken back, now or before (warning 510). `uses_left` None: unlimited."""

    redemption: CouponRedemption
    coupon: Coupon
    uses_left: int | None
    notices: Sequence[Notice] = ()


def reactivate_coupon(redemption_id: str, *, by: Actor, reason: str = "") -> Reactivated:
    """Take a redemption back: it no longer counts, and the coupon may be used once more. Its end of validity stays.

    Raises `LoyaltyError` 661 without an id, 510 for an unknown one, 701 for a coupon of an erased customer. Call it in a
    transaction. It locks the customer, then the coupon; `coupon_redemption_reversed_once` is underneath.
    """
    given = redemption_id.strip()
    if not given:
        raise LoyaltyError(CouponCode.NO_REDEMPTION)
    redemption = CouponRedemption.objects.select_related("coupon__customer").filter(pk=read_id(given)).first()
    if redemption is None:
        raise LoyaltyError(CouponCode.INVALID_REDEMPTION)
    owner = redemption.coupon.customer
    if owner is not None and owner.erased_at is not None:
        raise LoyaltyError(CouponCode.CUSTOMER_NOT_FOUND)
    coupon = lock_coupon(redemption.coupon)
    if CouponReversal.objects.filter(redemption=redemption).exists():
        notices = [Notice(CouponCode.INVALID_REDEMPTION)]
        return Reactivated(
            redemption=redemption, coupon=coupon, uses_left=uses_left(coupon.uses, coupon.most_uses), notices=notices
        )
    CouponReversal.objects.create(
        organization=by.organization,
        redemption=redemption,
        reversed_at=clock.now(),
        reason=reason[:LONGEST_REASON],
        till=by.till,
        store=by.store,
        made_by=by.name,
    )
    Coupon.objects.filter(pk=coupon.pk).update(uses=F("uses") - 1)
    coupon.uses -= 1
    new = {"customer": coupon.customer_id, "redemption": redemption.pk, **({"reason": reason} if reason else {})}
    record_changes([Change(action="reactivated", object_type="coupon", object_id=coupon.pk, new=new)], by=by)
    return Reactivated(redemption=redemption, coupon=coupon, uses_left=uses_left(coupon.uses, coupon.most_uses))


def expire_coupon(coupon: Coupon, *, by: Actor, reason: str) -> Coupon:
    """End the validity of a coupon now. What it was redeemed for stays.

    Raises `CouponStateError` if it has expired already. Call it in a transaction. Locks as `reactivate_coupon`.
    """
    now = clock.now()
    held = lock_coupon(coupon)
    if has_expired(held.valid_till, now):
        raise CouponStateError("The coupon has expired already.")
    before, held.valid_till = held.valid_till, latest_expired(now).replace(microsecond=0)
    Coupon.objects.filter(pk=held.pk).update(valid_till=held.valid_till)
    change = Change(
        action="expired",
        object_type="coupon",
        object_id=held.pk,
        old={"valid_till": before.isoformat()},
        new={"valid_till": held.valid_till.isoformat(), "reason": reason},
    )
    record_changes([change], by=by)
    return held


def lock_coupon(coupon: Coupon) -> Coupon:
    """Lock the coupon's customer and the coupon; the row as it is now."""
    if coupon.customer_id is not None:
        lock_customer(coupon.customer_id)
    held: Coupon = lock(Coupon.objects.filter(pk=coupon.pk)).get()
    if held.customer_id != coupon.customer_id:
        ask_to_repeat("the coupon went to another customer meanwhile")
    return held
