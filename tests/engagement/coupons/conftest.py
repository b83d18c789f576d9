"""Fixtures of coupons: a chain of two stores, in whose scope the test runs, and a customer."""

from collections.abc import Iterator

import pytest

from customers.profile.models import Customer
from organizations.tenancy.scoping import organization_scope
from tests.factories.chains import Chain, member, open_chain


@pytest.fixture
def chain(db: None) -> Iterator[Chain]:
    opened = open_chain()
    with organization_scope(opened.organization):
        yield opened


@pytest.fixture
def asha(chain: Chain) -> Customer:
    return member(chain, 0).customer
