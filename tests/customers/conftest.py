"""Anna, who registered at northwind's MG Road, and tills elsewhere."""

import pytest

from customers.models import Customer
from organizations.models import Organization, Till
from organizations.scoping import unscoped
from tests.back_office import register
from tests.factories import make_organization, make_store, make_till

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
