"""Links of tickets, and goodwill that carries the code of its ticket."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, OperationalError, transaction

from customers.profile.models import Customer
from engagement.adjustments.models import PointsAdjustment
from engagement.adjustments.posting import Draft
from engagement.adjustments.services import Limit
from engagement.points.explanations import explain
from engagement.points.models import PointsAccount
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from tests.back_office import register
from tests.factories.adjustments import staff_of
from tests.factories.bills import BillFactory
from tests.factories.coupons import hold, open_series
from tests.factories.locations import till_actor
from tests.factories.points import PointsAccountFactory
from tests.factories.tickets import TicketFactory
from tests.use_cases.merges import merge
from tickets.links.models import TicketLink
from tickets.links.services import (
    LONGEST_REASON,
    describe,
    give_coupon_for,
    give_points,
    link_ticket,
    links_of,
    reason_of,
)
from tickets.ticket.models import Ticket
from tickets.ticket.services import TicketRefusedError

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(asha: Customer) -> Ticket:
    made: Ticket = TicketFactory(customer=asha, code="ab12cd34e", subject="Broken kettle")
    return made


@pytest.fixture
def account(asha: Customer) -> PointsAccount:
    return PointsAccount.objects.select_related("customer").get(customer=asha)


def give(ticket: Ticket, account: PointsAccount, points: int = 50, *, limit: Limit = None) -> PointsAdjustment:
    draft = Draft(
        points=Decimal(points), reason="Late parcel", expiry=PointsAdjustment.Expiry.NEVER if points > 0 else "PROGRAM"
    )
    return give_points(ticket, account, draft, limit=limit, by=staff_of(ticket.organization))


def test_points_carry_the_code_of_the_ticket(ticket: Ticket, account: PointsAccount) -> None:
    adjustment = give(ticket, account)
    assert adjustment.reason == "Ticket ab12cd34e: Late parcel"
    entry = adjustment.entry
    assert entry is not None
    assert explain(entry) == "50 points credited, which never expire: adjustment (Ticket ab12cd34e: Late parcel)."
    (link,) = links_of(ticket)
    assert (link.target, link.is_goodwill, link.made_by) == (adjustment, True, "staff:carla")
    noted = AuditEntry.objects.filter(object_type="ticket").latest("pk")
    assert (noted.action, noted.new) == ("goodwill given", {"adjustment": "+50 points"})


def test_points_above_the_limit_wait_and_are_linked(ticket: Ticket, account: PointsAccount) -> None:
    adjustment = give(ticket, account, 500, limit=Decimal(100))
    assert (adjustment.status, adjustment.entry) == ("PENDING", None)
    assert [link.adjustment for link in links_of(ticket)] == [adjustment]


def test_goodwill_takes_no_points_and_none_of_others(ticket: Ticket, account: PointsAccount) -> None:
    with pytest.raises(TicketRefusedError, match="adds points"):
        give(ticket, account, -5)
    other = PointsAccountFactory(organization=ticket.organization)
    with pytest.raises(OperationalError):
        give(ticket, other)
    assert not TicketLink.objects.exists()


def test_the_longest_reason_fits_the_ledger(ticket: Ticket) -> None:
    assert len(reason_of(ticket, "x" * LONGEST_REASON)) == 250


def test_a_coupon_carries_the_code_too(ticket: Ticket) -> None:
    series = open_series(ticket.organization, max_per_customer=1)
    by = staff_of(ticket.organization)
    coupon = give_coupon_for(ticket, series, reason="Late parcel", by=by)
    assert coupon.customer == ticket.customer
    issued = AuditEntry.objects.get(object_type="coupon")
    assert issued.new["reason"] == "Ticket ab12cd34e: Late parcel"
    assert [(link.coupon, link.is_goodwill) for link in links_of(ticket)] == [(coupon, True)]
    with pytest.raises(LoyaltyError, match="722"):
        give_coupon_for(ticket, series, reason="Late parcel", by=by)
    assert TicketLink.objects.count() == 1


def test_what_the_customer_has_is_linked(ticket: Ticket, account: PointsAccount, asha: Customer, till: Till) -> None:
    bill = BillFactory(till=till, customer=asha, number="B-1")
    coupon = hold(asha, open_series(asha.organization), by=till_actor(till), code="KETTLE12")
    entry = give(ticket, account).entry
    assert entry is not None
    by = staff_of(asha.organization)
    for kind, name in (("bill", "B-1"), ("coupon", " kettle12 "), ("entry", str(entry.pk))):
        link_ticket(ticket, kind, name, by=by)
    *_, of_bill, of_coupon, of_entry = links_of(ticket)
    assert (of_bill.target, of_coupon.target, of_entry.target) == (bill, coupon, entry)
    assert describe(entry) == f"{entry} of {entry.occurred_at:%F}"
    with pytest.raises(TicketRefusedError, match="linked already"):
        link_ticket(ticket, "bill", "B-1", by=by)


@pytest.mark.parametrize(("kind", "name"), [("bill", "B-9"), ("coupon", "NONE"), ("entry", "abc"), ("entry", "999999999")])
def test_what_the_customer_has_not_is_not_linked(ticket: Ticket, kind: str, name: str) -> None:
    with pytest.raises(TicketRefusedError, match=f"has no .* {name}"):
        link_ticket(ticket, kind, name, by=staff_of(ticket.organization))


def test_a_bill_of_another_customer_is_not_linked(ticket: Ticket, till: Till) -> None:
    BillFactory(till=till, customer=register(till, mobile="9812345679"), number="B-1")
    with pytest.raises(TicketRefusedError):
        link_ticket(ticket, "bill", "B-1", by=staff_of(ticket.organization))


def test_a_ticket_that_is_history_takes_nothing(ticket: Ticket, asha: Customer, till: Till, account: PointsAccount) -> None:
    twin = register(till, mobile="9812345679")
    same = TicketFactory(customer=twin, subject=ticket.subject)
    merge(till, asha, twin)
    same.refresh_from_db()
    by = staff_of(asha.organization)
    for work in (
        lambda: give(same, account),
        lambda: give_coupon_for(same, open_series(asha.organization), reason="x", by=by),
        lambda: link_ticket(same, "bill", "B-1", by=by),
    ):
        with pytest.raises(TicketRefusedError, match="was merged"):
            work()


def test_the_database_keeps_links_as_they_are(ticket: Ticket, account: PointsAccount) -> None:
    give(ticket, account)
    for change in (lambda rows: rows.update(is_goodwill=False), lambda rows: rows.delete()):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change(TicketLink.objects.all())
    with pytest.raises(IntegrityError), transaction.atomic():
        TicketLink.objects.create(organization=ticket.organization, ticket=ticket, at=clock.now(), made_by="x")
