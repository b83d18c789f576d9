"""Balances of accounts at a moment of the past, with their entries (docs/protocol.md 7: `as_of`, `known_at`).

`as_of` limits when entries happened (`occurred_at`), `known_at` when they were written (`recorded_at`). A bill that arrives
late changes yesterday's balance by `as_of`, and never that by `known_at`.
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
class PastBalance:
    """Totals of an account at a moment. balance = lifetime - redeemed - expired - returned + adjusted, except after merges."""

    lifetime: Decimal
    redeemed: Decimal
    expired: Decimal
    returned: Decimal
    adjusted: Decimal
    balance: Decimal
    promised: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHistory:
    """An account with its entries up to a moment, oldest first, and their sums."""

    account: PointsAccount
    entries: Sequence[PointsEntry]
    balance: PastBalance


def history_of(
    customer_id: int, *, organization: Organization, as_of: datetime | None = None, known_at: datetime | None = None
) -> list[AccountHistory]:
    """The accounts of a customer with the entries that happened by `as_of` and were written by `known_at`; None means now.

    Accounts that came by merges are listed by themselves. Both moments are inclusive. Everything due by now is settled first,
    which costs two queries. Call it in the organization's scope, outside a transaction that holds locks.
    """
    settled_accounts([customer_id], organization=organization)
    entries = PointsEntry.objects.filter(account__customer=customer_id).select_related("program_version__program")
    if as_of is not None:
        entries = entries.filter(occurred_at__lte=as_of)
    if known_at is not None:
        entries = entries.filter(recorded_at__lte=known_at)
    accounts = PointsAccount.objects.filter(customer=customer_id).select_related("program").order_by("pk")
    by_account: dict[int, list[PointsEntry]] = {account.pk: [] for account in accounts}
    for entry in entries.order_by("account_id", "version"):
        by_account[entry.account_id].append(entry)
    return [
        AccountHistory(account=account, entries=by_account[account.pk], balance=past_balance(by_account[account.pk]))
        for account in accounts
    ]


def past_balance(entries: Sequence[PointsEntry]) -> PastBalance:
    """Sums over these entries of one account."""

    def points_of(*kinds: Kind) -> Decimal:
        return sum((entry.points for entry in entries if entry.kind in kinds), ZERO)

    return PastBalance(
        lifetime=points_of(Kind.AWARD, Kind.RELEASE),
        redeemed=-points_of(Kind.REDEEM, Kind.REVERSAL),
        expired=-points_of(Kind.EXPIRE),
        returned=-points_of(Kind.RETURN),
        adjusted=points_of(Kind.ADJUST),
        balance=points_of(*Kind),
        promised=sum((entry.promised for entry in entries), ZERO),
    )
