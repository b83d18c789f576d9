"""State machine of merges and their undoing among other changes: points and rows are neither lost nor doubled.

Random histories through the database. After each step the ledger's checks have nothing to say, and all points together are what
the step itself says; a merge and its undoing change no figure of all together.
"""

import os
from collections import Counter
from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from customers.merging.models import Merge
from customers.profile.models import Customer
from customers.segments.models import CustomerSegment
from engagement.points.models import PointsAccount, PointsEntry
from engagement.redemptions.models import Redemption
from loyalty_project import clock
from organizations.tenancy.scoping import organization_scope
from tests.use_cases.merge_steps import PointsSteps
from tests.use_cases.merge_world import everything, open_shops, owned, together
from use_cases.merging import MergeRefusedError, merge_customers, undo_merge

FULL = os.environ.get("REGULARS_PROOFS") == "full"


class MergeMachine(PointsSteps):
    """Everything that can happen to a handful of customers."""

    @initialize(day=st.dates(date(2026, 1, 1), date(2026, 12, 31)))
    def begin(self, day: date) -> None:
        self.open(day)
        # So that no history is without a merge and its undoing, whatever follows.
        self.buys(1, 100, later=False)
        self.become_one_by_mistake(0, 1)

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
