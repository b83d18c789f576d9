"""Points and bills as rows of a customer's timeline."""

from datetime import timedelta

import pytest

from customers.profile.models import Customer
from engagement.points.timeline import bills_timeline, points_beside_bills, points_timeline
from loyalty_project import clock
from organizations.back_office.timeline import TimelineSlice
from organizations.locations.models import Till
from tests.factories.bills import BillFactory
from tests.factories.customers import CustomerFactory
from tests.factories.locations import till_actor
from tests.factories.points import PointsAccountFactory, facts, give_points
from use_cases.merging import merge_customers

pytestmark = pytest.mark.django_db


def part(limit: int = 9) -> TimelineSlice:
    return TimelineSlice(source=1, limit=limit, before=None, currency="INR")


@pytest.fixture
def member(till: Till) -> Customer:
    """A member with a bill that brought points now and later, and with points beside it."""
    customer = CustomerFactory(organization=till.organization, registered_store=till.store)
    account = PointsAccountFactory(organization=till.organization, customer=customer)
    now = clock.now()
    bill = BillFactory(till=till, customer=customer, number="B-7", billed_at=now - timedelta(days=1))
    of_bill = facts(now - timedelta(days=1), bill_id=bill.pk, explanation={"because": "stated"})
    give_points(account, 10, facts=of_bill)
    give_points(account, 4, facts=of_bill, opens_at=now + timedelta(days=3))
    give_points(account, 5, facts=facts(now - timedelta(days=2), note="Hello"))
    return customer


def test_a_bill_has_its_points_and_why(member: Customer) -> None:
    (row,) = bills_timeline(member, part())
    assert (row.title, row.amount, row.points, row.state) == ("Bill B-7", "100.00 INR", "+10 (+4)", "points promised")
    assert [name for name, _ in row.facts] == ["+10", "+4 promised", "Till", "By"]


def test_points_of_bills_are_not_shown_beside_them(member: Customer) -> None:
    assert [(row.points, row.note) for row in points_beside_bills(member, part())] == [("+5", "Hello")]
    assert [row.points for row in points_timeline(member, part())] == ["(+4)", "+10", "+5"]


def test_a_merge_is_one_row_that_says_what_came(member: Customer, till: Till) -> None:
    other = CustomerFactory(organization=till.organization, registered_store=till.store)
    give_points(PointsAccountFactory(organization=till.organization, customer=other), 100)
    merge_customers(survivor=other.pk, victim=member.pk, by=till_actor(till))
    rows = points_timeline(other, part())
    merge, *rest = rows
    assert (merge.title, merge.note, merge.points, merge.balance) == ("Merge", "points of another customer came", "+15", "115")
    assert [row.points for row in rest] == ["(+4)", "+10", "+5", "+100"]
    # However many entries it has, a page is full of rows.
    first, second, *_ = points_timeline(other, part(limit=2))
    assert (first.title, second.points) == ("Merge", "(+4)")
