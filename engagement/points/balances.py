"""Balances: points and tiers of customers in their programs (docs/protocol.md 2.7)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import orjson
from django.db.models import BigIntegerField

from engagement.points.ledger.posting import AccountState
from engagement.points.ledger.repository import States
from engagement.points.lot_rows import LOT, day_of, moment_of, read_lot
from engagement.points.models import PointsAccount
from engagement.points.settlement import settled_accounts
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import ApplicablePrograms, CurrentProgram, ProgramCatalog
from engagement.programs.models import Membership, Tier
from loyalty_project import clock
from loyalty_project.db.instances import read_instance
from loyalty_project.db.lookups import is_any_of
from organizations.tenancy.models import Organization
from organizations.tenancy.statements import fetch_rows

ZERO = Decimal(0)
NO_TIER = "NONE"
Memberships = Mapping[AccountKey, Membership]


@dataclass(frozen=True, kw_only=True)
class Balance:
    """Points and tier of a customer in a program.

    `membership` is None for a customer who is in no program; `state` is None if the member has no points account.
    """

    membership: Membership | None = None
    state: AccountState | None = None

    @property
    def account(self) -> PointsAccount | None:
        """The points account."""
        return self.state.account if self.state else None

    @cached_property
    def totals(self) -> PointsAccount:
        """The figures of the account; all zero without one."""
        return self.account or PointsAccount()

    @property
    def program_id(self) -> int | None:
        """Id of the program."""
        return self.membership.program_id if self.membership else None

    @property
    def tier(self) -> Tier | None:
        """Tier reached in the program."""
        return self.membership.tier if self.membership else None

    @property
    def current_slab(self) -> str | None:
        """Name of the tier as the wire has it: NONE for a member without a tier, null without a membership."""
        if self.membership is None:
            return None
        return self.tier.name if self.tier else NO_TIER

    @property
    def spendable(self) -> Decimal:
        """Points to spend, shown as 0 if the account is below zero."""
        return max(self.totals.balance, ZERO)

    @property
    def total_returned(self) -> Decimal:
        """Points that returns took back, promised points included."""
        return self.totals.returned + self.totals.promised_returned

    @property
    def expires_on(self) -> date | None:
        """The next last day of any points to spend; None if they never expire."""
        return min(self._by_last_day, default=None)

    @property
    def expiring(self) -> Decimal:
        """Points that are lost after `expires_on`."""
        return self._by_last_day[self.expires_on] if self.expires_on else ZERO

    @property
    def released_at(self) -> datetime | None:
        """When the first promised points may be spent."""
        lots = self.state.lots if self.state else ()
        return min((lot.opens_at for lot in lots if not lot.is_open and lot.opens_at), default=None)

    @cached_property
    def _by_last_day(self) -> dict[date, Decimal]:
        points: defaultdict[date, Decimal] = defaultdict(Decimal)
        for lot in self.state.spendable() if self.state else ():
            if self.state and (day := self.state.last_day(lot)) is not None:
                points[day] += lot.left
        return points


NO_BALANCE = Balance()


def applicable_balance(balances: Mapping[int, Balance], programs: ApplicablePrograms) -> Balance:
    """The balance in the first of the applicable programs that the customer is in. `balances` are by program id."""
    return next((balances[current.program.pk] for current in programs.both() if current.program.pk in balances), NO_BALANCE)


def active_balances(balances: Mapping[int, Balance], catalog: ProgramCatalog) -> list[tuple[CurrentProgram, Balance]]:
    """The customer's active programs with their balances, in the order of the catalog."""
    return [(current, balances[current.program.pk]) for current in catalog.active if current.program.pk in balances]


@dataclass(frozen=True, slots=True)
class Balances:
    """Balances of some customers in all their programs: by customer, then by program id."""

    by_customer: Mapping[int, Mapping[int, Balance]]

    def of(self, key: AccountKey) -> Balance:
        """The balance of a customer in a program."""
        return self.by_customer.get(key.customer_id, {}).get(key.program_id, NO_BALANCE)

    def of_customer(self, customer_id: int) -> Mapping[int, Balance]:
        """The customer's balances by program id, in programs that are off too."""
        return self.by_customer.get(customer_id, {})

    def in_active_programs(self, customer_id: int, catalog: ProgramCatalog) -> list[tuple[CurrentProgram, Balance]]:
        """The customer's active programs with their balances, in the order of the catalog."""
        return active_balances(self.of_customer(customer_id), catalog)

    def applicable(self, customer_id: int, programs: ApplicablePrograms) -> Balance:
        """The balance in the first of the applicable programs that the customer is in."""
        return applicable_balance(self.of_customer(customer_id), programs)


_FIGURES: Final = (
    "balance", "promised", "lifetime", "redeemed", "expired", "returned", "promised_returned", "adjusted", "floor", "purchases",
)  # fmt: skip
# Columns of the row `customer` in a read: a row of JSON for each membership in the order of `_read_row`, ...
ROWS: Final = f"""(
        SELECT json_agg(json_build_array(
            account.due_at, membership.program_id, membership.enrolled_on, membership.tier_since, membership.tier_expires_on,
            tier.id, tier.name, tier.position, tier.description,
            account.id, account.version, account.last_active_on, account.last_earned_on,
            {", ".join(f"account.{name}::text" for name in _FIGURES)},
            membership.tier_counts_from, membership.tier_due_on, membership.tier_since_order, membership.tier_counts_order
        ))::text
        FROM engagement_membership AS membership
        LEFT JOIN engagement_tier AS tier ON tier.organization_id = %(organization)s AND tier.id = membership.tier_id
        LEFT JOIN engagement_pointsaccount AS account ON account.organization_id = %(organization)s
            AND account.customer_id = customer.id AND account.program_id = membership.program_id AND account.moved_to_id IS NULL
        WHERE membership.organization_id = %(organization)s AND membership.customer_id = customer.id
    )"""  # noqa: S608 - made of constants
