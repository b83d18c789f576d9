"""Sales of the demo without a customer."""

from datetime import UTC, datetime, timedelta

import pytest

from demo.walk_ins import DAYS, demo_walk_ins, record_demo_walk_ins
from engagement.bills.models import Bill
from organizations.locations.models import Till
from tests.factories.locations import till_actor

NOW = datetime(2026, 3, 1, 12)


def test_they_are_the_same_at_every_run_and_become_fewer() -> None:
    sales = list(demo_walk_ins(["a", "b"], now=NOW))
    assert sales == list(demo_walk_ins(["a", "b"], now=NOW))
    assert len({number for _, number, _, _ in sales}) == len(sales)
    assert {till for till, *_ in sales} == {"a", "b"}
    assert all(NOW - timedelta(days=DAYS + 1) < at < NOW and amount > 0 for _, _, at, amount in sales)
    half = NOW - timedelta(days=DAYS / 2)
    assert sum(at < half for _, _, at, _ in sales) > 1.2 * sum(at > half for _, _, at, _ in sales)


@pytest.mark.django_db
def test_they_are_recorded_once(till: Till) -> None:
    by, now = till_actor(till), NOW.replace(tzinfo=UTC)
    count = record_demo_walk_ins(by=by, now=now)
    assert count == Bill.objects.filter(type="NOT_INTERESTED", customer=None, store=till.store).count() > 1000
    assert record_demo_walk_ins(by=by, now=now) == 0
