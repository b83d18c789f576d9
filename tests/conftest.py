"""What all tests share: the database server is left as it was found, and northwind is there with a store and a till."""

from collections.abc import Iterator

import pytest
from django.db import connections

from loyalty_project.db.embedded.base import DatabaseWrapper
from loyalty_project.db.embedded.server import configured_server
from organizations.models import Organization, Store, Till
from organizations.scoping import organization_scope, unscoped
from tests.factories import make_organization, make_store, make_till

_WAS_RUNNING = pytest.StashKey[bool]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remember whether the embedded server runs already. Workers of a parallel run leave that to their controller."""
    if isinstance(connections["default"], DatabaseWrapper) and not hasattr(session.config, "workerinput"):
        session.config.stash[_WAS_RUNNING] = configured_server().is_running()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the embedded server, if these tests started it."""
    if session.config.stash.get(_WAS_RUNNING, True) is False:
        configured_server().stop()


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
