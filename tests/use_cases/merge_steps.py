"""Steps of histories with merges: what customers, tills, files, staff and time do to points."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from engagement.adjustments.posting import Draft
from engagement.adjustments.rules import AdjustmentRefusedError
from engagement.adjustments.services import adjust_points
from engagement.bills.draft import BillDraft
from engagement.bills.models import Bill
from engagement.events.models import DeferredEvent
from engagement.points.ledger.repository import lock_accounts, write_accounts
from engagement.points.models import PointsAccount, PointsEntry
from engagement.points_import.posting import post_history
from engagement.points_import.rows import PointsRow
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Membership, Tier
from engagement.redemptions.redeeming import Redeemed, redeem_points
from engagement.redemptions.requests import RedemptionRequest, ReversalRequest
from engagement.redemptions.reversing import Reversed, reverse_redemption
from loyalty_project.imports.results import RowStatus
from loyalty_project.protocol.errors import LoyaltyError
from referrals.campaigns.catalog import load_campaigns
from tests.factories.customers import LONG_AGO
from tests.use_cases.merge_world import BY_THEMSELVES, MERGES, MergeWorld
from use_cases.deferred_events import work_deferred_events
from use_cases.purchases import Purchase, record_purchases


class PointsSteps(MergeWorld):
    """Everything but merges that can happen to a handful of customers."""

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
            (purchase,) = record_purchases(
                drafts, catalog=load_catalog(), campaigns=load_campaigns(), by=by, now=self.now, defer_awards=defer_awards
            )
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
                adjust_points(account, draft, limit=None, by=self.shops.by)
            except AdjustmentRefusedError:
                return
            expected.append(Decimal(points))
