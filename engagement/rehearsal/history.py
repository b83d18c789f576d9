"""The past of some members as it was stored, at the beginning of a rehearsal and from then on: a constant number of reads."""

import copy
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.earning.circumstances import Circumstances, read_circumstances
from engagement.points.explanations import TIER
from engagement.points.models import PointsAccount
from engagement.programs.earning_rules import EarningRule
from engagement.programs.models import Membership, Program, Tier
from engagement.tiers.models import TierChange
from engagement.tiers.rules import BEFORE_ALL, ChangeKind, end_of
from loyalty_project.db.arrays import id_array
from loyalty_project.db.lookups import is_any_of
from organizations.locations.models import Store, Till
from organizations.tenancy.statements import fetch_rows

ZERO: Final = Decimal(0)
_LIFETIME: Final = frozenset({"AWARD", "RELEASE"})
# What only moves points between accounts, and expiry, of which some is replayed.
_APART: Final = frozenset({"EXPIRE", "MERGE_IN", "MERGE_OUT"})
# Customers (ids) with bills of the period, or with changes of their tier in the program, after `last`.
_CUSTOMERS: Final = """
SELECT bill.customer_id FROM engagement_bill AS bill
WHERE bill.organization_id = %(organization)s AND bill.customer_id > %(last)s
    AND bill.billed_at >= %(since)s AND bill.billed_at <= %(until)s
UNION
SELECT membership.customer_id FROM engagement_tierchange AS change
JOIN engagement_membership AS membership ON membership.organization_id = %(organization)s
    AND membership.id = change.membership_id AND membership.program_id = %(program)s
WHERE change.organization_id = %(organization)s AND change.changed_at >= %(since)s AND membership.customer_id > %(last)s
ORDER BY 1 LIMIT %(most)s
"""
_COUNT: Final = """
SELECT count(*) FROM engagement_bill AS bill
WHERE bill.organization_id = %(organization)s AND bill.customer_id IS NOT NULL
    AND bill.billed_at >= %(since)s AND bill.billed_at <= %(until)s
"""
# Sales that counted in the program, and whether it was the first of the sale's programs.
_COUNTED: Final = """
SELECT counted.bill_id, NOT EXISTS (
    SELECT FROM engagement_billpoints AS other
    WHERE other.organization_id = %(organization)s AND other.bill_id = counted.bill_id AND other.id < counted.id
)
FROM unnest(%(bills)s::bigint[]) AS given (id)
JOIN engagement_billpoints AS counted ON counted.organization_id = %(organization)s AND counted.bill_id = given.id
JOIN engagement_pointsaccount AS account ON account.organization_id = %(organization)s AND account.id = counted.account_id
    AND account.program_id = %(program)s
"""
# Entries of the accounts, and of those that merges moved into them.
_ENTRIES: Final = """
SELECT coalesce(account.moved_to_id, account.id), entry.occurred_at, entry.kind, entry.points, entry.bill_id,
    entry.explanation ->> 'because'
FROM engagement_pointsaccount AS account
JOIN engagement_pointsentry AS entry ON entry.organization_id = %(organization)s AND entry.account_id = account.id
    AND entry.occurred_at >= %(since)s AND entry.points <> 0
WHERE account.organization_id = %(organization)s AND (
    account.id = ANY(%(accounts)s::bigint[]) OR account.moved_to_id = ANY(%(accounts)s::bigint[])
)
ORDER BY entry.occurred_at, entry.id
"""
# What expired of each bill's points (NULL: of others), but for points that reaching a tier brought in the period.
_EXPIRED: Final = """
SELECT coalesce(account.moved_to_id, account.id), entry.occurred_at, lot.bill_id, sum(consumption.points)
FROM engagement_pointsaccount AS account
JOIN engagement_pointsentry AS entry ON entry.organization_id = %(organization)s AND entry.account_id = account.id
    AND entry.occurred_at >= %(since)s AND entry.kind = 'EXPIRE'
JOIN engagement_pointsconsumption AS consumption ON consumption.organization_id = %(organization)s
    AND consumption.entry_id = entry.id
JOIN engagement_pointslot AS lot ON lot.organization_id = %(organization)s AND lot.id = consumption.lot_id
JOIN engagement_pointsentry AS award ON award.organization_id = %(organization)s AND award.id = lot.entry_id
WHERE account.organization_id = %(organization)s AND (
    account.id = ANY(%(accounts)s::bigint[]) OR account.moved_to_id = ANY(%(accounts)s::bigint[])
) AND NOT (award.occurred_at >= %(since)s AND award.explanation ->> 'because' IS NOT DISTINCT FROM %(tier)s)
GROUP BY 1, 2, 3
"""
_IDS_AT_ONCE: Final = 50_000


