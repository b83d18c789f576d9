"""Asha, a customer of northwind, and those who call about her."""

import pytest
from django.test import Client

from customers.profile.models import Customer
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.api import Api
from tests.back_office import log_in, make_staff, register
from tests.factories.rows import make_organization, make_store, make_till


@pytest.fixture
def asha(till: Till) -> Customer:
    return register(till, mobile="9812345678", email="asha@example.com", external_id="NW-1", firstname="Asha")


@pytest.fixture
def api(till: Till, organization: Organization) -> Api:
    """Calls as northwind's till."""
    return Api(till)


@pytest.fixture
def agent(organization: Organization) -> Client:
    return log_in(make_staff(organization, "care_agent", username="robin"))


@pytest.fixture
def auditor(organization: Organization) -> Client:
    return log_in(make_staff(organization, "auditor", username="sam"))


@pytest.fixture
def stranger_api(organization: Organization) -> Api:
    """Calls as a till of another organization."""
    with unscoped("tests make their rows"):
        return Api(make_till(make_store(make_organization("bazaar"), "bazaar.main"), "bazaar.till1"))
