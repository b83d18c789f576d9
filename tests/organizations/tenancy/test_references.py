from collections.abc import Iterator

import pytest

from organizations.credentials.models import ApiClient
from organizations.locations.models import Store, Till
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.references import references_across_tenants, tenant_references
from organizations.tenancy.scoping import unscoped
from tests.factories.locations import ZoneFactory
from tests.factories.staff import StaffMemberFactory


@pytest.fixture(autouse=True)
def _all_tenants(organization: Organization) -> Iterator[None]:
    with unscoped("tests break what the scope protects"):
        yield


def crossing() -> list[tuple[str, str, int]]:
    return [
        (crossing.reference.model.__name__, crossing.reference.right, crossing.pk) for crossing in references_across_tenants()
    ]


def test_rows_that_keep_to_their_organization_are_no_finding(client_row: ApiClient, stranger: Till) -> None:
    assert crossing() == []


def test_every_foreign_key_between_tenant_tables_is_looked_at() -> None:
    """The list is made from the catalogue; these are some that must be in it."""
    looked_at = {(reference.model.__name__, reference.left, reference.right) for reference in tenant_references()}
    assert {
        ("Store", "organization_id", "zone__organization_id"),
        ("Store", "organization_id", "concept__organization_id"),
        ("Till", "organization_id", "store__organization_id"),
        ("ApiClient", "organization_id", "till__organization_id"),
        ("StaffMember_stores", "staffmember__organization_id", "store__organization_id"),
    } <= looked_at
    assert "organizations.Till: organization_id and store__organization_id" in map(str, tenant_references())


def test_a_foreign_key_to_another_organization_is_found(client_row: ApiClient, stranger: Till) -> None:
    """Whichever of the two organizations is the older one."""
    till = Till.objects.get(pk=client_row.till_id)
    for row, other in ((till, stranger), (stranger, till)):
        Till.objects.filter(pk=row.pk).update(store=other.store_id)
        assert crossing() == [("Till", "store__organization_id", row.pk)]
        Till.objects.filter(pk=row.pk).update(store=row.store_id)


def test_each_offending_row_is_found(client_row: ApiClient, stranger: Till) -> None:
    zone = ZoneFactory(organization=stranger.organization, code="east", name="East")
    Store.objects.filter(pk=client_row.till.store_id).update(zone=zone)
    ApiClient.objects.filter(pk=client_row.pk).update(till=stranger)
    assert sorted(crossing()) == [
        ("ApiClient", "till__organization_id", client_row.pk),
        ("Store", "zone__organization_id", client_row.till.store_id),
    ]


def test_a_member_of_staff_in_a_store_of_another_organization_is_found(till: Till, stranger: Till) -> None:
    member = StaffMemberFactory(username="asha", organization=till.organization, role="store_staff")
    member.stores.add(till.store)
    assert crossing() == []
    member.stores.add(stranger.store)
    (reference,) = references_across_tenants()
    link = StaffMember.stores.through.objects.get(store=stranger.store)
    assert (reference.reference.model, reference.pk) == (StaffMember.stores.through, link.pk)
    assert (reference.left, reference.right) == (till.organization_id, stranger.organization_id)


def test_an_operator_crosses_no_tenant(till: Till) -> None:
    operator = StaffMemberFactory(operator=True)
    operator.stores.add(till.store)
    assert crossing() == []
