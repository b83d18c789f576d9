"""Webhook events of points and tiers (docs/webhooks.md): announced when accounts are written, and before points expire."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, Final

from django.db import transaction

from engagement.points.expiring import Expiring, days_of_notice, expiring_points
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.catalog import current_catalog
from engagement.tiers.models import TierChange
from loyalty_project import clock
from loyalty_project.protocol.numbers import plain_digits
from organizations.tenancy.models import Organization
from webhooks.announcing import Announcement, announce
from webhooks.events.kinds import EventKind

AWARDED: Final = EventKind(name="points.awarded", meaning="points were credited that may be spent")
REDEEMED: Final = EventKind(name="points.redeemed", meaning="points were redeemed")
EXPIRED: Final = EventKind(name="points.expired", meaning="points expired")
CORRECTED: Final = EventKind(name="points.corrected", meaning="points were adjusted, taken back by a return or given back")
EXPIRING: Final = EventKind(name="points.expiring", meaning="points will expire soon")
TIER_CHANGED: Final = EventKind(name="tier.changed", meaning="a member's tier was raised, lowered or renewed")
POINTS_EVENTS: Final = (AWARDED, REDEEMED, EXPIRED, CORRECTED, EXPIRING, TIER_CHANGED)

_BATCH: Final = 1_000
Kind = PointsEntry.Kind
# Promised points are announced when they are credited. What a merge moves is part of `customer.merged`.
_KINDS: Final[Mapping[str, EventKind]] = {
    Kind.AWARD: AWARDED,
    Kind.RELEASE: AWARDED,
    Kind.REDEEM: REDEEMED,
    Kind.EXPIRE: EXPIRED,
    Kind.REVERSAL: CORRECTED,
    Kind.RETURN: CORRECTED,
    Kind.ADJUST: CORRECTED,
}
Moved = tuple[PointsAccount, Sequence[PointsEntry], Sequence[TierChange]]


def announce_movements(moved: Iterable[Moved], *, heard: frozenset[str]) -> None:
    """Announce the new entries and tier changes of accounts, if endpoints listen to them (`heard`, names of kinds).

    Three statements at most for any number of accounts. Call it after the rows are written.
    """
    found: list[tuple[EventKind, PointsAccount, PointsEntry | TierChange]] = []
    for account, entries, changes in moved:
        for entry in entries:
            kind = _KINDS.get(entry.kind)
            if kind is not None and kind.name in heard and entry.points:
                found.append((kind, account, entry))
        if TIER_CHANGED.name in heard:
            found += [(TIER_CHANGED, account, change) for change in changes]
    if not found:
        return
    programs = current_catalog().by_id
    announce(
        [
            Announcement(
                kind=kind,
                customer_id=account.customer_id,
                occurred_at=row.occurred_at if isinstance(row, PointsEntry) else row.changed_at,
                facts={
                    "program": programs[account.program_id].program.name,
                    **(_entry_facts(row) if isinstance(row, PointsEntry) else _tier_facts(row)),
                },
            )
            for kind, account, row in found
        ]
    )


def announce_expiring(organization: Organization, *, on: date) -> int:
    """Announce the points that expire as many days after `on` as the programs' rules say; the number of notices found.

    Each customer, program and last day is announced once on a day, however often this runs. A transaction for each thousand.
    """
    if EXPIRING.name not in organization.announced_events:
        return 0
    count = 0
    rows = expiring_points(days_of_notice(current_catalog().active, on=on), organization=organization)
    while batch := list(islice(rows, _BATCH)):
        with transaction.atomic():
            announce([_notice(row, on) for row in batch])
        count += len(batch)
    return count


def _notice(row: Expiring, on: date) -> Announcement:
    return Announcement(
        kind=EXPIRING,
        customer_id=row.customer_id,
        occurred_at=clock.now(),
        facts={
            "program": row.program,
            "points": plain_digits(row.points),
            "last_day": row.last_day.isoformat(),
            "days_left": (row.last_day - on).days,
        },
        key=f"{EXPIRING.name} {row.customer_id} {row.last_day} {on} {row.program}",
    )


def _entry_facts(entry: PointsEntry) -> dict[str, Any]:
    return {
        "entry_id": entry.pk,
        "reason": entry.get_kind_display(),
        "points": plain_digits(entry.points),
        "balance": plain_digits(entry.balance_after),
        "bill_id": entry.bill_id,
        "reference": entry.reference,
        "good_until": entry.explanation.get("good_until"),
    }


def _tier_facts(change: TierChange) -> dict[str, Any]:
    return {
        "change": change.get_kind_display(),
        "cause": change.get_cause_display(),
        "from_tier": change.from_tier.name,
        "to_tier": change.to_tier.name,
        "good_until": change.to_expires_on.isoformat() if change.to_expires_on else None,
    }
