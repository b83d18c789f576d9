"""State machine of merges and their undoing among other changes: points and rows are neither lost nor doubled.

Random histories through the database. After each step the ledger's checks have nothing to say, and all points together are what
the step itself says; a merge and its undoing change no figure of all together.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import transaction
from django.db.models import Max, QuerySet, Sum
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from customers.groups.models import UserGroup
from customers.identifiers.models import Identifier
from customers.merging.models import Merge
from customers.merging.transfer import MovedRows
from customers.profile.models import Customer
from customers.segments.models import CustomerSegment, SegmentPartition
from engagement.adjustments.posting import Draft
from engagement.adjustments.rules import AdjustmentRefusedError
from engagement.adjustments.services import adjust_points, token_of
from engagement.bills.draft import BillDraft
from engagement.bills.models import Bill, PurchaseTotals
from engagement.events.models import DeferredEvent
from engagement.points.checks.run import check_ledger
from engagement.points.ledger.repository import lock_accounts, write_accounts
from engagement.points.models import PointsAccount, PointsEntry
from engagement.points.settlement import settle_due, settled_accounts
from engagement.points_import.posting import post_history
from engagement.points_import.rows import PointsRow
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Membership, Program, Tier
from engagement.redemptions.models import Redemption
from engagement.redemptions.redeeming import Redeemed, redeem_points
from engagement.redemptions.requests import RedemptionRequest, ReversalRequest
from engagement.redemptions.reversing import Reversed, reverse_redemption
from loyalty_project import clock
from loyalty_project.db.trusted_time import forget_database_time
from loyalty_project.imports.results import RowStatus
from loyalty_project.protocol.errors import LoyaltyError
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
from use_cases.deferred_events import work_deferred_events
from use_cases.merging import MOVED, MergeRefusedError, merge_customers, undo_merge
from use_cases.purchases import Purchase, record_purchases

FULL = os.environ.get("REGULARS_PROOFS") == "full"
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
    columns = ("program_id", "balance", "promised", "last_billed_on", "last_earned_on", "due_at", *FIGURES)
    accounts = PointsAccount.objects.filter(customer=customer_id, moved_to=None).order_by("program_id")
    rows = {move.label: _rows(move.model._default_manager.all(), move.column, customer_id) for move in MOVED}
    rows["identifiers"] = list(
        Identifier.objects.filter(customer=customer_id).order_by("pk").values_list("pk", "kind", "value", "state")
    )
    return {"accounts": list(accounts.values(*columns)), **rows}


def _rows(rows: QuerySet[Any], column: str, customer_id: int) -> list[int]:
    return list(rows.filter(**{column: customer_id}).order_by("pk").values_list("pk", flat=True))


class MergeMachine(RuleBasedStateMachine):
    """Everything that can happen to a handful of customers."""

    shops: Shops
    # What the histories really did: a proof of merges that made none would prove nothing.
    proved: Counter[str]

    @initialize(day=st.dates(date(2026, 1, 1), date(2026, 12, 31)))
    def begin(self, day: date) -> None:
        self.savepoint = transaction.savepoint()
        self.now = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        self.numbers = 0
        self.redeemed: list[tuple[RedemptionRequest, Redeemed]] = []
        self.reversed: list[tuple[ReversalRequest, Reversed]] = []
        self.imported: list[PointsRow] = []
        programs = {program.name: program for program in Program.objects.all()}
        self.people = [self.join(index, programs) for index in range(4)]
        # So that no history is without a merge and its undoing, whatever follows.
        self.buys(1, 100, later=False)
        self.become_one_by_mistake(0, 1)

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

    @rule(hours=st.integers(1, 24 * 20))
    def time_passes(self, hours: int) -> None:
        with self.step():
            self.now += timedelta(hours=hours)
        with self.step():
            pass

    @rule(which=st.integers(0, 3), days=st.none() | st.integers(0, 60))
    def tier_moves(self, which: int, days: int | None) -> None:
        with self.step():
            customer = self.unmerged(which)
            ends = None if days is None else self.now.date() + timedelta(days=days)
            of_customer = Membership.objects.filter(customer=customer, program__is_default=True)
            tier = Tier.objects.filter(program__is_default=True).first()
            of_customer.update(tier=tier, tier_since=LONG_AGO, tier_expires_on=ends)
            states = lock_accounts([customer.pk], zone=self.shops.organization.zone)
            for state in states.values():
                state.is_changed = True
            write_accounts(states.values())

    @rule(which=st.integers(0, 3), amount=st.integers(10, 300), later=st.sampled_from([False, False, False, True]))
    def buys(self, which: int, amount: int, later: bool) -> None:  # noqa: FBT001 - hypothesis passes names
        with self.step() as expected:
            customer = self.unmerged(which)
            bill = self.record(customer_id=customer.pk, number=self.number(), amount=Decimal(amount), defer_awards=later)
            expected.extend(bill.points.values_list("issued", flat=True))

    def record(self, *, defer_awards: bool = False, **draft: Any) -> Bill:
        by = self.shops.by
        drafts = [BillDraft(**{"billed_at": self.now, "till": by.till, "store": by.store, **draft})]
        with transaction.atomic():
            (purchase,) = record_purchases(drafts, catalog=load_catalog(), by=by, now=self.now, defer_awards=defer_awards)
        if isinstance(purchase, LoyaltyError):
            raise purchase
        assert isinstance(purchase, Purchase)
        self.deducted = purchase.award.deducted
        return purchase.recorded.bill

    @precondition(lambda self: DeferredEvent.objects.filter(worked_at=None).exists())
    @rule()
    def what_waits_is_worked(self) -> None:
        with self.step() as expected:
            last = PointsEntry.objects.aggregate(last=Max("pk"))["last"] or 0
            for customer in set(DeferredEvent.objects.filter(worked_at=None).values_list("customer", flat=True)):
                work_deferred_events(self.shops.organization, customer)
            made = PointsEntry.objects.filter(pk__gt=last).exclude(kind__in=[*MERGES, *BY_THEMSELVES])
            expected.extend(points + promised for points, promised in made.values_list("points", "promised"))

    @rule(which=st.integers(0, 1000), percent=st.sampled_from([10, 50, 100]))
    def brings_back(self, which: int, percent: int) -> None:
        sales = list(Bill.objects.filter(type="REGULAR", is_returned=False).order_by("pk"))
        if not sales:
            return
        sale = sales[which % len(sales)]
        left = sale.amount - sale.returned_amount
        with self.step() as expected:
            how = {"return_type": "FULL"} if percent == 100 and not sale.returned_amount else {}
            amount = max(left * percent // 100, Decimal(1))
            back = {"type": "RETURN", "sale_id": sale.pk, "amount": amount, "number": self.number()}
            self.record(customer_id=sale.customer_id, **back, **how)
            expected.append(-self.deducted)

    @rule(which=st.integers(0, 3), percent=st.integers(1, 100))
    def spends(self, which: int, percent: int) -> None:
        with self.step() as expected:
            customer = self.unmerged(which)
            accounts = PointsAccount.objects.filter(customer=customer, moved_to=None, balance__gt=0).order_by("-balance")
            account = accounts.first()
            if account is None:
                return
            points = max(account.balance * percent // 100, Decimal(1))
            order = RedemptionRequest(
                references={"id": str(self.people[which])}, points=str(points), program_id=str(account.program_id),
                external_reference=self.number(),
            )  # fmt: skip
            self.redeemed.append((order, self.redeem(order)))
            expected.append(-points)

    def redeem(self, order: RedemptionRequest) -> Redeemed:
        with transaction.atomic():
            return redeem_points(order, by=self.shops.by)

    @precondition(lambda self: self.redeemed)
    @rule(which=st.integers(0, 1000), percent=st.sampled_from([20, 50, 100, 100]))
    def takes_it_back(self, which: int, percent: int) -> None:
        redemption = self.redeemed[which % len(self.redeemed)][1].redemption
        redemption.refresh_from_db()
        left = redemption.points - redemption.reversed
        if not left:
            return
        with self.step() as expected:
            points = max(left * percent // 100, Decimal(1))
            order = ReversalRequest(redemption_id=redemption.code, points=str(points), external_reference=self.number())
            done = self.reverse(order)
            self.reversed.append((order, done))
            # What lapsed is counted by its entry.
            expected.append(points)

    def reverse(self, order: ReversalRequest) -> Reversed:
        with transaction.atomic():
            return reverse_redemption(order, by=self.shops.by)

    @rule(which=st.integers(0, 1000))
    def asks_again(self, which: int) -> None:
        """Whatever a till or a file said before, it hears the same of it again."""
        with self.step():
            if self.redeemed:
                order, first = self.redeemed[which % len(self.redeemed)]
                again = self.redeem(order)
                assert again.is_replay
                assert (again.redemption.pk, again.balance) == (first.redemption.pk, first.balance)
            if self.reversed:
                back, done = self.reversed[which % len(self.reversed)]
                heard = self.reverse(back)
                assert heard.is_replay
                assert (heard.reversal.pk, heard.balance, heard.lapsed) == (done.reversal.pk, done.balance, done.lapsed)
            if self.imported:
                assert self.import_row(self.imported[which % len(self.imported)]) is RowStatus.UNCHANGED

    @rule(which=st.integers(0, 3), points=st.integers(1, 30), program=st.sampled_from(["Club", "South club"]))
    def gets_an_imported_row(self, which: int, points: int, program: str) -> None:
        with self.step() as expected:
            row = PointsRow(
                customer_id=self.people[which], program=program, kind=PointsEntry.Kind.AWARD, points=Decimal(points),
                occurred_at=self.now, reference=self.number(),
            )  # fmt: skip
            if self.import_row(row) is RowStatus.CREATED:
                self.imported.append(row)
                expected.append(Decimal(points))

    def import_row(self, row: PointsRow) -> RowStatus | None:
        """Import the row for the survivor. None if that customer is not in the program."""
        owner = self.unmerged(self.people.index(row.customer_id)).pk
        values = {name: getattr(row, name) for name in ("program", "kind", "points", "occurred_at", "reference")}
        with transaction.atomic():
            rows = [PointsRow(customer_id=owner, **values)]
            (fate,) = post_history(rows, catalog=load_catalog(), by=self.shops.by, now=self.now)
        return None if isinstance(fate, LoyaltyError) else fate

    @rule(which=st.integers(0, 3), points=st.sampled_from([5, 20, -3, -10]))
    def is_corrected(self, which: int, points: int) -> None:
        with self.step() as expected:
            account = PointsAccount.objects.filter(customer=self.unmerged(which)).order_by("pk").first()
            if account is None:
                return
            try:
                draft = Draft(points=Decimal(points), reason="a mistake", expiry="NEVER" if points > 0 else "PROGRAM")
                adjust_points(account, draft, token=token_of(account), limit=None, by=self.shops.by)
            except AdjustmentRefusedError:
                return
            expected.append(Decimal(points))

    # --- merges

    def merge(self, survivor: Customer, victim: Customer) -> Merge:
        before = together()
        done = merge_customers(survivor=survivor.pk, victim=victim.pk, by=self.shops.by)
        assert (done.is_new, done.notices) == (True, ())
        self.proved["merges"] += 1
        assert together() == before
        again = merge_customers(survivor=survivor.pk, victim=victim.pk, by=self.shops.by)
        assert (again.is_new, again.merge) == (False, done.merge)
        return done.merge

    def undo(self, merge: Merge) -> str:
        """Why it was refused, and nothing is changed then; "" where it was not."""
        before, figures = everything(), together()
        try:
            undo_merge(merge, reason="two customers", by=self.shops.by)
        except MergeRefusedError as refusal:
            assert everything() == before
            self.proved["refused"] += 1
            return str(refusal)
        self.proved["undone"] += 1
        assert together() == figures
        return ""

    def two(self, which: int, other: int) -> tuple[Customer, Customer] | None:
        survivor, another = self.unmerged(which), self.unmerged(other)
        return None if survivor.pk == another.pk else (survivor, another)

    @rule(which=st.integers(0, 3), other=st.integers(0, 3))
    def become_one(self, which: int, other: int) -> None:
        with self.step():
            if pair := self.two(which, other):
                self.merge(*pair)

    @precondition(lambda self: Merge.objects.filter(undone_at=None).exists())
    @rule(which=st.integers(0, 1000))
    def become_two(self, which: int) -> None:
        with self.step():
            merges = list(Merge.objects.filter(undone_at=None).order_by("pk"))
            refusal = self.undo(merges[which % len(merges)])
            note(f"undone? {refusal}")
            if not refusal:
                self.forget_what_stayed_with_others()

    def forget_what_stayed_with_others(self) -> None:
        """What a customer did while merged stays with the survivor after the merge is undone."""
        owners = {pk: self.unmerged(index).pk for index, pk in enumerate(self.people)}
        self.redeemed = [
            (order, done)
            for order, done in self.redeemed
            if Redemption.objects.filter(pk=done.redemption.pk, account__customer=owners[int(order.references["id"])]).exists()
        ]
        self.imported = [
            row
            for row in self.imported
            if PointsEntry.objects.filter(account__customer=owners[row.customer_id], reference=row.reference).exists()
        ]

    @rule(which=st.integers(0, 3), other=st.integers(0, 3))
    def become_one_by_mistake(self, which: int, other: int) -> None:
        """What is undone at once leaves both as they were, unless a debt was set off or the survivor's tier is over already."""
        with self.step():
            pair = self.two(which, other)
            if pair is None:
                return
            before = [owned(customer.pk) for customer in pair]
            in_debt = PointsAccount.objects.filter(customer__in=pair, balance__lt=0).exists()
            merge = self.merge(*pair)
            is_over = PointsAccount.objects.filter(customer=pair[0], due_at__lte=clock.now()).exists()
            refusal = self.undo(merge)
            if refusal:
                assert in_debt or is_over, refusal
            else:
                assert [owned(customer.pk) for customer in pair] == before
                assert not CustomerSegment.objects.filter(customer__merged_into__isnull=False, customer__in=pair).exists()


def play(machine: type[MergeMachine], *, histories: int, steps: int) -> None:
    # A step takes a while: a failure is reported as it happened, without shrinking.
    as_it_happens = (Phase.explicit, Phase.reuse, Phase.generate)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=as_it_happens,
            # In short runs the same histories every time; in full others each time.
            derandomize=not FULL,
        ),
    )


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("allow_negative", [False, True], ids=["never below zero", "below zero"])
def test_any_history_with_merges(allow_negative: bool) -> None:  # noqa: FBT001 - pytest passes names
    class Machine(MergeMachine):
        shops = open_shops(allow_negative=allow_negative)
        proved: Counter[str] = Counter()

    histories = 60 if FULL else 3
    with organization_scope(Machine.shops.organization):
        play(Machine, histories=histories, steps=40)
    assert min(Machine.proved[what] for what in ("merges", "undone", "rivals")) >= histories, Machine.proved
