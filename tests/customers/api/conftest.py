"""Two organizations behind the API."""

import pytest

from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.api import Api
from tests.factories.rows import make_field, make_organization, make_store, make_till


@pytest.fixture
def api(till: Till, organization: Organization) -> Api:
    """Calls as northwind's till; northwind asks a few questions."""
    make_field(organization, "FavoriteColor", type="enum", options=["Green", "Blue", "Red"], position=1)
    make_field(organization, "age", type="number", position=2)
    make_field(organization, "gender", type="enum", options=["Male", "Female"], position=3)
    make_field(organization, "city", category="extended", max_length=20)
    organization.gender_field = "gender"
    organization.save()
    return Api(till)


@pytest.fixture
def stranger_api(organization: Organization) -> Api:
    """Calls as a till of another organization."""
    with unscoped("tests make their rows"):
        return Api(make_till(make_store(make_organization("bazaar"), "bazaar.main"), "bazaar.till1"))
