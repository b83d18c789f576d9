"""Those who work with northwind's customers in the back office."""

import pytest
from django.test import Client

from organizations.models import Organization, Store
from tests.back_office import log_in, make_staff


@pytest.fixture
def administrator(organization: Organization) -> Client:
    return log_in(make_staff(organization, "org_admin", username="asha"))


@pytest.fixture
def seller(store: Store) -> Client:
    """Store staff of MG Road."""
    return log_in(make_staff(store.organization, "store_staff", store, username="robin"))


@pytest.fixture
def auditor(organization: Organization) -> Client:
    return log_in(make_staff(organization, "auditor", username="sam"))


@pytest.fixture
def operator(organization: Organization) -> Client:
    return log_in(make_staff(None, username="operator"))
