"""Balances: points and tiers of customers in their programs (docs/protocol.md 2.7)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import BigIntegerField

from engagement.points.ledger.posting import AccountState
from engagement.points.models import PointsAccount
from engagement.points.settlement import settled_accounts
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import ApplicablePrograms, CurrentProgram, ProgramCatalog
from engagement.programs.models import Membership, Tier
from loyalty_project.db.lookups import is_any_of
from organizations.tenancy.models import Organization

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """Balances of some customers in all their programs."""

    memberships: Memberships
    accounts: Mapping[AccountKey, AccountState]

    def of(self, key: AccountKey) -> Balance:
        """The balance of a customer in a program."""
        return Balance(membership=self.memberships.get(key), state=self.accounts.get(key))

    def of_customer(self, customer_id: int) -> list[Balance]:
        """The customer's balances, in programs that are off too: the default program first, then by the program's name."""
        memberships = sorted(
            (membership for key, membership in self.memberships.items() if key.customer_id == customer_id),
            key=lambda membership: (not membership.program.is_default, membership.program.name),
        )
        return [self.of(AccountKey(customer_id, membership.program_id)) for membership in memberships]

    def in_active_programs(self, customer_id: int, catalog: ProgramCatalog) -> list[tuple[CurrentProgram, Balance]]:
        """The customer's active programs with their balances, in the order of the catalog."""
        keys = [(current, AccountKey(customer_id, current.program.pk)) for current in catalog.active]
        return [(current, self.of(key)) for current, key in keys if key in self.memberships]

    def applicable(self, customer_id: int, programs: ApplicablePrograms) -> Balance:
        """The balance in the first of the applicable programs that the customer is in."""
        for program in programs.both():
            key = AccountKey(customer_id, program.program.pk)
            if key in self.memberships:
                return self.of(key)
        return NO_BALANCE


NO_BALANCES = Balances(memberships={}, accounts={})


def read_balances(customer_ids: Collection[int], *, organization: Organization) -> Balances:
    """Balances of these customers, with everything settled that is due by now: three queries if nothing is.

    Call it outside a transaction that holds locks.
    """
    accounts = settled_accounts(customer_ids, organization=organization)
    return Balances(accounts=accounts, memberships=memberships_of(customer_ids))


def memberships_of(customer_ids: Collection[int]) -> dict[AccountKey, Membership]:
    """All memberships of these customers, with programs and tiers: one query."""
    memberships = Membership.objects.filter(is_any_of("customer_id", customer_ids, BigIntegerField()))
    return {
        AccountKey(membership.customer_id, membership.program_id): membership
        for membership in memberships.select_related("program", "tier")
    }
