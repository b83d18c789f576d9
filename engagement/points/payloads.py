"""What answers print of points, tiers and programs: pure functions (docs/protocol.md 3, 4.5)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engagement.numbers.rounding import divided
from engagement.points.balances import Balance
from engagement.points.ledger.posting import AccountState
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from engagement.programs.catalog import CurrentProgram
from engagement.programs.models import Membership, Tier
from engagement.tiers.payloads import NO_UPGRADE_GAP, last_second
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.numbers import plain_digits
from organizations.locations.names import LocationName
from organizations.locations.payloads import printed_name

ZERO = Decimal(0)
NO_NUMBER = "-1"
_END_OF_DAY = time(23, 59, 59)


def points_summary(balance: Balance, *, tiers: Sequence[Tier], registered_on: datetime, zone: ZoneInfo) -> dict[str, str]:
    """The row of `points_summaries` for one program, all text (docs/protocol.md 3), as add and update print it.

    `tiers` are the program's, lowest first; `registered_on` is the customer's.
    """
    totals, current = balance.totals, balance.tier
    following = next_tier(current, tiers)
    return {
        "programId": str(balance.program_id),
        "redeemed": plain_digits(totals.redeemed),
        "expired": plain_digits(totals.expired),
        "returned": plain_digits(totals.returned),
        "adjusted": plain_digits(totals.adjusted),
        "lifetimePoints": plain_digits(totals.lifetime),
        "loyaltyPoints": plain_digits(balance.spendable),
        "cumulativePurchases": plain_digits(totals.purchases),
        "currentSlab": balance.current_slab or "",
        "nextSlab": following.name if following else "",
        "nextSlabSerialNumber": str(following.position) if following else NO_NUMBER,
        "nextSlabDescription": following.description if following else "",
        "slabSNo": str(current.position) if current else NO_NUMBER,
        "slabExpiryDate": tier_expiry(balance.membership, registered_on=registered_on, zone=zone) or "",
        "totalPoints": "",
    }


def program_extras(current: CurrentProgram, balance: Balance) -> dict[str, Any]:
    """Further keys of a row of `points_summaries` in customer/get with `mlp` (docs/protocol.md 3)."""
    return {
        "currentSlabDescription": balance.tier.description if balance.tier else "",
        "delayed_points": plain_digits(balance.totals.promised),
        "delayed_returned_points": plain_digits(balance.totals.promised_returned),
        "total_available_points": plain_digits(balance.spendable),
        "total_returned_points": plain_digits(balance.total_returned),
        "program_title": current.program.name,
        "program_description": current.program.description,
        "program_points_to_currency_ratio": plain_digits(current.rules.ratio),
        "linked_partner_programs": {"linked_partner_program": []},
        "gap_to_upgrade": dict(NO_UPGRADE_GAP),
        "gap_to_renew": {},
    }


def summed(accounts: Sequence[PointsAccount]) -> dict[str, str]:
    """`points_summary` of customer/get: sums over these accounts."""
    return {
        name: plain_digits(sum((getattr(account, name) for account in accounts), ZERO))
        for name in ("expired", "redeemed", "adjusted", "returned")
    }


def expiry_rows(states: Sequence[AccountState]) -> list[dict[str, str]]:
    """`expiry_schedule.schedule[]`: what may be spent and will expire, by day and program, the earliest first."""
    by_day: dict[tuple[date, int], Decimal] = {}
    for state in states:
        for lot in state.spendable():
            if (day := state.last_day(lot)) is not None:
                key = (day, state.account.program_id)
                by_day[key] = by_day.get(key, ZERO) + lot.left
    return [
        {"points": plain_digits(points), "expiry_date": day.isoformat(), "program_id": str(program_id)}
        for (day, program_id), points in sorted(by_day.items())
    ]


def promised_block(states: Sequence[AccountState], zone: ZoneInfo) -> dict[str, Any]:
    """`delayed_accrual`: points promised and not yet to be spent, the earliest first."""
    rows = [
        (lot.opens_at, state.account.program_id, lot)
        for state in states
        for lot in state.lots
        if not lot.is_open and lot.opens_at is not None
    ]
    return {
        "promised_points": plain_digits(sum((lot.left for *_, lot in rows), ZERO)),
        "schedule": [
            {
                "points": plain_digits(lot.left),
                "redeemable_from": write_moment(opens_at, zone),
                "program_id": str(program_id),
                "points_type": lot.kind,
            }
            for opens_at, program_id, lot in sorted(rows, key=lambda row: (row[0], row[1], row[2].pk or 0))
        ],
        # Only time releases a promise.
        "trigger_based": [],
    }


def expired_row(points: Decimal, last_day: str, program_id: int) -> dict[str, str]:
    """One row of `expired_points.item[]`; `expired_on` is the last good day (docs/protocol.md 7)."""
    return {"points": plain_digits(points), "expired_on": last_day, "program_id": str(program_id)}


def last_day_of(explained: str | None, occurred_at: datetime, zone: ZoneInfo) -> str:
    """The last good day of points that expired: as the entry explains it, or the day on which it occurred."""
    return explained or occurred_at.astimezone(zone).date().isoformat()


def promotion_row(lot: PointsLot, state: AccountState, *, till: LocationName | None) -> dict[str, Any]:
    """One row of `promotion_points`: points, till, day of issue and last day."""
    day = state.last_day(lot)
    row: dict[str, Any] = {"transaction_id": str(lot.bill_id)} if lot.bill_id else {}
    return {
        **row,
        "points": plain_digits(lot.points),
        "expiry_date": day.isoformat() if day else "",
        "issued_at": printed_name(till),
        "issued_on": lot.awarded_at.astimezone(state.zone).date().isoformat(),
    }


def line_rows(
    row: Mapping[str, Any], lot: PointsLot, lines: Sequence[tuple[int, Decimal]], *, precision: int
) -> list[dict[str, Any]]:
    """The row of an award of some lines of a bill (ids and amounts), line by line: the points in proportion of the amounts."""
    parts = divided(lot.points, [amount for _, amount in lines], precision=precision)
    return [
        {"lineitem_id": str(pk), **row, "points": plain_digits(points)}
        for (pk, _), points in zip(lines, parts, strict=True)
        if points
    ]


def program_row(current: CurrentProgram) -> dict[str, Any]:
    """One row of `programs_list.program[]` (docs/protocol.md 4.5). No program has partners."""
    return {
        "programId": str(current.program.pk),
        "programName": current.program.name,
        "programDescription": current.program.description,
        "isDefault": "true" if current.program.is_default else "false",
        "pointsToCurrencyRatio": plain_digits(current.rules.ratio),
        "PartnerPrograms": {"PartnerProgram": []},
    }


def group_points_row(*, group_id: int, program_id: int, lifetime: Decimal, spendable: Decimal) -> dict[str, str]:
    """One row of `group_points_summaries`: points of all members of a group in a program (docs/protocol.md 4.5)."""
    return {
        "group_program_id": str(program_id),
        "group_id": str(group_id),
        "program_id": str(program_id),
        "lifetime_points": plain_digits(lifetime),
        "loyalty_points": plain_digits(spendable),
    }


def points_effects(entries: Iterable[PointsEntry]) -> list[dict[str, Any]]:
    """Effects of type points, one for each account that got any (docs/protocol.md 3).

    Promised points count as awarded; the total is the balance.
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
        effect["total_points"] = max(entry.account.balance, ZERO)
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
    """The tier above `current`: the lowest one without a current tier, None above the highest or if there are no tiers."""
    reached = current.position if current else 0
    return next((tier for tier in tiers if tier.position > reached), None)


def tier_expiry(membership: Membership | None, *, registered_on: datetime, zone: ZoneInfo) -> str | None:
    """The last second of the tier, as `tier_expiry_date` and `slabExpiryDate` print it; None without a tier."""
    if membership is None or membership.tier_id is None:
        return None
    return last_second(membership.tier_expires_on, registered_on=registered_on, zone=zone)
