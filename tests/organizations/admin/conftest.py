"""Who works on these tests' organization: its administrator, its auditor, and the operator of the installation."""

import pytest
from django.test import Client

from organizations.tenancy.models import Organization
from tests.back_office import log_in, make_staff


@pytest.fixture
def administrator(organization: Organization) -> Client:
    return log_in(make_staff(organization, "org_admin", username="asha"))


@pytest.fixture
def auditor(organization: Organization) -> Client:
    return log_in(make_staff(organization, "auditor", username="sam"))


@pytest.fixture
def operator(organization: Organization) -> Client:
    return log_in(make_staff(None, username="operator"))
