"""The views that the demo's staff saved."""

import pytest
from django.test import Client

from demo.saved_views import save_demo_views
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from tests.back_office import list_of, log_in
from tests.factories.staff import StaffMemberFactory


@pytest.fixture
def browsers(organization: Organization) -> dict[str, Client]:
    roles = {"maya": "org_admin", "owen": "store_manager"}
    members: list[StaffMember] = [
        StaffMemberFactory(organization=organization, username=name, role=role) for name, role in roles.items()
    ]
    return {member.username: log_in(member) for member in members}


def test_the_lists_admit_the_views(organization: Organization, browsers: dict[str, Client]) -> None:
    save_demo_views(organization)
    for username, noun in (("maya", "customers_customer"), ("owen", "engagement_bill")):
        (view,) = (link for link in browsers[username].get(list_of(noun)).context["cl"].presets if link.view_id)
        assert browsers[username].get(f"{list_of(noun)}{view.link}").status_code == 200
