"""Identity requests of the demo."""

import pytest

from customers.identity_requests.models import IdentityRequest
from demo.customers import NUMBERS
from demo.identity_requests import CHECKER, MAKER, DemoChange, demo_changes, request_demo_changes
from loyalty_project import clock
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.factories.locations import till_actor
from tests.factories.staff import StaffMemberFactory
from tests.use_cases.test_registration import register

CUSTOMERS = [{"mobile": NUMBERS[number], "email": f"guest{number}@example.com"} for number in range(60)]
TAKEN = set(NUMBERS[:60])


@pytest.mark.django_db
def test_some_customers_request_changes_which_are_decided_or_pending(till: Till, organization: Organization) -> None:
    organization.countries = ["CA", "US", "DE", "SE"]
    for name in (MAKER, CHECKER):
        StaffMemberFactory(organization=organization, role="care_agent", username=name)
    items = [{"mobile": str(9_812_300_000 + number), "email": f"guest{number}@example.com"} for number in range(30)]
    till.organization = organization
    states = [register(till, **item).state for item in items]
    states += [register(till, mobile="9812300090", fraud_status="CONFIRMED").state]
    now = clock.now()
    count = request_demo_changes(states, by=till_actor(till), now=now)
    requests = list(IdentityRequest.objects.all())
    assert count == len(requests) > 10
    assert {request.requested_by for request in requests} == {f"staff:{MAKER}", "till:mgroad.till1"}
    assert {request.decided_by for request in requests} == {"", f"staff:{CHECKER}"}
    assert {request.status for request in requests} == {"PENDING", "APPROVED", "REJECTED"}
    assert all(request.requested_on < now for request in requests)
    assert request_demo_changes([], by=till_actor(till), now=now) == 0


def test_changes_are_the_same_at_every_run_one_a_customer() -> None:
    changes = demo_changes(CUSTOMERS, taken=TAKEN)
    assert changes == demo_changes(CUSTOMERS, taken=TAKEN)
    assert len({change.customer for change in changes}) == len(changes) > 10
    assert [change.hours_ago for change in changes] == sorted((change.hours_ago for change in changes), reverse=True)
    assert {change.decision for change in changes} == {"", "approved", "rejected"}


def test_new_values_are_free_but_for_three() -> None:
    taken = {value for identifiers in CUSTOMERS for value in identifiers.values()}

    def is_free(change: DemoChange) -> bool:
        return change.new_value.endswith("@post.example.com") or (change.new_value in NUMBERS and change.new_value not in TAKEN)

    changes = demo_changes(CUSTOMERS, taken=TAKEN)
    assert all(change.old_value == CUSTOMERS[change.customer][change.kind] != change.new_value for change in changes)
    assert sum(not is_free(change) for change in changes) == 3
    assert all(is_free(change) or change.new_value in taken for change in changes)


def test_fewer_customers_get_fewer_changes() -> None:
    assert demo_changes([], taken=()) == []
    assert len(demo_changes(CUSTOMERS[:2], taken=TAKEN)) == 2
    assert [change.kind for change in demo_changes([{"mobile": NUMBERS[0]}, {}], taken=TAKEN)] == ["mobile"]
