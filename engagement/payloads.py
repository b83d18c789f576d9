"""How is a membership printed? Pure functions from rows to the objects of docs/protocol.md 3."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from engagement.days import years_later
from engagement.models import Membership, PointsEntry, Tier
from loyalty_project.api.renderers import plain_digits
from loyalty_project.moments import write_moment

# A tier that never ends is shown to end in the far future: so many years after the registration (docs/protocol.md 2.7).
FAR_FUTURE_YEARS = 100
NO_TIER = "NONE"
NO_NUMBER = "-1"
_END_OF_DAY = time(23, 59, 59)


class Totals(Protocol):
    """The figures of a points account, as decimals. `balance` is what may be spent, and may be below zero."""

    balance: Decimal
    lifetime: Decimal
    redeemed: Decimal
    expired: Decimal
    returned: Decimal
    adjusted: Decimal


def points_summary(
    membership: Membership,
    totals: Totals,
    *,
    tiers: Sequence[Tier],
    purchases: Decimal,
    registered_on: datetime,
    zone: ZoneInfo,
) -> dict[str, str]:
    """The row of `points_summaries` for one program, all text (docs/protocol.md 3), as add and update print it.

    `membership.tier` is read already. `tiers` are the program's, lowest first; `purchases` is what was bought within the
    program, net of returns; `registered_on` is the customer's.
    """
    current = membership.tier
    following = next_tier(current, tiers)
    return {
        "programId": str(membership.program_id),
        "redeemed": plain_digits(totals.redeemed),
        "expired": plain_digits(totals.expired),
        "returned": plain_digits(totals.returned),
        "adjusted": plain_digits(totals.adjusted),
        "lifetimePoints": plain_digits(totals.lifetime),
        "loyaltyPoints": plain_digits(max(totals.balance, Decimal(0))),
        "cumulativePurchases": plain_digits(purchases),
        "currentSlab": current.name if current else NO_TIER,
        "nextSlab": following.name if following else "",
        "nextSlabSerialNumber": str(following.position) if following else NO_NUMBER,
        "nextSlabDescription": following.description if following else "",
        "slabSNo": str(current.position) if current else NO_NUMBER,
        "slabExpiryDate": tier_expiry(membership, registered_on=registered_on, zone=zone) or "",
        "totalPoints": "",
    }


def points_effects(entries: Iterable[PointsEntry]) -> list[dict[str, Any]]:
    """Effects of type points, one for each account that got any (docs/protocol.md 3): promised points are awarded ones too,
    and the total is what may be spent.
    """
    by_account: dict[int, dict[str, Any]] = {}
    for entry in entries:
        if entry.kind not in {PointsEntry.Kind.AWARD, PointsEntry.Kind.PROMISE}:
            continue
        effect = by_account.setdefault(
            entry.account_id,
            {
                "awarded_points": Decimal(0),
                "total_points": Decimal(0),
                "customer_id": str(entry.account.customer_id),
                "type": "points",
            },
        )
        effect["awarded_points"] += entry.points + entry.promised
        effect["total_points"] = max(entry.account.balance, Decimal(0))
    return list(by_account.values())


def raw_effects(entries: Iterable[PointsEntry], *, customer_id: int, zone: ZoneInfo) -> list[dict[str, Any]]:
    """`rawSideEffects` of add and bills: each award by itself, before and after rounding (docs/protocol.md 4.1)."""
    return [
        {
            "entityType": "USER",
            "rawAwardedPoints": Decimal(entry.explanation.get("exact", entry.explanation.get("fixed", entry.points))),
            "awardedPoints": entry.points + entry.promised,
            "customerId": customer_id,
            "type": "points",
            "isReferrer": "false",
            "awardOn": write_moment(entry.occurred_at, zone),
            "expiryDate": _expiry(entry),
            "strategyIds": [] if entry.program_version_id is None else [entry.program_version_id],
        }
        for entry in entries
        if entry.kind in {PointsEntry.Kind.AWARD, PointsEntry.Kind.PROMISE}
    ]


def _expiry(entry: PointsEntry) -> str | None:
    day = entry.lot.expires_on
    return f"{day.isoformat()} {_END_OF_DAY.isoformat()}" if day else None


def next_tier(current: Tier | None, tiers: Sequence[Tier]) -> Tier | None:
    """The tier above `current`; the lowest for somebody without one, None on top and where a program has no tiers."""
    reached = current.position if current else 0
    return next((tier for tier in tiers if tier.position > reached), None)


def tier_expiry(membership: Membership, *, registered_on: datetime, zone: ZoneInfo) -> str | None:
    """The last second of the tier, as `tier_expiry_date` and `slabExpiryDate` print it; None without a tier."""
    if membership.tier_id is None:
        return None
    day = membership.tier_expires_on or years_later(registered_on.astimezone(zone).date(), FAR_FUTURE_YEARS)
    return f"{day.isoformat()} {_END_OF_DAY.isoformat()}"
