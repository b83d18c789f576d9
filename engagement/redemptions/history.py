"""Redemptions of customers with their reversals, for many customers at once."""

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
    """A page of a customer's redemptions, and the number of all of them."""

    redemptions: list[Redemption] = field(default_factory=list)
    count: int = 0


def account_ids(customer_ids: Collection[int]) -> dict[AccountKey, list[int]]:
    """Ids of the points accounts of these customers, with those that merges brought as history. One query."""
    rows = PointsAccount.objects.filter(is_any_of("customer_id", customer_ids, BigIntegerField()))
    ids: defaultdict[AccountKey, list[int]] = defaultdict(list)
    for customer, program, pk in rows.values_list("customer_id", "program_id", "pk"):
        ids[AccountKey(customer, program)].append(pk)
    return ids


def read_redemptions(
    accounts: Collection[int], rows: QuerySet[Redemption], *, order: Sequence[str], limit: int
) -> dict[int, RedemptionPage]:
    """The first redemptions of each customer in `rows`, of these accounts, with locations and programs. One query."""
    own = rows.filter(is_any_of("account_id", accounts, BigIntegerField()))
    joined = own.select_related("account__program", "entry__till", "entry__store").annotate(owner=F("account__customer_id"))
    pages: dict[int, RedemptionPage] = {}
    for redemption in page_of_each(joined, by="owner", order=order, limit=limit):
        length: int = redemption.list_length  # type: ignore[attr-defined]  # annotated by page_of_each
        page = pages.setdefault(redemption.account.customer_id, RedemptionPage(count=length))
        page.redemptions.append(redemption)
    return pages


def reversals_of(redemption_ids: Collection[int]) -> Mapping[int, Sequence[RedemptionReversal]]:
    """Reversals of each redemption, the oldest first. One query."""
    reversals: defaultdict[int, list[RedemptionReversal]] = defaultdict(list)
    of_redemptions = is_any_of("redemption_id", redemption_ids, BigIntegerField())
    for reversal in RedemptionReversal.objects.filter(of_redemptions).select_related("entry").order_by("pk"):
        reversals[reversal.redemption_id].append(reversal)
    return reversals
