"""A server of two processes for all proofs, and the shop that calls it."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import DjangoDbBlocker

from engagement.points.checks.run import check_ledger
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.killing import Served, served
from tests.proofs.shop import ORGANIZATION_FILE, Shop
from use_cases.organization_file import check_document, load_organization


@pytest.fixture(scope="package")
def server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Served]:
    with django_db_blocker.unblock(), served(workers=2) as server:
        yield server


@pytest.fixture
def northwind(transactional_db: None) -> Organization:
    with unscoped("tests make their rows"):
        return load_organization(check_document(ORGANIZATION_FILE.read_bytes(), environment={})).organization


@pytest.fixture
def shop(server: Served, northwind: Organization) -> Shop:
    return Shop(server.address)


@pytest.fixture
def prove_ledger(northwind: Organization) -> Callable[[], None]:
    """Check every sum and pair of the ledger."""

    def prove() -> None:
        with organization_scope(northwind):
            assert list(check_ledger(northwind)) == []

    return prove
