"""Merges of the demo."""

import pytest

from customers.duplicates.models import DuplicateCandidate
from customers.duplicates.services import find_duplicates
from customers.merging.models import Merge
from customers.profile.models import Customer
from demo.merges import MERGER, merge_demo_duplicates
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import register
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db


def test_some_duplicates_are_merged_and_the_last_merge_is_undone(organization: Organization, till: Till) -> None:
    StaffMemberFactory(organization=organization, role="care_agent", username=MERGER)
    assert merge_demo_duplicates(organization) == 0
    for number in range(10):
        for spelling in (f"guest{number}@example.com", f"guest{number}+club@example.com"):
            register(till, email=spelling)
    # Customers who may not be merged are left out.
    Customer.objects.filter(identifiers__value="guest4@example.com").update(fraud_status="CONFIRMED")
    find_duplicates(organization)
    assert merge_demo_duplicates(organization) == 2
    assert [merge.undone_at is None for merge in Merge.objects.order_by("pk")] == [True, False]
    assert {merge.actor for merge in Merge.objects.all()} == {f"staff:{MERGER}"}
    states = DuplicateCandidate.objects.values_list("state", flat=True)
    assert sorted(states) == ["MERGED", *["OPEN"] * 9]
    # A newer edition of the demo adds none to those.
    assert merge_demo_duplicates(organization) == 0
