"""What referrals cost bills and registrations: nothing in an organization without campaigns."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from organizations.tenancy.scoping import organization_scope
from tests.factories.referrals import Friends, open_campaign, open_friends

pytestmark = pytest.mark.django_db


@pytest.fixture
def friends(db: None) -> Iterator[Friends]:
    opened = open_friends()
    with organization_scope(opened.organization):
        yield opened


def about_referrals(work: Callable[[], object]) -> int:
    """The number of the work's statements that name a table of referrals."""
    with CaptureQueriesContext(connection) as captured:
        work()
    return sum("referrals_" in query["sql"] for query in captured)


def test_bills_ask_about_referrals_only_where_there_are_campaigns(friends: Friends) -> None:
    friends.bill(friends.asha, number="1")
    assert about_referrals(lambda: friends.bill(friends.asha, number="2")) == 0
    open_campaign(friends.organization)
    friends.bill(friends.asha, number="3")
    # Who referred the buyer: before the locks, and under them.
    assert about_referrals(lambda: friends.bill(friends.asha, number="4")) == 2


def test_conversions_ask_about_referrals_only_where_there_are_campaigns(friends: Friends) -> None:
    for number in range(4):
        friends.register(mobile=f"981230000{number}", type="NON_LOYALTY")
    friends.register(mobile="9812300000", type="LOYALTY")
    assert about_referrals(lambda: friends.register(mobile="9812300001", type="LOYALTY")) == 0
    open_campaign(friends.organization)
    friends.register(mobile="9812300002", type="LOYALTY")
    assert about_referrals(lambda: friends.register(mobile="9812300003", type="LOYALTY")) == 1
