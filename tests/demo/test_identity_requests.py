"""How the demo's requests to change identifiers come about."""

import pytest

from customers.identity_requests.models import IdentityRequest
from demo.identity_requests import CHECKER, MAKER, ask_demo_changes
from loyalty_project import clock
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.factories.locations import till_actor
from tests.factories.staff import StaffMemberFactory
from tests.use_cases.test_registration import register

pytestmark = pytest.mark.django_db


def test_some_of_those_who_were_registered_want_something(till: Till, organization: Organization) -> None:
    organization.countries = ["CA", "US", "DE", "SE"]
    for name in (MAKER, CHECKER):
        StaffMemberFactory(organization=organization, role="care_agent", username=name)
    items = [{"mobile": str(9_812_300_000 + number), "email": f"guest{number}@example.com"} for number in range(30)]
    till.organization = organization
    people = [register(till, **item).state for item in items]
    people += [register(till, mobile="9812300090", fraud_status="CONFIRMED").state]
    now = clock.now()
    count = ask_demo_changes(people, by=till_actor(till), now=now)
    requests = list(IdentityRequest.objects.all())
    assert count == len(requests) > 10
    assert {one.requested_by for one in requests} == {f"staff:{MAKER}", "till:mgroad.till1"}
    assert {one.decided_by for one in requests} == {"", f"staff:{CHECKER}"}
    assert {one.status for one in requests} == {"PENDING", "APPROVED", "REJECTED"}
    assert all(one.requested_on < now for one in requests)
    assert ask_demo_changes([], by=till_actor(till), now=now) == 0
