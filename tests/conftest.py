"""What all tests share: cheap password hashes, people of one organization, and a stranger of another."""

from collections.abc import Iterator

import pytest

from organizations.models import Organization, Store, Till
from organizations.scoping import organization_scope, unscoped
from tests.factories import make_organization, make_store, make_till


@pytest.fixture
def organization(db: None) -> Iterator[Organization]:
    """An Indian organization, mobile first, whose scope the test runs in."""
    with unscoped("tests make their rows"):
        organization = make_organization("northwind")
    with organization_scope(organization):
        yield organization


@pytest.fixture
def store(organization: Organization) -> Store:
    return make_store(organization, "blr.mgroad", name="MG Road")


@pytest.fixture
def till(store: Store) -> Till:
    return make_till(store, "mgroad.till1", name="MG Road till 1")
