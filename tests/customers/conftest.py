"""Anna, who registered at northwind's MG Road, and those who work with her."""

import pytest
from django.test import Client

from customers.profile.models import Customer
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.back_office import log_in, make_staff, register
from tests.factories.rows import make_organization, make_store, make_till

ANNA = {
    "firstname": "Anna",
    "lastname": "Rao",
    "mobile": "9812300001",
    "email": "anna.rao@example.com",
    "external_id": "NW-0001",
}


@pytest.fixture
def anna(till: Till) -> Customer:
    return register(till, **ANNA)


@pytest.fixture
def indiranagar(organization: Organization) -> Till:
    """The till of another store of northwind."""
    return make_till(make_store(organization, "blr.indira", name="Indiranagar"), "indira.till1")


@pytest.fixture
def stranger(organization: Organization) -> Till:
    """The till of another organization."""
    with unscoped("tests make their rows"):
        return make_till(make_store(make_organization("bazaar"), "bazaar.main"), "bazaar.till1")


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
