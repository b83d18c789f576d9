import io

import pytest
from django.core.management import CommandError, call_command

from organizations.locations.models import Store, Till
from organizations.tenancy.references import tenant_references
from organizations.tenancy.scoping import unscoped
from tests.factories.locations import ZoneFactory


def test_the_number_of_checked_rows_is_printed(till: Till, stranger: Till) -> None:
    out = io.StringIO()
    call_command("check_tenancy", stdout=out)
    assert out.getvalue() == f"{len(tenant_references())} references checked: none leaves its organization\n"


def test_lists_offending_rows_and_ends_with_status_1(till: Till, stranger: Till) -> None:
    with unscoped("tests break what the scope protects"):
        zone = ZoneFactory(organization=stranger.organization, code="east", name="East")
        Store.objects.filter(pk=till.store_id).update(zone=zone)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 references to another organization") as caught:
        call_command("check_tenancy", stdout=out)
    assert caught.value.returncode == 1
    assert out.getvalue() == (
        f"organizations.Store {till.store_id}: organization_id is {till.organization_id}, "
        f"but zone__organization_id is {stranger.organization_id}\n"
    )
