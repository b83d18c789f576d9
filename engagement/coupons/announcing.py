"""Webhook events of coupons (docs/webhooks.md): announced when coupons are issued and redeemed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from engagement.coupons.models import Coupon, CouponRedemption
from loyalty_project.protocol.numbers import plain_digits
from organizations.tenancy.models import Organization
from webhooks.announcing import Announcement, announce
from webhooks.events.kinds import EventKind
from webhooks.events.payloads import write_utc

ISSUED: Final = EventKind(name="coupon.issued", meaning="a customer got a coupon")
REDEEMED: Final = EventKind(name="coupon.redeemed", meaning="a coupon was redeemed")
COUPON_EVENTS: Final = (ISSUED, REDEEMED)


def announce_issued(coupons: Sequence[Coupon], series: Mapping[int, str], *, organization: Organization) -> None:
    """Announce issued coupons; those printed for nobody in particular are left out. `series` are codes by id."""
    if ISSUED.name not in organization.announced_events:
        return
    announce(
        [
            Announcement(
                kind=ISSUED,
                customer_id=coupon.customer_id,
                occurred_at=coupon.issued_at,
                facts=_facts(coupon, series[coupon.series_id]),
            )
            for coupon in coupons
            if coupon.customer_id is not None
        ]
    )


def announce_redeemed(
    uses: Sequence[tuple[Coupon, int, CouponRedemption]], series: Mapping[int, str], *, organization: Organization
) -> None:
    """Announce redemptions: each with its coupon and customer (id). `series` are codes by id."""
    if REDEEMED.name not in organization.announced_events:
        return
    announce(
        [
            Announcement(
                kind=REDEEMED,
                customer_id=customer_id,
                occurred_at=redemption.redeemed_at,
                facts={
                    **_facts(coupon, series[coupon.series_id]),
                    "transaction_number": redemption.transaction_number,
                    "amount": _figure(redemption.amount),
                    "discount": _figure(redemption.discount),
                    "uses": coupon.uses,
                },
            )
            for coupon, customer_id, redemption in uses
        ]
    )


def _facts(coupon: Coupon, series: str) -> dict[str, Any]:
    return {
        "coupon_id": coupon.pk,
        "code": coupon.code,
        "series": series,
        "valid_till": write_utc(coupon.valid_till) if coupon.valid_till else None,
    }


def _figure(value: Any) -> str | None:
    return None if value is None else plain_digits(value)
