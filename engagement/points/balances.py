"""Which points and tier stand for a customer at a till? Those of its program, else the default one's (docs/protocol.md 2.7)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import BigIntegerField

from engagement.points.ledger.posting import AccountState
from engagement.points.models import PointsAccount
from engagement.points.payloads import NO_TIER
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import ApplicablePrograms, ProgramCatalog
from engagement.programs.models import Membership, Tier
from loyalty_project.db.lookups import is_any_of

ZERO = Decimal(0)
Memberships = Mapping[AccountKey, Membership]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a customer has in the program that counts; nothing for somebody who is in none (`membership` is None)."""

    membership: Membership | None = None
    account: PointsAccount | None = None

    @property
    def program_id(self) -> int | None:
        """The program whose figures these are."""
        return self.membership.program_id if self.membership else None

    @property
    def tier(self) -> Tier | None:
        """The tier reached in it."""
        return self.membership.tier if self.membership else None

    @property
    def current_slab(self) -> str | None:
        """The tier's name as the wire has it: NONE for a member without a tier, null for somebody who is no member."""
        if self.membership is None:
            return None
        return self.tier.name if self.tier else NO_TIER

    @property
    def lifetime_points(self) -> Decimal:
        """All that was ever credited by awards."""
        return self.account.lifetime if self.account else ZERO

    @property
    def loyalty_points(self) -> Decimal:
        """What may be spent; never shown below zero."""
        return max(self.account.balance, ZERO) if self.account else ZERO

    @property
    def delayed_points(self) -> Decimal:
        """Promised, and not to be spent yet."""
        return self.account.promised if self.account else ZERO

    @property
    def delayed_returned_points(self) -> Decimal:
        """Promised points that returns took back."""
        return self.account.promised_returned if self.account else ZERO

    @property
    def total_returned_points(self) -> Decimal:
        """All that returns took back, promised points included."""
        return self.account.returned + self.account.promised_returned if self.account else ZERO


NOTHING = Balance()


def figures_at(
    customer_id: int,
    there: ApplicablePrograms,
    *,
    accounts: Mapping[AccountKey, AccountState],
    memberships: Memberships,
) -> Balance:
    """The figures of a customer where these programs count: of the first of them that the customer is in. Pure."""
    for program in there.both():
        key = AccountKey(customer_id, program.program.pk)
        if key in memberships:
            state = accounts.get(key)
            return Balance(membership=memberships[key], account=state.account if state else None)
    return NOTHING


def memberships_of(customer_ids: Collection[int]) -> dict[AccountKey, Membership]:
    """All memberships of these customers, with their tiers: one query."""
    rows = Membership.objects.filter(is_any_of("customer_id", customer_ids, BigIntegerField())).select_related("tier")
    return {AccountKey(one.customer_id, one.program_id): one for one in rows}


def in_catalog_order(memberships: Memberships, catalog: ProgramCatalog) -> list[tuple[AccountKey, Membership]]:
    """The memberships in programs that are switched on, those of the default program first, then by the program's name."""
    places = {one.program.pk: place for place, one in enumerate(catalog.active)}
    found = [(key, membership) for key, membership in memberships.items() if key.program_id in places]
    return sorted(found, key=lambda one: places[one[0].program_id])
