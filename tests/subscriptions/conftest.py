"""Asha, a customer of northwind, and those who call about her."""

import pytest
from django.test import Client

from customers.profile.models import Customer
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.api import Api
from tests.back_office import log_in, register
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
