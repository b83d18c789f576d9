"""Asha, a customer of northwind, and those who call about her."""

import pytest
from django.test import Client

from customers.profile.models import Customer
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.api import Api
from tests.back_office import log_in, register
from tests.factories.locations import TillFactory
from tests.factories.staff import StaffMemberFactory


@pytest.fixture
def asha(till: Till) -> Customer:
    return register(till, mobile="9812345678", email="asha@example.com", external_id="NW-1", firstname="Asha")


@pytest.fixture
def api(till: Till, organization: Organization) -> Api:
    """Calls as northwind's till."""
    return Api(till)


@pytest.fixture
def agent(organization: Organization) -> Client:
    return log_in(StaffMemberFactory(organization=organization, role="care_agent", username="robin"))


@pytest.fixture
def auditor(organization: Organization) -> Client:
    return log_in(StaffMemberFactory(organization=organization, role="auditor", username="sam"))


@pytest.fixture
def stranger_api(organization: Organization) -> Api:
    """Calls as a till of another organization."""
    with unscoped("tests make their rows"):
        return Api(TillFactory(store__organization__code="bazaar", store__code="bazaar.main", code="bazaar.till1"))
