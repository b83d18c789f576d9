"""Two organizations behind the API."""

from typing import Any

import pytest

from customers.segments.models import SegmentPartition
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.api import Api, fields
from tests.factories.fields import FieldFactory
from tests.factories.segments import SegmentFactory


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
def asha(api: Api) -> dict[str, Any]:
    """The item of add for a customer with every identifier and values of fields."""
    return api.add(
        mobile="9812345678", email="asha@example.com", external_id="E 1", firstname="Asha", registered_on="2024-03-05 10:11:12",
        custom_fields=fields(age="30", gender="F", FavoriteColor="Red"), extended_fields=fields(city="Pune"),
    ).item  # fmt: skip


@pytest.fixture
def band(organization: Organization) -> list[SegmentPartition]:
    """The partitions low, mid and high of a segment."""
    return list(SegmentFactory(organization=organization, name="band", partitions=["low", "mid", "high"]).partitions.all())
