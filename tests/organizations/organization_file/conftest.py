"""Two organizations that were loaded from files"""

from collections.abc import Iterator

import pytest

from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import load, small, whole


@pytest.fixture
def meridian() -> Iterator[Organization]:
    """The whole document, loaded; the test runs in its scope."""
    organization = load(whole()).organization
    with organization_scope(organization):
        yield organization


@pytest.fixture
def tiny() -> Iterator[Organization]:
    """The smallest document, loaded; the test runs in its scope."""
    organization = load(small()).organization
    with organization_scope(organization):
        yield organization
