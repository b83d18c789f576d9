"""The shop of an organization with the club, in whose scope the tests run."""

from collections.abc import Iterator

import pytest

from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.bills import Shop, open_shop
from tests.factories.program_files import club, loaded


@pytest.fixture
def organization(db: None) -> Iterator[Organization]:
    organization = loaded(club(), base_country="IN")
    with organization_scope(organization):
        yield organization


@pytest.fixture
def shop(organization: Organization) -> Shop:
    return open_shop(organization)
