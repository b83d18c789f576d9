"""Who works on these tests' organization: its administrator, its auditor, and the operator of the installation."""

import pytest
from django.test import Client

from organizations.tenancy.models import Organization
from tests.back_office import log_in
from tests.factories.staff import StaffMemberFactory


@pytest.fixture
def administrator(organization: Organization) -> Client:
    return log_in(StaffMemberFactory(organization=organization, role="org_admin", username="asha"))


@pytest.fixture
def auditor(organization: Organization) -> Client:
    return log_in(StaffMemberFactory(organization=organization, role="auditor", username="sam"))


@pytest.fixture
def operator(organization: Organization) -> Client:
    return log_in(StaffMemberFactory(operator=True, username="operator"))
