"""The erasure of the demo."""

import pytest

from customers.erasure.models import Erasure
from demo.erasures import ERASER, erase_demo_customer
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import register
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db


def test_the_last_customer_is_erased_once(organization: Organization, till: Till) -> None:
    assert erase_demo_customer([], organization=organization) is None
    StaffMemberFactory(organization=organization, role="org_admin", username=ERASER)
    registered = [register(till, email=f"guest{number}@example.com") for number in range(2)]
    erasure = erase_demo_customer(registered, organization=organization)
    assert erasure == Erasure.objects.get()
    assert (erasure.customer_id, erasure.actor) == (registered[1].pk, f"staff:{ERASER}")
    assert erase_demo_customer(registered, organization=organization) is None
