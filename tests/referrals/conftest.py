"""Fixtures of referrals: a shop with Asha, in whose organization's scope the test runs, and its API."""

from collections.abc import Iterator

import pytest

from organizations.tenancy.scoping import organization_scope
from tests.api import Api
from tests.factories.referrals import Friends, open_friends


@pytest.fixture
def friends(db: None) -> Iterator[Friends]:
    opened = open_friends()
    with organization_scope(opened.organization):
        yield opened


@pytest.fixture
def api(friends: Friends) -> Api:
    """Calls as Bengaluru's till."""
    return Api(friends.till)
