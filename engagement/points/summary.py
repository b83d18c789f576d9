"""Where does a customer stand in each program? Tier, points to spend, what is promised, and what expires next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from customers.profile.models import Customer
from engagement.points.ledger.posting import AccountState
from engagement.points.models import PointsAccount
from engagement.points.settlement import settled_accounts
from engagement.programs.account_key import AccountKey
from engagement.programs.models import Membership
from organizations.tenancy.models import Organization

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramSummary:
    """A membership with the points account of the same program, settled; None where nothing was ever awarded or counted.

    `expiring` are the points that are lost after `expires_on`; `released_at` is when the first promised points come.
    """

    membership: Membership
    account: PointsAccount | None = None
    expires_on: date | None = None
    expiring: Decimal = ZERO
    released_at: datetime | None = None


def program_summaries(customer: Customer, *, organization: Organization) -> list[ProgramSummary]:
    """The customer's programs, the default one first: three queries, unless something is due.

    What is due is settled (`settled_accounts`).
    """
    memberships = Membership.objects.filter(customer=customer).select_related("program", "tier")
    states = settled_accounts([customer.pk], organization=organization)
    found = [_standing(one, states.get(AccountKey(customer.pk, one.program_id))) for one in memberships]
    return sorted(found, key=lambda one: (not one.membership.program.is_default, one.membership.program.name))


def _standing(membership: Membership, state: AccountState | None) -> ProgramSummary:
    if state is None:
        return ProgramSummary(membership=membership)
    expires_on, expiring = _next_expiry(state)
    return ProgramSummary(
        membership=membership,
        account=state.account,
        expires_on=expires_on,
        expiring=expiring,
        released_at=min((lot.opens_at for lot in state.lots if not lot.is_open and lot.opens_at), default=None),
    )


def _next_expiry(state: AccountState) -> tuple[date | None, Decimal]:
    days: Sequence[tuple[date, Decimal]] = [
        (day, lot.left) for lot in state.spendable() if (day := state.last_day(lot)) is not None
    ]
    first = min((day for day, _ in days), default=None)
    return first, sum((left for day, left in days if day == first), ZERO)