class Movement(NamedTuple):
    """Points that moved otherwise than by the bills of the period."""

    at: datetime
    kind: str
    points: Decimal


@dataclass(slots=True, kw_only=True)
class Member:
    """A member at the beginning of the period: account and membership as they were, and the tier that is stored now."""

    account: PointsAccount
    membership: Membership
    tier_now: str
    movements: list[Movement] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class History:
    """Some members by customer (id), with the bills of the period in the order of time.

    `sales` are the bills (ids) that counted in the program, `older_sales` those of before that returns of the period took back
    from. `circumstances` have what capped rules gave for bills before the period.
    """

    customers: Mapping[int, Customer]
    members: Mapping[int, Member]
    bills: Sequence[Bill]
    sales: Collection[int]
    older_sales: Collection[int]
    circumstances: Circumstances


def customers_of(program: Program, *, since: datetime, until: datetime, size: int) -> Iterator[list[int]]:
    """The customers (ids) that a rehearsal looks at, in the order of their ids, so many at a time."""
    last = 0
    while True:
        values = {"program": program.pk, "since": since, "until": until, "last": last, "most": _IDS_AT_ONCE}
        ids = [pk for (pk,) in fetch_rows(_CUSTOMERS, values)]
        for first in range(0, len(ids), size):
            yield ids[first : first + size]
        if len(ids) < _IDS_AT_ONCE:
            return
        last = ids[-1]


def count_bills(*, since: datetime, until: datetime) -> int:
    """How many bills of customers there are in the period: one query."""
    ((count,),) = fetch_rows(_COUNT, {"since": since, "until": until})
    return int(count)


@dataclass(frozen=True, slots=True)
class Places:
    """Stores and tills by id, read once for a rehearsal."""

    stores: Mapping[int, Store]
    tills: Mapping[int, Till]

    @classmethod
    def read(cls) -> "Places":
        """All of the scope's organization: two queries."""
        stores = {store.pk: store for store in Store.objects.select_related("zone", "concept")}
        return cls(stores, {till.pk: till for till in Till.objects.all()})

    def attach(self, bill: Bill) -> None:
        """Give a bill its store and till without queries."""
        Bill.store.field.set_cached_value(bill, self.stores.get(bill.store_id or 0))
        Bill.till.field.set_cached_value(bill, self.tills.get(bill.till_id or 0))


def read_history(
    customer_ids: Sequence[int],
    *,
    program: Program,
    places: Places,
    rules: Collection[EarningRule],
    since: datetime,
    until: datetime,
    zone: ZoneInfo,
) -> History:
    """The history of these customers in a program: at most fourteen queries. `rules` are those that will be replayed."""
    of_these = is_any_of("customer_id", customer_ids, BigIntegerField())
    customers = {
        customer.pk: customer
        for customer in Customer.objects.filter(is_any_of("id", customer_ids, BigIntegerField())).select_related("status_label")
        if customer.type == Customer.Type.LOYALTY
    }
    bills = [
        bill
        for bill in Bill.objects.filter(of_these, billed_at__gte=since, billed_at__lte=until)
        .select_related("return_of")
        .order_by("billed_at", "pk")
        if bill.counts and bill.customer_id in customers
    ]
    sales, older_sales = _counted(bills, program)
    for bill in bills:
        places.attach(bill)
    worked = [bill for bill in bills if (bill.return_of_id if bill.is_return else bill.pk) in sales | older_sales]
    new_sales = [bill for bill in worked if not bill.is_return]
    circumstances = read_circumstances(new_sales, rules)
    return History(
        customers=customers,
        members=_members(customers, worked, program=program, since=since, zone=zone),
        bills=worked,
        sales=sales,
        older_sales=older_sales,
        circumstances=Circumstances(
            lines=circumstances.lines,
            segments=circumstances.segments,
            awarded=circumstances.awarded.without({bill.pk for bill in new_sales}),
        ),
    )


def _counted(bills: Sequence[Bill], program: Program) -> tuple[set[int], set[int]]:
    """The sales (ids) that counted in the program: those among the bills, and earlier ones that returns name.

    Points that a file states went to the first program of a bill: in the others it brings none.
    """
    of_period = {bill.pk: bill for bill in bills if not bill.is_return}
    older = {bill.return_of_id for bill in bills if bill.is_return and bill.return_of_id is not None} - of_period.keys()
    sales: set[int] = set()
    for bill_id, is_first in fetch_rows(_COUNTED, {"bills": id_array([*of_period, *older]), "program": program.pk}):
        sales.add(bill_id)
        bill = of_period.get(bill_id)
        if bill is not None and bill.stated_points is not None and not is_first:
            bill.stated_points = ZERO
    return sales & of_period.keys(), sales & older


