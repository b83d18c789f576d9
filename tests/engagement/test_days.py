"""Which day is it, between local midnight and midnight in UTC? The organization's zone decides (docs/architecture.md)."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine

from engagement.bills.models import Bill
from engagement.points.ledger.posting import end_of
from engagement.points.ledger.repository import read_accounts
from engagement.points.models import PointsAccount, PointsLot
from engagement.points.payloads import promotion_row
from engagement.redemptions.rules import start_of_day
from loyalty_project.protocol.moments import from_wall, read_span
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.bills import member as customer_of
from tests.factories.bills import open_shop
from tests.factories.chains import member, open_chain, order, redeem, refusal_of
from tests.factories.program_files import club, loaded

DAY = date(2026, 3, 10)
# On both sides of UTC: in each, one of the two times belongs to another day of UTC.
ZONES = ("Asia/Kolkata", "Pacific/Kiritimati", "America/New_York", "Pacific/Pago_Pago")
TIMES = (time(0, 30), time(23, 30))

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("zone_name", ZONES)]


@pytest.fixture
def zone(zone_name: str) -> ZoneInfo:
    return ZoneInfo(zone_name)


def northwind(zone: ZoneInfo, expiry: dict[str, object]) -> Organization:
    organization = loaded(
        club(enrolment=None, earning=[{"name": "base", "award": {"per": 100, "points": 5}, "expiry": expiry}])
    )
    organization.timezone = zone.key
    organization.save()
    return organization


def moment(zone: ZoneInfo, at: time, day: date = DAY) -> datetime:
    return from_wall(datetime.combine(day, at), zone)


@pytest.fixture(params=TIMES, ids=str)
def at(request: pytest.FixtureRequest, zone: ZoneInfo) -> datetime:
    """A moment shortly after or before local midnight."""
    return moment(zone, request.param)


def sell(organization: Organization, at: datetime, *, registered_on: datetime) -> None:
    """A sale at that moment to a customer who registered at the other, recorded an hour later."""
    shop = open_shop(organization)
    customer = customer_of(organization, registered_on=registered_on)
    shop.record(shop.draft("1", 100, customer_id=customer.pk, billed_at=at), now=at + timedelta(hours=1))


def test_points_expire_on_the_anniversary_of_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, {"kind": "anniversary", "value": 1})
    with organization_scope(organization):
        sell(organization, at + timedelta(days=5), registered_on=at)
        assert PointsLot.objects.get().expires_on == date(2027, 3, 10)


def test_bills_and_their_points_belong_to_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, {"kind": "days", "value": 5})
    with organization_scope(organization):
        sell(organization, at, registered_on=at - timedelta(days=9))
        assert Bill.objects.get().billed_on == DAY
        account, lot = PointsAccount.objects.get(), PointsLot.objects.get()
        assert (account.last_billed_on, lot.expires_on) == (DAY, date(2026, 3, 15))
        assert account.due_at == moment(zone, time(), date(2026, 3, 16))


def test_a_day_begins_and_ends_at_local_midnight(zone: ZoneInfo, at: datetime) -> None:
    assert (start_of_day(at, zone), end_of(DAY, zone)) == (moment(zone, time()), moment(zone, time(), date(2026, 3, 11)))
    assert read_span("2026-03-10", zone) == (start_of_day(at, zone), end_of(DAY, zone))


def test_a_redemption_is_the_same_on_the_same_local_day_only(zone: ZoneInfo) -> None:
    chain = open_chain()
    chain.organization.timezone = zone.key
    chain.organization.save()
    with organization_scope(chain.organization):
        asha = member(chain)
        codes = []
        for day, clock in ((DAY, TIMES[0]), (DAY, TIMES[1]), (DAY + timedelta(days=1), TIMES[0])):
            with time_machine.travel(moment(zone, clock, day), tick=False):
                codes.append(redeem(order(asha, "10", transaction_number="T-1"), chain.blr).redemption.code)
    assert (codes[0] == codes[1], codes[1] == codes[2]) == (True, False)


def test_the_points_of_a_day_are_those_of_the_local_day(zone: ZoneInfo) -> None:
    chain = open_chain(redemption={"max_points_per_day": 60})
    chain.organization.timezone = zone.key
    chain.organization.save()
    with organization_scope(chain.organization):
        asha, refusals = member(chain, 200), []
        for day, clock, points in ((DAY, TIMES[0], "40"), (DAY, TIMES[1], "30"), (DAY + timedelta(days=1), TIMES[0], "30")):
            with time_machine.travel(moment(zone, clock, day), tick=False):
                refusals.append(refusal_of(order(asha, points), chain.blr))
        assert refusals == [0, 819, 0]
        asha.refresh_from_db()
        assert asha.balance == Decimal(130)


def test_points_are_printed_with_the_local_day(zone: ZoneInfo, at: datetime) -> None:
    organization = northwind(zone, {"kind": "days", "value": 5})
    with organization_scope(organization):
        sell(organization, at, registered_on=at)
        (state,) = read_accounts([PointsAccount.objects.get().customer_id], zone=zone).values()
        lot = PointsLot.objects.select_related("entry__till").get()
        row = promotion_row(lot, state)
        assert (row["issued_on"], row["expiry_date"]) == ("2026-03-10", "2026-03-15")
