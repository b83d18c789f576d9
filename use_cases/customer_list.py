"""What the list of customers shows of their loyalty: points, tier and last visit, read for a whole page at once."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import BigIntegerField, QuerySet

from engagement.bills.models import PurchaseTotals
from engagement.numbers.display import format_points
from engagement.points.balances import read_balances
from engagement.programs.models import Program, Tier
from loyalty_project.db.lookups import is_any_of
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import scope_organization

# Permissions to see points and tiers, and purchases.
POINTS_PERMISSION: Final = "engagement.view_pointsaccount"
BILLS_PERMISSION: Final = "engagement.view_bill"
# The path by which a list of customers is ordered by points: see `with_points`.
POINTS_PATH: Final = "points_accounts__balance"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLoyalty:
    """A customer's points to spend and tier in the default program, and the last purchase; None for what there is not."""

    points: Decimal | None = None
    tier: str | None = None
    last_billed_at: datetime | None = None

    @property
    def points_text(self) -> str | None:
        """The points as a page shows them."""
        return None if self.points is None else format_points(self.points)


def read_listed_loyalty(customers: Collection[int], *, organization: Organization) -> Mapping[int, ListedLoyalty]:
    """The loyalty of these customers (ids) by id: three queries. Due steps are settled first, in further queries.

    Call it in the organization's scope, outside a transaction that holds locks.
    """
    if not customers:
        return {}
    program = default_program()
    balances = read_balances(customers, organization=organization) if program else None
    bought = PurchaseTotals.objects.filter(is_any_of("customer_id", customers, BigIntegerField()))
    last = dict(bought.values_list("customer_id", "last_billed_at"))
    loyalty = {}
    for pk in customers:
        balance = balances.of_customer(pk).get(program) if balances and program else None
        loyalty[pk] = ListedLoyalty(
            points=balance.spendable if balance else None,
            tier=balance.tier.name if balance and balance.tier else None,
            last_billed_at=last.get(pk),
        )
    return loyalty


def default_program() -> int | None:
    """The id of the default program of the scope's organization, None if it has none or it is off: one query."""
    return Program.objects.filter(is_default=True, is_active=True).values_list("pk", flat=True).first()


def with_points(customers: QuerySet[Any]) -> QuerySet[Any]:
    """The customers who have points in the default program, to be ordered by `POINTS_PATH`: an index has that order."""
    program = default_program()
    if program is None:
        return customers.none()
    return customers.filter(
        points_accounts__organization=scope_organization(),
        points_accounts__program=program,
        points_accounts__moved_to=None,
    )


def tier_choices() -> Iterable[tuple[int, str]]:
    """Id and name of the tiers of active programs, the default program first: one query."""
    tiers = Tier.objects.filter(program__is_active=True).order_by("-program__is_default", "program__name", "position")
    return [
        (pk, name if is_default else f"{name} ({program})")
        for pk, name, program, is_default in tiers.values_list("pk", "name", "program__name", "program__is_default")
    ]
