"""What did an account hold at a moment of the past, and by which entries? (docs/protocol.md 7: `as_of`, `known_at`)

`as_of` asks what had happened by then (`occurred_at`), `known_at` what had been written by then (`recorded_at`). A bill that
arrives late changes the first answer about yesterday, and never the second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engagement.points.ledger.posting import ZERO, Kind
from engagement.points.models import PointsAccount, PointsEntry
from engagement.points.settlement import settled_accounts
from organizations.tenancy.models import Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class PastFigures:
    """The figures of an account at a moment. balance = lifetime - redeemed - expired - returned + adjusted, but for merges."""

    lifetime: Decimal
    redeemed: Decimal
    expired: Decimal
    returned: Decimal
    adjusted: Decimal
    balance: Decimal
    promised: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHistory:
    """An account with its entries up to a moment, oldest first, and what they add up to."""

    account: PointsAccount
    entries: Sequence[PointsEntry]
    figures: PastFigures


def history_of(
    customer_id: int, *, organization: Organization, as_of: datetime | None = None, known_at: datetime | None = None
) -> list[AccountHistory]:
    """The accounts of a customer with all that had happened by `as_of`, as far as it was written by `known_at`; None: by now.

    Accounts that came by merges stand apart, with what happened there before. Both moments are inclusive. What is due by now
    is done first, so it costs two queries more than the accounts' own. Call it in the organization's scope, outside of a
    transaction that holds locks.
    """
    settled_accounts([customer_id], organization=organization)
    entries = PointsEntry.objects.filter(account__customer=customer_id).select_related("program_version__program")
    if as_of is not None:
        entries = entries.filter(occurred_at__lte=as_of)
    if known_at is not None:
        entries = entries.filter(recorded_at__lte=known_at)
    accounts = PointsAccount.objects.filter(customer=customer_id).select_related("program").order_by("pk")
    by_account: dict[int, list[PointsEntry]] = {one.pk: [] for one in accounts}
    for entry in entries.order_by("account_id", "version"):
        by_account[entry.account_id].append(entry)
    return [AccountHistory(account=one, entries=by_account[one.pk], figures=figures_of(by_account[one.pk])) for one in accounts]


def figures_of(entries: Sequence[PointsEntry]) -> PastFigures:
    """What these entries of one account add up to."""

    def points_of(*kinds: Kind) -> Decimal:
        return sum((one.points for one in entries if one.kind in kinds), ZERO)

    return PastFigures(
        lifetime=points_of(Kind.AWARD, Kind.RELEASE),
        redeemed=-points_of(Kind.REDEEM, Kind.REVERSAL),
        expired=-points_of(Kind.EXPIRE),
        returned=-points_of(Kind.RETURN),
        adjusted=points_of(Kind.ADJUST),
        balance=points_of(*Kind),
        promised=sum((one.promised for one in entries), ZERO),
    )
