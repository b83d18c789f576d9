"""Notices of points that expire soon, for webhook endpoints: once a day."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from customers.profile.models import Customer
from engagement.points.expiry import Expiry
from organizations.tenancy.models import Organization
from tests.factories.bills import account_of, member
from tests.factories.organizations import OrganizationFactory
from tests.factories.points import give_points
from tests.factories.program_files import club, load
from tests.factories.webhooks import announced, listen
from tests.races import race
from webhooks.deliveries.models import Delivery

pytestmark = pytest.mark.django_db
ON = "2026-12-31"
FAR, NEAR = date(2027, 1, 30), date(2027, 1, 7)


@pytest.fixture(autouse=True)
def notices(northwind: Organization) -> None:
    """A club that gives notice 30 and 7 days ahead."""
    with transaction.atomic():
        load(club(expiry_notice_days=[30, 7]))
    northwind.refresh_from_db()


def announce(*options: str, on: str = ON) -> str:
    out = StringIO()
    call_command("announce_expiring", *(options or ("--all",)), "--on", on, stdout=out)
    return out.getvalue()


def test_each_notice_is_an_event(northwind: Organization, asha: Customer) -> None:
    listen(northwind, "points.expiring")
    other = member(northwind)
    for customer, points, day in ((asha, 10, FAR), (asha, 5, FAR), (asha, 3, NEAR), (other, 9, FAR - timedelta(days=1))):
        give_points(account_of(customer), points, expiry=Expiry(day))
    assert announce() == "northwind: notices: 2\n"
    assert [(event.kind, event.customer_id, event.facts) for event in announced()] == [
        ("points.expiring", asha.pk, {"program": "Club", "points": points, "last_day": str(day), "days_left": days})
        for points, day, days in (("3", NEAR, 7), ("15", FAR, 30))
    ]


def test_a_day_is_announced_once_and_the_next_day_again(northwind: Organization, asha: Customer) -> None:
    listen(northwind, "points.expiring")
    give_points(account_of(asha), 10, expiry=Expiry(FAR))
    for _ in range(2):
        announce("--organization", "northwind")
    assert (len(announced()), Delivery.objects.count()) == (1, 1)
    give_points(account_of(asha), 1, expiry=Expiry(FAR))
    announce()
    assert len(announced()) == 1
    # Seven days before.
    announce(on="2027-01-23")
    assert [event.facts["days_left"] for event in announced()] == [30, 7]


def test_without_an_endpoint_nothing_is_announced(northwind: Organization, asha: Customer) -> None:
    listen(northwind, "points.expired")
    give_points(account_of(asha), 10, expiry=Expiry(FAR))
    assert announce() == "northwind: notices: 0\n"
    assert announced() == []


def test_all_organizations_are_served(northwind: Organization) -> None:
    OrganizationFactory(code="bazaar")
    assert announce() == "bazaar: notices: 0\nnorthwind: notices: 0\n"
    assert announce("--organization", "northwind") == "northwind: notices: 0\n"


def test_wrong_options_are_reported() -> None:
    with pytest.raises(CommandError, match="soon is no date"):
        announce(on="soon")
    with pytest.raises(CommandError, match="There is no organization nobody"):
        announce("--organization", "nobody")


@pytest.mark.django_db(transaction=True)
def test_two_commands_at_once_announce_once(northwind: Organization, asha: Customer) -> None:
    listen(northwind, "points.expiring")
    with transaction.atomic():
        give_points(account_of(asha), 10, expiry=Expiry(FAR))
    race([[0], [1]], lambda _: announce())
    assert len(announced()) == 1
