"""The figures of the start page after any history: sales and returns, some back-dated, merges, expiry, reversals, corrections.

After each step the figures are refreshed as a worker does it, and each of them is the one that is counted row by row.
"""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from engagement.bills.models import Bill
from engagement.figures.models import FiguresRefresh, PointsFigures
from engagement.figures.refreshing import refresh_figures
from organizations.tenancy.scoping import organization_scope
from tests.engagement.figures.direct import assert_figures_agree
from tests.use_cases.merge_world import open_shops
from tests.use_cases.test_merge_machine import FULL, MergeMachine, play


class FiguresMachine(MergeMachine):
    """Everything that can happen to a handful of customers, and sales that come in late."""

    @initialize(day=st.dates(date(2026, 1, 1), date(2026, 12, 31)))
    def begin(self, day: date) -> None:
        super().begin(day)
        # So that no history is without them.
        self.is_corrected(0, 20)
        self.time_passes(2)
        self.spends(0, 50)
        self.bought_earlier(0, 100, 45)
        self.brings_back(0, 50)

    @rule(which=st.integers(0, 3), amount=st.integers(10, 300), days=st.integers(1, 200))
    def bought_earlier(self, which: int, amount: int, days: int) -> None:
        with self.step() as expected:
            customer = self.unmerged(which)
            then = self.now - timedelta(days=days)
            bill = self.record(customer_id=customer.pk, number=self.number(), amount=Decimal(amount), billed_at=then)
            expected.extend(bill.points.values_list("issued", flat=True))
            self.proved["back-dated"] += 1

    @rule(amount=st.integers(10, 300), outlier=st.sampled_from(["NORMAL", "TEST"]))
    def a_stranger_buys(self, amount: int, outlier: str) -> None:
        with self.step():
            self.record(
                type=Bill.Type.NOT_INTERESTED, customer_id=None, number=self.number(), amount=Decimal(amount),
                outlier_status=outlier,
            )  # fmt: skip

    def check(self) -> None:
        """Refresh, and count directly. Only what is new is counted, once refreshes lie an hour and more behind."""
        refresh_figures(self.shops.organization)
        assert_figures_agree(self.shops.organization)
        last = FiguresRefresh.objects.latest("pk")
        self.proved["refreshed"] += 1
        self.proved["incremental"] += not last.is_complete
        for column in ("redeemed", "expired", "returned", "adjusted"):
            self.proved[column] += PointsFigures.objects.exclude(**{column: 0}).exists()


@pytest.mark.slow
@pytest.mark.django_db
def test_figures_are_right_after_any_history() -> None:
    class Machine(FiguresMachine):
        shops = open_shops(allow_negative=True)
        proved: Counter[str] = Counter()

    with organization_scope(Machine.shops.organization):
        play(Machine, histories=60 if FULL else 4, steps=40)
    proved = ("merges", "undone", "back-dated", "incremental", "redeemed", "expired", "returned", "adjusted")
    assert all(Machine.proved[what] for what in proved), Machine.proved
