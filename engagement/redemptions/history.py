"""Which points did these customers spend? Their redemptions with reversals, for many customers at once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import BigIntegerField, F, QuerySet

from engagement.points.models import PointsAccount
from engagement.programs.account_key import AccountKey
from engagement.redemptions.models import Redemption, RedemptionReversal
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.paging import page_of_each


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionPage:
    """Some of a customer's redemptions, in order, and how many there are in all."""

    redemptions: list[Redemption] = field(default_factory=list)
    count: int = 0


def account_ids(customer_ids: Collection[int]) -> dict[AccountKey, list[int]]:
    """The points accounts of these customers, with those that came by merges as history: one query."""
    rows = PointsAccount.objects.filter(is_any_of("customer_id", customer_ids, BigIntegerField()))
    found: defaultdict[AccountKey, list[int]] = defaultdict(list)
    for customer, program, pk in rows.values_list("customer_id", "program_id", "pk"):
        found[AccountKey(customer, program)].append(pk)
    return found


def read_redemptions(
    accounts: Collection[int], rows: QuerySet[Redemption], *, order: Sequence[str], limit: int
) -> dict[int, RedemptionPage]:
    """The first redemptions of each customer among `rows`, out of these accounts, with places and programs: one query."""
    own = rows.filter(is_any_of("account_id", accounts, BigIntegerField()))
    placed = own.select_related("account__program", "entry__till", "entry__store").annotate(owner=F("account__customer_id"))
    pages: dict[int, RedemptionPage] = {}
    for redemption in page_of_each(placed, by="owner", order=order, limit=limit):
        length: int = redemption.list_length  # type: ignore[attr-defined]  # annotated by page_of_each
        page = pages.setdefault(redemption.account.customer_id, RedemptionPage(count=length))
        page.redemptions.append(redemption)
    return pages


def reversals_of(redemption_ids: Collection[int]) -> Mapping[int, Sequence[RedemptionReversal]]:
    """What came back of each redemption, the first reversal first: one query."""
    reversals: defaultdict[int, list[RedemptionReversal]] = defaultdict(list)
    of_these = is_any_of("redemption_id", redemption_ids, BigIntegerField())
    for one in RedemptionReversal.objects.filter(of_these).select_related("entry").order_by("pk"):
        reversals[one.redemption_id].append(one)
    return reversals