# ... and the lots that hold points, for what depends on their days.
LOTS: Final = f"""(
        SELECT json_agg(json_build_array(
            {LOT}
        ) ORDER BY lot.id)::text
        FROM engagement_pointsaccount AS holder
        JOIN engagement_pointslot AS lot ON lot.organization_id = %(organization)s AND lot.account_id = holder.id
            AND lot."left" > 0
        WHERE holder.organization_id = %(organization)s AND holder.customer_id = customer.id AND holder.moved_to_id IS NULL
    )"""  # noqa: S608 - made of constants
_BALANCES: Final = f"""SELECT customer.id, {ROWS}, {LOTS}
FROM unnest((SELECT %(customers)s::bigint[])) AS customer (id)"""  # noqa: S608 - made of constants


def is_due(rows: str | None, now: datetime) -> bool:
    """True if the points of a customer, the value of `ROWS`, are due at `now`."""
    moments = [moment_of(due_at) for due_at, *_ in orjson.loads(rows)] if rows else []
    return any(due_at is not None and due_at <= now for due_at in moments)


def balances_of_row(
    customer_id: int, rows: str | None, lots: str | None, *, organization: Organization, unstored: States
) -> dict[int, Balance]:
    """The balances of a customer by program id, from the values of `ROWS` and `LOTS` (None: the lots were not read).

    `unstored` are accounts that are settled in memory only; they replace what was read.
    """
    balances = {}
    states: dict[int, AccountState] = {}
    for row in orjson.loads(rows) if rows else ():
        membership, account = _read_row(customer_id, row, organization)
        state = unstored.get(AccountKey(customer_id, membership.program_id))
        if state is not None and state.membership is not None:
            membership = state.membership
        if state is None and account is not None:
            state = AccountState(account=account, zone=organization.zone, tier_ends=membership.tier_expires_on)
            states[account.pk] = state
        balances[membership.program_id] = Balance(membership=membership, state=state)
    for lot in map(read_lot, orjson.loads(lots) if lots else ()):
        if lot.account_id in states:
            states[lot.account_id].lots.append(lot)
    return balances


def settled_in_memory(customer_ids: Collection[int], organization: Organization) -> States:
    """Settle what is due of these customers. Returns the accounts whose lock was not free: they are settled in memory only."""
    states = settled_accounts(customer_ids, organization=organization)
    return {key: state for key, state in states.items() if state.is_changed}


def _read_row(customer_id: int, row: Sequence[Any], organization: Organization) -> tuple[Membership, PointsAccount | None]:
    """The membership, with its tier, and the account of a row of `ROWS`."""
    due_at, program_id, enrolled_on, tier_since, tier_ends, tier_id, tier_name, position, description, account_id, *rest = row
    version, active_on, earned_on, *figures, counts_from, due_on, since_order, counts_order = rest
    own = {"organization_id": organization.pk, "customer_id": customer_id, "program_id": program_id}
    membership = read_instance(
        Membership,
        **own,
        enrolled_on=moment_of(enrolled_on),
        tier_id=tier_id,
        tier_since=moment_of(tier_since),
        tier_expires_on=day_of(tier_ends),
        tier_counts_from=moment_of(counts_from),
        tier_due_on=day_of(due_on),
        tier_since_order=since_order,
        tier_counts_order=counts_order,
        tier_locked_until=None,
    )
    tier = read_instance(Tier, id=tier_id, name=tier_name, position=position, description=description) if tier_id else None
    Membership.tier.field.set_cached_value(membership, tier)
    if account_id is None:
        return membership, None
    account = read_instance(
        PointsAccount,
        id=account_id,
        **own,
        moved_to_id=None,
        version=version,
        last_active_on=day_of(active_on),
        last_earned_on=day_of(earned_on),
        due_at=moment_of(due_at),
        **dict(zip(_FIGURES, map(Decimal, figures), strict=True)),
    )
    return membership, account


def read_balances(customer_ids: Collection[int], *, organization: Organization) -> Balances:
    """Balances of these customers, with everything settled that is due by now: one statement if nothing is.

    Call it outside a transaction that holds locks.
    """
    ids, now = list(customer_ids), clock.now()
    rows = fetch_rows(_BALANCES, {"customers": ids})
    unstored: States = {}
    due = {customer_id for customer_id, memberships, _ in rows if is_due(memberships, now)}
    if due:
        unstored = settled_in_memory(due, organization)
        rows = fetch_rows(_BALANCES, {"customers": ids})
    return Balances(
        {
            customer_id: balances_of_row(customer_id, memberships, lots, organization=organization, unstored=unstored)
            for customer_id, memberships, lots in rows
        }
    )


def memberships_of(customer_ids: Collection[int]) -> dict[AccountKey, Membership]:
    """All memberships of these customers, with programs and tiers: one query."""
    memberships = Membership.objects.filter(is_any_of("customer_id", customer_ids, BigIntegerField()))
    return {
        AccountKey(membership.customer_id, membership.program_id): membership
        for membership in memberships.select_related("program", "tier")
    }
