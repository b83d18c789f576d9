"""Which rows does a filter leave?"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from organizations.tenancy.models import Organization
from tests.back_office import list_of, log_in, shown
from tests.factories.customers import CustomerFactory
from tests.factories.staff import StaffMemberFactory
from tests.midnights import DAY, around_midnight, moment

pytestmark = pytest.mark.django_db


def shown_between(organization: Organization, first: str, last: str) -> list[datetime]:
    """The times of registration in the list of customers who registered on these days."""
    client = log_in(StaffMemberFactory(organization=organization, role="org_admin"))
    address = f"{list_of('customers_customer')}?registered_on_from={first}&registered_on_to={last}"
    return sorted(customer.registered_on for customer in shown(client.get(address)))


@around_midnight
def test_days_of_a_filter_are_those_of_the_organizations_zone(organization: Organization, zone: ZoneInfo, clock: time) -> None:
    organization.timezone = zone.key
    organization.save()
    at = moment(zone, clock)
    for registered_on in (at - timedelta(days=1), at, at + timedelta(days=1)):
        CustomerFactory(organization=organization, registered_on=registered_on)
    assert shown_between(organization, str(DAY), str(DAY)) == [at]


@pytest.mark.parametrize(
    ("zone_name", "moments", "of_day"),
    [
        # In Beirut, 24 October 2026 has the hour from 23:00 twice.
        ("Asia/Beirut", ["2026-10-24T20:30Z", "2026-10-24T21:30Z", "2026-10-24T22:00Z"], 2),
        # In Nuuk, the hour from 23:00 is skipped: 29 March 2025 ends at 1:00 UTC.
        ("America/Nuuk", ["2025-03-30T00:30Z", "2025-03-30T01:00Z", "2025-03-30T01:30Z"], 1),
    ],
)
def test_a_day_of_a_filter_ends_at_midnight_when_clocks_change(
    organization: Organization, zone_name: str, moments: list[str], of_day: int
) -> None:
    organization.timezone = zone_name
    organization.save()
    read = [datetime.fromisoformat(text) for text in moments]
    for registered_on in read:
        CustomerFactory(organization=organization, registered_on=registered_on)
    day = str(read[0].astimezone(organization.zone).date())
    assert shown_between(organization, day, day) == read[:of_day]


@pytest.mark.parametrize("day", ["9999-12-31", "1900-01-01"])
def test_the_first_and_the_last_day_of_a_filter_leave_a_page(organization: Organization, day: str) -> None:
    assert shown_between(organization, day, day) == []
