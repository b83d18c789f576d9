"""A handful of customers of two programs for histories with merges, and what holds after each step."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import time_machine
from django.apps import apps
from django.db import transaction
from django.db.models import Max, QuerySet, Sum
from hypothesis.stateful import RuleBasedStateMachine

from customers.groups.models import UserGroup
from customers.identifiers.models import Identifier
from customers.merging.models import Merge
from customers.merging.transfer import MovedRows
from customers.profile.models import Customer
from customers.segments.models import SegmentPartition
from engagement.bills.models import PurchaseTotals
from engagement.points.checks.run import check_ledger
from engagement.points.models import PointsAccount, PointsEntry
from engagement.points.settlement import settle_due, settled_accounts
from engagement.points_import.rows import PointsRow
from engagement.programs.models import Program
from engagement.redemptions.redeeming import Redeemed
from engagement.redemptions.requests import RedemptionRequest, ReversalRequest
from engagement.redemptions.reversing import Reversed
from loyalty_project.db.trusted_time import forget_database_time
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from subscriptions.models import Channel, Priority, Scope
from tests.factories.consents import ConsentFactory
from tests.factories.customers import LONG_AGO, CustomerFactory, IdentifierFactory
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.locations import TillFactory, till_actor
from tests.factories.points import PointsAccountFactory
from tests.factories.program_files import club, loaded
from tests.factories.segments import SegmentFactory, put_into
from use_cases.merging import MOVED

ZERO = Decimal(0)
MERGES = [PointsEntry.Kind.MERGE_OUT, PointsEntry.Kind.MERGE_IN]
BY_THEMSELVES = [PointsEntry.Kind.EXPIRE, PointsEntry.Kind.RELEASE]
PAIRS = list(product(Channel.values, Priority.values, Scope.values))
FIGURES = ("lifetime", "redeemed", "expired", "returned", "promised_returned", "adjusted", "purchases", "visits")
# One rule for each way in which points may wait or run out.
EARNING = [
    {"name": "days", "award": {"per": 10, "points": 1}, "expiry": {"kind": "days", "value": 40}},
    {"name": "later", "award": {"per": 20, "points": 1}, "delay_days": 4, "expiry": {"kind": "days", "value": 30}},
    {"name": "active", "award": {"per": 20, "points": 1}, "expiry": {"kind": "last_activity", "value": 1}},
    {"name": "rolling", "award": {"per": 25, "points": 1}, "expiry": {"kind": "rolling", "value": 1}},
    {"name": "tier", "award": {"per": 25, "points": 1}, "kind": "promotional", "expiry": {"kind": "membership"}},
]


@dataclass(frozen=True, slots=True)
class Shops:
    """The organization, and the till where two programs count."""

    organization: Organization
    by: Actor
    group: UserGroup
    partitions: list[SegmentPartition]


def open_shops(*, allow_negative: bool) -> Shops:
    rules: dict[str, Any] = {"precision": 0, "earning": EARNING, "returns": {"allow_negative": allow_negative}}
    south = {"name": "South club", "bound_to": {"zones": ["south"]}, "precision": 0}
    organization = loaded(club(**rules, points_to_currency=1), {**south, "earning": EARNING[:2]})
    with organization_scope(organization):
        store = Store.objects.select_related("zone", "concept").get(code="blr")
        store.organization = organization
        partitions = SegmentFactory(organization=organization, name="spend", partitions=["low", "high"]).partitions.all()
        return Shops(
            organization,
            till_actor(TillFactory(store=store, code="blr.till1")),
            UserGroupFactory(organization=organization, external_id="G1"),
            partitions,
        )


def everything() -> dict[str, list[Any]]:
    """Every row of customers, their data and the audit."""
    labels = {"customers", "engagement", "subscriptions", "tickets"}
    models = [model for model in apps.get_models() if model._meta.app_label in labels or model is AuditEntry]
    return {model._meta.label: list(model._default_manager.order_by("pk").values_list()) for model in models}


def together() -> dict[str, Decimal]:
    """The figures of everybody together."""
    figures: dict[str, Decimal] = PointsAccount.objects.aggregate(**{name: Sum(name) for name in FIGURES})
    bought: dict[str, Decimal] = PurchaseTotals.objects.aggregate(bought=Sum("amount"), bills=Sum("bills"))
    return {**figures, **bought}


def held() -> Decimal:
    """Points of customers that are not merged: to spend, or promised."""
    totals = PointsAccount.objects.filter(customer__merged_into=None).aggregate(all=Sum("balance") + Sum("promised"))
    return totals["all"] or ZERO


def owned(customer_id: int) -> dict[str, Any]:
    """All that a customer has, except the history that is kept apart."""
    columns = ("program_id", "balance", "promised", "last_active_on", "last_earned_on", "due_at", *FIGURES)
    accounts = PointsAccount.objects.filter(customer=customer_id, moved_to=None).order_by("program_id")
    rows = {move.label: _rows(move.model._default_manager.all(), move.column, customer_id) for move in MOVED}
    rows["identifiers"] = list(
        Identifier.objects.filter(customer=customer_id).order_by("pk").values_list("pk", "kind", "value", "state")
    )
    return {"accounts": list(accounts.values(*columns)), **rows}


def _rows(rows: QuerySet[Any], column: str, customer_id: int) -> list[int]:
    return list(rows.filter(**{column: customer_id}).order_by("pk").values_list("pk", flat=True))


class MergeWorld(RuleBasedStateMachine):
    """Customers, the time, and what tills and files have heard so far."""

    shops: Shops
    # What the histories really did: a proof of merges that made none would prove nothing.
    proved: Counter[str]

    def open(self, day: date) -> None:
        """Begin a history on a day, with four customers."""
        self.savepoint = transaction.savepoint()
        self.now = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        self.numbers = 0
        self.redeemed: list[tuple[RedemptionRequest, Redeemed]] = []
        self.reversed: list[tuple[ReversalRequest, Reversed]] = []
        self.imported: list[PointsRow] = []
        programs = {program.name: program for program in Program.objects.all()}
        self.people = [self.join(index, programs) for index in range(4)]

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)

    def join(self, index: int, programs: dict[str, Program]) -> int:
        """Register a customer of index 0 in both programs, 1 and 2 in one each, 3 in none."""
        organization = self.shops.organization
        names = [["Club", "South club"], ["Club"], ["South club"], []][index]
        customer = CustomerFactory(organization=organization, type="LOYALTY" if names else "NON_LOYALTY")
        IdentifierFactory(customer=customer, value=f"91981230{customer.pk % 10000:04}")
        for name in names:
            PointsAccountFactory(organization=organization, program=programs[name], customer=customer)
        if index < 3:
            join_group(self.shops.group, customer.pk, role="PRIMARY" if index == 1 else "MEMBER")
            put_into(self.shops.partitions[index % 2], customer.pk)
        # Of each channel, priority and scope some customers have a consent, and some do not.
        for number, (channel, priority, scope) in enumerate(PAIRS):
            if (number + index) % 3:
                yes = bool(index % 2)
                ConsentFactory(
                    customer=customer, channel=channel, priority=priority, scope=scope, is_subscribed=yes, decided_at=LONG_AGO
                )
        return customer.pk

    # --- steps

    @contextmanager
    def step(self) -> Iterator[list[Decimal]]:
        """Context of a step; its list takes the expected changes of the sum of all points. What is due is settled before."""
        with time_machine.travel(self.now, tick=False):
            forget_database_time()  # it travels too
            list(settle_due(self.shops.organization))
            before, last = held(), PointsEntry.objects.aggregate(last=Max("pk"))["last"] or 0
            expected: list[Decimal] = []
            yield expected
            made = PointsEntry.objects.filter(pk__gt=last)
            by_merges = made.filter(kind__in=MERGES).aggregate(all=Sum("points") + Sum("promised"))["all"] or ZERO
            lapsed = made.filter(kind__in=BY_THEMSELVES).aggregate(all=Sum("points") + Sum("promised"))["all"] or ZERO
            assert by_merges == 0
            assert held() - before == sum(expected, ZERO) + lapsed
            self.check()

    def check(self) -> None:
        """What holds at any moment."""
        assert [str(finding) for finding in check_ledger(self.shops.organization)] == []
        assert not Customer.objects.filter(merged_into__merged_into__isnull=False).exists()
        assert not PointsAccount.objects.filter(customer__merged_into__isnull=False).exists()
        active = Merge.objects.filter(undone_at=None).in_bulk(field_name="pk").values()
        merged = dict(Customer.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into"))
        assert {merge.victim_id for merge in active} == set(merged)
        for move in MOVED:
            kept = {pk for merge in active for pk in merge.moved["rows"][move.label]["kept"]}
            left = move.model._default_manager.filter(**{f"{move.column}__in": merged})
            assert set(left.values_list("pk", flat=True)) <= kept, move.label
            for row in left:
                self.check_rival(move, row, merged[getattr(row, f"{move.column}_id")])
        inherited = Identifier.objects.filter(state="MERGED").values_list("customer", "kind")
        assert set(inherited) <= set(Identifier.objects.filter(state="CURRENT").values_list("customer", "kind"))
        assert not Customer.objects.filter(type="NON_LOYALTY", memberships__isnull=False, merged_into=None).exists()
        ids = [pk for pk in self.people if pk not in merged]
        for key, state in settled_accounts(ids, organization=self.shops.organization).items():
            entries = PointsEntry.objects.filter(account__customer=key.customer_id, account__program=key.program_id)
            sums = entries.aggregate(balance=Sum("points"), promised=Sum("promised"))
            shown = (state.account.balance, state.account.promised)
            assert shown == (sums["balance"] or ZERO, sums["promised"] or ZERO)

    def check_rival(self, move: MovedRows, row: Any, survivor: int) -> None:
        """What a victim kept as history, the survivor has in another row."""
        for constraint in row._meta.constraints:
            if constraint.name in move.conflicts:
                self.proved["rivals"] += 1
                same = {name: getattr(row, name) for name in constraint.fields if name != move.column}
                assert move.model._default_manager.filter(**{move.column: survivor}, **same).exists(), (move.label, row.pk)

    def number(self) -> str:
        self.numbers += 1
        return f"N{self.numbers}"

    def unmerged(self, which: int) -> Customer:
        """A person, or the customer that they were merged into."""
        person = Customer.objects.get(pk=self.people[which])
        return person.merged_into or person
