"""Two organizations behind the API."""

import pytest

from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.api import Api
from tests.factories.fields import FieldFactory
from tests.factories.locations import TillFactory


@pytest.fixture
def api(till: Till, organization: Organization) -> Api:
    """Calls as northwind's till; northwind asks a few questions."""
    FieldFactory(organization=organization, name="FavoriteColor", type="enum", options=["Green", "Blue", "Red"], position=1)
    FieldFactory(organization=organization, name="age", type="number", position=2)
    FieldFactory(organization=organization, name="gender", type="enum", options=["Male", "Female"], position=3)
    FieldFactory(organization=organization, name="city", category="extended", max_length=20)
    organization.gender_field = "gender"
    organization.save()
    return Api(till)


@pytest.fixture
def stranger_api(organization: Organization) -> Api:
    """Calls as a till of another organization."""
    with unscoped("tests make their rows"):
        return Api(TillFactory(store__organization__code="bazaar", store__code="bazaar.main", code="bazaar.till1"))