def _members(
    customers: Mapping[int, Customer], bills: Sequence[Bill], *, program: Program, since: datetime, zone: ZoneInfo
) -> dict[int, Member]:
    of_these = is_any_of("customer_id", customers, BigIntegerField())
    accounts = {
        account.customer_id: account
        for account in PointsAccount.objects.filter(of_these, program=program, moved_to=None)
    }  # fmt: skip
    tiers = {tier.pk: tier for tier in Tier.objects.filter(program=program)}
    memberships = {membership.customer_id: membership for membership in Membership.objects.filter(of_these, program=program)}
    changes = _tier_changes(memberships.values())
    members = {}
    for customer_id, membership in memberships.items():
        if (account := accounts.get(customer_id)) is None:
            continue
        now = tiers.get(membership.tier_id or 0)
        _rewind_tier(membership, changes.get(membership.pk, ()), tiers, since, zone)
        members[customer_id] = Member(account=account, membership=membership, tier_now=now.name if now else "")
    _rewind_points(members, bills, since)
    return members


def _tier_changes(memberships: Collection[Membership]) -> dict[int, list[TierChange]]:
    changes: defaultdict[int, list[TierChange]] = defaultdict(list)
    of_these = is_any_of("membership_id", {membership.pk for membership in memberships}, BigIntegerField())
    for change in TierChange.objects.filter(of_these).order_by("changed_at", "pk"):
        changes[change.membership_id].append(change)
    return changes


def _rewind_tier(
    membership: Membership, changes: Sequence[TierChange], tiers: Mapping[int, Tier], since: datetime, zone: ZoneInfo
) -> None:
    """Give the membership the tier that it had at the beginning of the period, in memory."""
    later = [change for change in changes if change.changed_at >= since]
    if not later:
        membership.tier = tiers.get(membership.tier_id or 0)
        return
    membership.tier = tiers[later[0].from_tier_id]
    membership.tier_since, membership.tier_counts_from = membership.enrolled_on, None
    membership.tier_since_order = membership.tier_counts_order = None
    membership.tier_expires_on = membership.tier_due_on = later[0].from_expires_on
    for change in changes[: len(changes) - len(later)]:
        _enter(membership, change, zone)


def _enter(membership: Membership, change: TierChange, zone: ZoneInfo) -> None:
    """Give the membership since when it holds its tier, and what counts for the next renewal, as `tiers.changes` does."""
    is_by_activity = change.bill_id is not None or change.kind == ChangeKind.UPGRADE
    order = (change.bill_id or 0) if is_by_activity else BEFORE_ALL
    counts_from, counts_order = change.changed_at, order
    if not is_by_activity and change.from_expires_on is not None:
        counts_from, counts_order = end_of(change.from_expires_on, zone), BEFORE_ALL
        if membership.tier_counts_from is not None and membership.tier_counts_from > counts_from:
            counts_from, counts_order = membership.tier_counts_from, membership.tier_counts_order or 0
    membership.tier_counts_from, membership.tier_counts_order = counts_from, counts_order
    if change.kind != ChangeKind.RENEW:
        membership.tier_since, membership.tier_since_order = change.changed_at, order


def _rewind_points(members: Mapping[int, Member], bills: Sequence[Bill], since: datetime) -> None:
    """Give the accounts the totals that they had at the beginning of the period, in memory, and note what else moved."""
    by_account = {member.account.pk: member for member in members.values()}
    replayed = {bill.pk for bill in bills}
    values = {"accounts": id_array(by_account), "since": since, "tier": TIER}
    for account_id, at, kind, points, bill_id, because in fetch_rows(_ENTRIES, values):
        if (member := by_account.get(account_id)) is None:
            continue
        member.account.balance -= points
        if kind in _LIFETIME:
            member.account.lifetime -= points
        if bill_id not in replayed and kind not in _APART and because != TIER:
            member.movements.append(Movement(at, kind, points))
    for account_id, at, bill_id, points in fetch_rows(_EXPIRED, values):
        if bill_id not in replayed and (member := by_account.get(account_id)) is not None:
            member.movements.append(Movement(at, "EXPIRE", -points))
    for bill in bills:
        if (member := members.get(bill.customer_id or 0)) is not None:
            member.account.purchases -= -bill.amount if bill.is_return else bill.amount
            member.account.visits -= 0 if bill.is_return else 1
    for member in members.values():
        account = member.account
        account.promised = account.expired = account.returned = account.promised_returned = ZERO
        account.floor = min(ZERO, account.balance)
        account.last_active_on = account.last_earned_on = account.due_at = None


def copy_of(member: Member) -> tuple[PointsAccount, Membership]:
    """Account and membership of a member, to be changed by one replay."""
    return copy.copy(member.account), copy.copy(member.membership)
