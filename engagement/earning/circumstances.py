"""What earning rules look at besides a bill: its lines, the customer's segments, and earlier awards; read once for a batch."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import BigIntegerField

from customers.segments.models import CustomerSegment
from engagement.bills.models import Bill, BillLine
from engagement.earning.rules import Award
from engagement.earning.sales import Given, SaleLine
from engagement.numbers.days import month_end
from engagement.programs.account_key import AccountKey
from engagement.programs.earning_rules import EarningRule, SegmentPart
from loyalty_project.db.lookups import is_any_of
from organizations.tenancy.statements import fetch_rows

ZERO = Decimal(0)
# By the index of a customer's bills. Days of bills stay when the organization's zone changes: the range of moments is wider.
_AWARDED: Final = """
SELECT bill.customer_id, account.program_id, entry.explanation ->> 'rule', bill.billed_on, bill.id,
    sum(entry.points + entry.promised)
FROM engagement_bill AS bill
JOIN engagement_pointsentry AS entry ON entry.organization_id = %(organization)s AND entry.bill_id = bill.id
JOIN engagement_pointsaccount AS account ON account.id = entry.account_id
WHERE bill.organization_id = %(organization)s AND bill.customer_id = ANY(%(customers)s::bigint[])
    AND bill.billed_at >= %(first)s::date - 2 AND bill.billed_at < %(last)s::date + 3
    AND bill.billed_on BETWEEN %(first)s::date AND %(last)s::date
    AND entry.kind IN ('AWARD', 'PROMISE') AND entry.explanation ->> 'rule' = ANY(%(rules)s::text[])
GROUP BY 1, 2, 3, 4, 5
"""


@dataclass(slots=True)
class EarlierAwards:
    """Points that rules with a cap over time gave, before returns: by account and rule, then by billing day and bill."""

    points: defaultdict[tuple[AccountKey, str], dict[tuple[date, int], Decimal]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def before(self, key: AccountKey, rules: Iterable[EarningRule], bill: Bill) -> dict[str, Given]:
        """What each of the rules gave on the day and in the month of the bill, for other bills."""
        return {
            rule.name: self._sums(self.points[key, rule.name], bill)
            for rule in rules
            if rule.is_capped_over_time and (key, rule.name) in self.points
        }

    def add(self, key: AccountKey, award: Award, bill: Bill) -> None:
        """Count an award of the bill."""
        given = self.points[key, award.rule]
        sold = (bill.billed_on, bill.pk)
        given[sold] = given.get(sold, ZERO) + award.points

    def of_bills_before(self, bill: Bill) -> "EarlierAwards":
        """The awards of the bills that were recorded before this one."""
        earlier = EarlierAwards()
        for key, given in self.points.items():
            earlier.points[key] = {sold: points for sold, points in given.items() if sold[1] < bill.pk}
        return earlier

    def without(self, bills: Collection[int]) -> "EarlierAwards":
        """The awards of all other bills than these (ids)."""
        others = EarlierAwards()
        for key, given in self.points.items():
            others.points[key] = {sold: points for sold, points in given.items() if sold[1] not in bills}
        return others

    @staticmethod
    def _sums(given: Mapping[tuple[date, int], Decimal], bill: Bill) -> Given:
        others = [(day, points) for (day, bill_id), points in given.items() if bill_id != bill.pk]
        month = (bill.billed_on.year, bill.billed_on.month)
        return Given(
            day=sum((points for day, points in others if day == bill.billed_on), ZERO),
            month=sum((points for day, points in others if (day.year, day.month) == month), ZERO),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Lines by bill, partitions by customer, and earlier awards."""

    lines: Mapping[int, tuple[SaleLine, ...]] = field(default_factory=dict)
    segments: Mapping[int, frozenset[SegmentPart]] = field(default_factory=dict)
    awarded: EarlierAwards = field(default_factory=EarlierAwards)


def read_circumstances(bills: Sequence[Bill], rules: Collection[EarningRule]) -> Circumstances:
    """What these rules look at for these sales: at most three queries, and none if they look at the bill alone.

    Call it under the locks of the customers' accounts: what was given before must not change.
    """
    if not bills:
        return Circumstances()
    customers = {bill.customer_id for bill in bills if bill.customer_id is not None}
    capped = sorted({rule.name for rule in rules if rule.is_capped_over_time})
    return Circumstances(
        lines=read_lines(bills)
        if any(rule.reads_lines for rule in rules) or any(bill.has_outlier_lines for bill in bills)
        else {},
        segments=read_segments(customers) if any(rule.conditions.segments for rule in rules) else {},
        awarded=_read_awarded(bills, customers, capped) if capped else EarlierAwards(),
    )


def read_lines(bills: Sequence[Bill]) -> dict[int, tuple[SaleLine, ...]]:
    """The sold lines of these bills, in their order: one query."""
    lines: defaultdict[int, list[SaleLine]] = defaultdict(list)
    of_bills = is_any_of("bill_id", {bill.pk for bill in bills}, BigIntegerField())
    for line in BillLine.objects.filter(of_bills, sale_line=None).order_by("bill_id", "position"):
        lines[line.bill_id].append(
            SaleLine(
                position=line.position,
                item_code=line.item_code,
                quantity=line.quantity,
                amount=line.amount,
                attributes=line.attributes,
                is_outlier=line.is_outlier,
            )
        )
    return {bill_id: tuple(of_bill) for bill_id, of_bill in lines.items()}


def read_segments(customer_ids: Collection[int]) -> dict[int, frozenset[SegmentPart]]:
    """The active partitions that these customers are in: one query."""
    parts: defaultdict[int, set[SegmentPart]] = defaultdict(set)
    rows = CustomerSegment.objects.filter(
        is_any_of("customer_id", customer_ids, BigIntegerField()), partition__is_active=True, segment__is_active=True
    )
    for customer_id, segment, partition in rows.values_list("customer_id", "segment__name", "partition__name"):
        parts[customer_id].add(SegmentPart(segment, partition))
    return {customer_id: frozenset(of_customer) for customer_id, of_customer in parts.items()}


def _read_awarded(bills: Sequence[Bill], customers: Collection[int], rules: Sequence[str]) -> EarlierAwards:
    days = [bill.billed_on for bill in bills]
    values: dict[str, Any] = {
        "customers": sorted(customers),
        "rules": rules,
        "first": min(days).replace(day=1),
        "last": month_end(max(days)),
    }
    awarded = EarlierAwards()
    for customer_id, program_id, rule, day, bill_id, points in fetch_rows(_AWARDED, values):
        awarded.points[AccountKey(customer_id, program_id), rule][day, bill_id] = points
    return awarded
