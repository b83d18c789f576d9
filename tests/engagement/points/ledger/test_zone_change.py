"""After a change of the organization's zone each account is due when a fresh reckoning says so."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from engagement.points.checks.run import check_ledger
from engagement.points.expiry import Expiry
from engagement.points.ledger.repository import read_accounts
from engagement.points.ledger.zone_change import move_due_moments
from engagement.points.models import PointsAccount, PointsLot
from engagement.programs.models import Membership
from loyalty_project.protocol.moments import from_wall
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organizations import OrganizationFactory
from tests.factories.points import PointsAccountFactory, facts, give_points

DAY = date(2026, 10, 24)
# Midnight is skipped in Cairo and Beirut and comes twice in Havana; Apia and Kiritimati lie on the other side of the world.
ZONES = (
    "Asia/Kolkata", "UTC", "America/New_York", "Pacific/Apia", "Pacific/Kiritimati", "Africa/Cairo", "Asia/Beirut",
    "America/Havana", "Europe/London", "Australia/Lord_Howe",
)  # fmt: skip
Moves = PointsLot.Moves


@pytest.fixture
def northwind(db: None) -> Iterator[Organization]:
    organization = OrganizationFactory(with_program=True)
    with organization_scope(organization):
        yield organization


def account_with_everything(organization: Organization, day: date = DAY) -> PointsAccount:
    """An account whose lots expire in every way; some are promised."""
    account: PointsAccount = PointsAccountFactory(organization=organization)
    promised = from_wall(datetime.combine(day - timedelta(days=3), time.min), organization.zone)
    give_points(account, 1, expiry=Expiry(on=day))
    give_points(account, 2, expiry=Expiry(on=day + timedelta(days=8)), opens_at=promised)
    for moves, months in ((Moves.LAST_ACTIVITY, 1), (Moves.ROLLING, 2), (Moves.MEMBERSHIP, None)):
        at = from_wall(datetime.combine(day - timedelta(days=40), time(23, 30)), organization.zone)
        give_points(account, 3, facts=facts(at), expiry=Expiry(moves=moves, months=months))
    PointsAccount.objects.filter(pk=account.pk).update(last_active_on=day - timedelta(days=30))
    Membership.objects.filter(customer=account.customer).update(tier_expires_on=None)
    return account


def change_zone(organization: Organization, name: str) -> int:
    old, organization.timezone = organization.zone, name
    organization.save()
    return move_due_moments(organization, old=old)


def due_moments() -> dict[int, datetime | None]:
    return dict(PointsAccount.objects.values_list("pk", "due_at"))


def reckoned(organization: Organization) -> dict[int, datetime | None]:
    """When each account is due by its lots."""
    customers = PointsAccount.objects.values_list("customer_id", flat=True)
    return {state.account.pk: state.next_due() for state in read_accounts(list(customers), zone=organization.zone).values()}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(day=st.dates(date(2026, 1, 1), date(2027, 12, 31)), zones=st.lists(st.sampled_from(ZONES), min_size=2, max_size=3))
def test_accounts_are_due_as_a_fresh_reckoning_says(northwind: Organization, day: date, zones: list[str]) -> None:
    northwind.timezone = "Asia/Kolkata"
    northwind.save()
    account_with_everything(northwind, day)
    for zone in zones:
        change_zone(northwind, zone)
        assert due_moments() == reckoned(northwind)


@pytest.mark.parametrize(("zone", "hours"), [("UTC", 5.5), ("America/New_York", 9.5), ("Pacific/Kiritimati", -8.5)])
def test_points_expire_at_the_end_of_the_same_day_elsewhere(northwind: Organization, zone: str, hours: float) -> None:
    give_points(PointsAccountFactory(organization=northwind), 5, expiry=Expiry(on=DAY))
    (before,) = due_moments().values()
    assert change_zone(northwind, zone) == 1
    assert before is not None
    assert list(due_moments().values()) == [before + timedelta(hours=hours)]


def test_promised_points_are_credited_on_the_same_day_elsewhere(northwind: Organization) -> None:
    account_with_everything(northwind)
    change_zone(northwind, "America/New_York")
    lot = PointsLot.objects.get(is_open=False)
    assert lot.opens_at is not None
    assert lot.opens_at.astimezone(ZoneInfo("America/New_York")) == datetime(2026, 10, 21, tzinfo=ZoneInfo("America/New_York"))
    assert [str(finding) for finding in check_ledger(northwind)] == []


def test_points_that_open_at_a_time_of_day_open_at_that_moment(northwind: Organization) -> None:
    opens_at = datetime(2026, 10, 24, 12, tzinfo=UTC)
    give_points(PointsAccountFactory(organization=northwind), 5, opens_at=opens_at)
    assert change_zone(northwind, "America/New_York") == 0
    assert list(due_moments().values()) == [opens_at]


def test_accounts_of_other_organizations_and_without_a_date_stay(northwind: Organization) -> None:
    give_points(PointsAccountFactory(organization=northwind), 5)
    with organization_scope(other := OrganizationFactory(with_program=True)):
        give_points(PointsAccountFactory(organization=other), 5, expiry=Expiry(on=DAY))
        before = due_moments()
    assert change_zone(northwind, "America/New_York") == 0
    assert list(due_moments().values()) == [None]
    with organization_scope(other):
        assert due_moments() == before


def test_the_number_of_queries_does_not_grow_with_the_accounts(
    northwind: Organization, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count, zone in ((1, "UTC"), (2, "America/New_York")):
        for _ in range(count):
            account_with_everything(northwind)
        old, northwind.timezone = northwind.zone, zone
        with django_assert_num_queries(7):
            move_due_moments(northwind, old=old)


def test_the_time_limit_of_statements_applies_again(northwind: Organization) -> None:
    change_zone(northwind, "UTC")
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("1min",)


def test_moments_that_were_wrong_are_mended(northwind: Organization) -> None:
    account_with_everything(northwind)
    PointsAccount.objects.update(due_at=F("due_at") + timedelta(days=30))
    change_zone(northwind, "UTC")
    assert due_moments() == reckoned(northwind)
