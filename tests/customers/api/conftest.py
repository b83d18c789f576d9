"""Two organizations behind the API."""

import pytest

from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.api import Api
from tests.factories.fields import FieldFactory


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
